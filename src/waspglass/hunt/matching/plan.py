"""Chooses for each rule what is looked for, and makes the databases of one kind of log with one header."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from waspglass.evidence.artefact import Columns, LineFormat
from waspglass.hunt.cache import Cache
from waspglass.hunt.matching.binding import Bindings, Bound
from waspglass.hunt.matching.database import Database
from waspglass.hunt.matching.joined import joined, located
from waspglass.hunt.matching.needles import REGEX, Clause, Cost, Encoder, clauses, positive, prongs
from waspglass.hunt.matching.sample import Sample
from waspglass.hunt.rules.condition import Condition
from waspglass.packs.pack import ArtefactKind

__all__ = ["Choice", "Plan", "Prong", "choose", "derived_names", "make_plan"]

_RARE = 0.0002
"""A prong that more lines than this share would trigger is checked for a second clause."""
_TELLING = 0.8
"""A further clause is worth its check if it leaves at most this part of the candidates."""
_OWN_PASS = 0.02
"""Positional expressions are searched in a pass of their own, which costs what so many more candidates would."""
_MOST_CHECKED = 8
"""Needles of a clause that are searched one after the other in a candidate line."""


@dataclass(frozen=True, slots=True)
class Prong:
    """One alternative of a rule: a line must contain a needle of `primary`, and one of each clause of `checks`."""

    bound: Bound
    primary: Clause
    checks: tuple[tuple[bytes, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What is looked for, before it is compiled; any choice gives the same findings, a good one gives them sooner.

    Attributes:
        prongs: The alternatives of rules, with their needles.
        everywhere: Rules that no needle can be derived for: tested on each line.
        expected: Share of lines that should be candidates, as far as the sample tells; None without a sample.
    """

    prongs: tuple[Prong, ...]
    everywhere: tuple[Bound, ...]
    expected: float | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is scanned for.

    Attributes:
        databases: Literals, and apart from them positional expressions, which would slow the literals down.
        prongs: For each needle's number, the prongs that it triggers; numbers go on from database to database.
        directives: Numbers below this are header lines.
        wild: Number of the expression of lines on which every rule is tested; None if there is none.
        bindings: Where the rules came from.
        choice: What was compiled.
    """

    databases: tuple[Database, ...]
    prongs: tuple[tuple[Prong, ...], ...]
    directives: int
    wild: int | None
    bindings: Bindings
    choice: Choice


def derived_names(kind: ArtefactKind) -> frozenset[str]:
    """Fields that are cut out of columns, so that no column holds them as they are."""
    return frozenset(one.name for one in kind.derive)


def _by_length(clause: Clause) -> float:
    """Without a sample: long needles are rare, and each alternative counts."""
    return sum(0.4 ** min(len(needle), 24) for needle in clause) + _own_pass(clause)


def _own_pass(clause: Clause) -> float:
    return _OWN_PASS if any(needle.startswith(REGEX) for needle in clause) else 0.0


Tree = tuple[Encoder, Condition]


def choose(
    bindings: Bindings,
    format_: LineFormat,
    columns: Columns,
    derived: frozenset[str],
    sample: Sample | None,
    cache: Cache | None,
) -> Choice:
    """Chooses needles by rarity in the sample, by length without one."""
    trees = [(Encoder(format_, columns, derived, bound), positive(bound.condition)) for bound in bindings.bound]
    cost = _by_length if sample is None else _rarity(sample, trees, cache)
    chosen: list[Prong] = []
    everywhere: list[Bound] = []
    for encoder, tree in trees:
        own = [_choose(prong, encoder, cost, sample) for prong in prongs(tree)]
        if None in own:
            everywhere.append(encoder.bound)
        else:
            chosen += [prong for prong in own if prong is not None]
    if sample is None:
        return Choice(tuple(chosen), tuple(everywhere), None)
    ends = sample.ends({needle for prong in chosen for needle in prong.primary}, cache)
    triggers = 0
    for prong in chosen:
        triggers |= sample.mask(prong.primary)
    ended = (Prong(one.bound, frozenset(ends[needle] for needle in one.primary), one.checks) for one in chosen)
    return Choice(tuple(ended), tuple(everywhere), triggers.bit_count() / sample.lines)


def _rarity(sample: Sample, trees: list[Tree], cache: Cache | None) -> Cost:
    """The share of lines with a clause; all needles that may come into question are measured in one go."""
    seen: set[bytes] = set()

    def noting(clause: Clause) -> float:
        seen.update(clause)
        return _by_length(clause)

    for encoder, tree in trees:
        for prong in prongs(tree):
            seen.update(needle for clause in clauses(prong, encoder, noting) for needle in clause)
    sample.measure(seen, cache)
    shares: dict[Clause, float] = {}

    def rarity(clause: Clause) -> float:
        share = shares.get(clause)
        if share is None:
            share = sample.share(clause) + 1e-9 * _by_length(clause) + 1e-7 * len(clause) + _own_pass(clause)
            shares[clause] = share
        return share

    return rarity


def _choose(condition: Condition, encoder: Encoder, cost: Cost, sample: Sample | None) -> Prong | None:
    """The rarest clause; where it is not rare, joined with another, and what else can be checked quickly."""
    options = [clause for clause in clauses(condition, encoder, cost) if clause and all(clause)]
    if not options:
        return None
    bound, primary = encoder.bound, min(options, key=cost)
    others = sorted((clause for clause in options if clause != primary and _checkable(clause)), key=cost)
    if sample is None:
        return Prong(bound, primary, tuple(map(_bare, others[:3])))
    if sample.share(primary) <= _RARE:
        return Prong(bound, primary)
    left, needles = sample.mask(primary), primary
    pair = _joined(condition, encoder, cost, sample, primary)
    if pair is not None:
        needles, left = pair
    telling: list[Clause] = []
    for clause in others[:6]:
        after = left & sample.mask(clause)
        if after.bit_count() < _TELLING * left.bit_count():
            telling.append(clause)
            left = after
    return Prong(bound, needles, tuple(map(_bare, telling[:3])))


def _joined(
    condition: Condition, encoder: Encoder, cost: Cost, sample: Sample, primary: Clause
) -> tuple[Clause, int] | None:
    """The expressions of the clause and the one that leaves fewest of its lines, and those lines."""
    places = located(condition, encoder, cost)
    mask, best = sample.mask(primary), None
    fewest = _TELLING * mask.bit_count()
    for rare in (one for one in places if one.clause == primary):
        for other in (one for one in places if one.clause != primary):
            left = mask & sample.mask(other.clause)
            if left.bit_count() < fewest:
                both = joined(rare, other, sample.share(primary), encoder.format.separators)
                if both is not None:
                    best, fewest = (both, left), left.bit_count()
    return best


def _bare(clause: Clause) -> tuple[bytes, ...]:
    """Without separators, which say little in a line that is a candidate already, and double the searches."""
    return tuple(sorted({needle.strip(b" \t") or needle for needle in clause}))


def _checkable(clause: Clause) -> bool:
    return len(clause) <= _MOST_CHECKED and not any(needle.startswith(REGEX) for needle in clause)


def make_plan(choice: Choice, bindings: Bindings, format_: LineFormat, cache: Cache | None) -> Plan:
    """Compiles what was chosen."""
    by_needle: defaultdict[bytes, dict[Prong, None]] = defaultdict(dict)
    for prong in choice.prongs:
        for needle in prong.primary:
            by_needle[needle][prong] = None
    literals = sorted(needle for needle in by_needle if not needle.startswith(REGEX))
    positional = sorted(needle for needle in by_needle if needle.startswith(REGEX))
    directives = [b"\n" + start for start in format_.directives]
    wild = [] if format_.wild is None or not choice.prongs else [REGEX + format_.wild]
    first = [*directives, *literals, *wild]
    literal = Database(first, cache, padded=choice.expected is not None)
    databases = (literal, *([Database(positional, cache)] if positional else []))
    table: list[tuple[Prong, ...]] = [()] * len(directives)
    table += [tuple(by_needle[needle]) for needle in literals]
    table += [()] * len(wild)
    table += [tuple(by_needle[needle]) for needle in positional]
    number = len(directives) + len(literals) if wild else None
    return Plan(databases, tuple(table), len(directives), number, bindings, choice)
