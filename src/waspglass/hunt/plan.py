"""Chooses for each rule what is looked for, and makes the databases of one kind of log with one header."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from waspglass.evidence.artefact import Columns, LineFormat
from waspglass.hunt.binding import Bindings, Bound
from waspglass.hunt.cache import Cache
from waspglass.hunt.database import Database
from waspglass.hunt.needles import REGEX, Clause, Cost, Encoder, clauses, positive, prongs
from waspglass.hunt.sample import Sample

__all__ = ["Plan", "Prong", "make_plan"]

_RARE = 0.0002
"""A prong that more lines than this share would trigger is checked for a second clause."""
_MOST_CHECKED = 8
"""Needles of a clause that are searched one after the other in a candidate line."""


@dataclass(frozen=True, slots=True)
class Prong:
    """One alternative of a rule: a line must contain a needle of `primary`, and one of each clause of `checks`."""

    bound: Bound
    primary: Clause
    checks: tuple[tuple[bytes, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is scanned for.

    Attributes:
        databases: Literals, and apart from them positional expressions, which would slow the literals down.
        prongs: For each needle's number, the prongs that it triggers; numbers go on from database to database.
        directives: Numbers below this are header lines.
        wild: Number of the expression of lines on which every rule is tested; None if there is none.
        everywhere: Rules that no needle can be derived for: tested on each line.
        bindings: Where the rules came from.
        expected: Share of lines that should be candidates, as far as the sample tells; None without a sample.
    """

    databases: tuple[Database, ...]
    prongs: tuple[tuple[Prong, ...], ...]
    directives: int
    wild: int | None
    everywhere: tuple[Bound, ...]
    bindings: Bindings
    expected: float | None


def _by_length(clause: Clause) -> float:
    """Without a sample: long needles are rare, and each alternative counts."""
    return sum(0.4 ** min(len(needle), 24) for needle in clause)


def make_plan(
    bindings: Bindings,
    format_: LineFormat,
    columns: Columns,
    derived: frozenset[str],
    sample: Sample | None,
    cache: Cache | None,
) -> Plan:
    """Chooses needles by rarity in the sample (by length without one) and compiles them."""
    cost: Cost = _by_length
    trees = [(bound, Encoder(format_, columns, derived, bound), positive(bound.condition)) for bound in bindings.bound]
    if sample is not None:
        seen: set[bytes] = set()

        def noting(clause: Clause) -> float:
            seen.update(clause)
            return _by_length(clause)

        for _, encoder, tree in trees:
            for prong in prongs(tree):
                seen.update(needle for clause in clauses(prong, encoder, noting) for needle in clause)
        sample.measure(seen, cache)
        shares: dict[Clause, float] = {}

        def rarity(clause: Clause) -> float:
            share = shares.get(clause)
            if share is None:
                share = shares[clause] = sample.share(clause) + 1e-9 * _by_length(clause) + 1e-7 * len(clause)
            return share

        cost = rarity
    chosen: list[Prong] = []
    everywhere: list[Bound] = []
    for bound, encoder, tree in trees:
        own = [_choose(bound, clauses(prong, encoder, cost), cost, sample) for prong in prongs(tree)]
        if None in own:
            everywhere.append(bound)
        else:
            chosen += [prong for prong in own if prong is not None]
    return _compiled(chosen, everywhere, bindings, format_, sample, cache)


def _choose(bound: Bound, options: list[Clause], cost: Cost, sample: Sample | None) -> Prong | None:
    """The rarest clause; where it is not rare, the others that can be checked quickly, the most telling first."""
    options = [clause for clause in options if clause and all(clause)]
    if not options:
        return None
    primary = min(options, key=cost)
    if sample is not None and sample.share(primary) <= _RARE:
        return Prong(bound, primary)
    others = sorted((clause for clause in options if clause != primary and _checkable(clause)), key=cost)
    telling: list[Clause] = []
    left = sample.mask(primary) if sample is not None else -1
    for clause in others[:6]:
        after = left & sample.mask(clause) if sample is not None else 0
        if sample is None or after.bit_count() < 0.8 * left.bit_count():
            telling.append(clause)
            left = after
    return Prong(bound, primary, tuple(_bare(clause) for clause in telling[:3]))


def _bare(clause: Clause) -> tuple[bytes, ...]:
    """Without separators, which say little in a line that is a candidate already, and double the searches."""
    return tuple(sorted({needle.strip(b" \t") or needle for needle in clause}))


def _checkable(clause: Clause) -> bool:
    return len(clause) <= _MOST_CHECKED and not any(needle.startswith(REGEX) for needle in clause)


def _compiled(
    chosen: Iterable[Prong],
    everywhere: list[Bound],
    bindings: Bindings,
    format_: LineFormat,
    sample: Sample | None,
    cache: Cache | None,
) -> Plan:
    by_needle: defaultdict[bytes, list[Prong]] = defaultdict(list)
    for prong in chosen:
        for needle in prong.primary:
            by_needle[needle if sample is None else sample.cut(needle)].append(prong)
    literals = sorted(needle for needle in by_needle if not needle.startswith(REGEX))
    positional = sorted(needle for needle in by_needle if needle.startswith(REGEX))
    directives = [b"\n" + start for start in format_.directives]
    wild = [] if format_.wild is None or not chosen else [REGEX + format_.wild]
    first = [*directives, *literals, *wild]
    databases = (Database(first, cache), *([Database(positional, cache)] if positional else []))
    table: list[tuple[Prong, ...]] = [()] * len(directives)
    table += [tuple(dict.fromkeys(by_needle[needle])) for needle in literals]
    table += [()] * len(wild)
    table += [tuple(by_needle[needle]) for needle in positional]
    expected = None
    if sample is not None:
        triggers = 0
        for needle in by_needle:
            triggers |= sample.mask(frozenset({needle}))
        expected = triggers.bit_count() / sample.lines
    number = len(directives) + len(literals) if wild else None
    return Plan(databases, tuple(table), len(directives), number, tuple(everywhere), bindings, expected)
