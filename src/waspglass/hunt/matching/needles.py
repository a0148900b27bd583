"""Derives from a condition the byte strings without which no raw line can satisfy it.

A clause is a set of needles of which a line must contain at least one, without regard to ASCII case. A condition
demands several clauses (all of them); which one is looked for is chosen by rarity (`plan.py`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from waspglass.evidence.artefact import Columns, LineFormat
from waspglass.hunt.matching.binding import Bound
from waspglass.hunt.matching.compile import filled
from waspglass.hunt.rules.condition import And, Condition, Kind, Match, Not, Or, Part
from waspglass.hunt.rules.regex_literals import literals_of
from waspglass.hunt.rules.wildcards import merged

__all__ = [
    "JOINED",
    "LONGEST_EXPRESSION",
    "REGEX",
    "Clause",
    "Cost",
    "Encoder",
    "clauses",
    "demands",
    "positive",
    "prongs",
]

Clause = frozenset[bytes]
REGEX = b"\0"
"""A needle that begins with this is a regular expression in the common syntax of Python and Hyperscan."""
JOINED = b"\1"
"""One that begins with this is such an expression, and is searched among the literals (`joined.py`)."""
Cost = Callable[[Clause], float]
_MOST_FILLS = 2000
LONGEST_EXPRESSION = 16_000
"""Characters; Hyperscan takes no longer one."""
_LONGEST = 500
"""Bytes of a text, each of which may be four characters of an expression."""
_MOST_BRANCHES = 12
_MOST_STEPS = 500


def positive(condition: Condition, sign: bool = True) -> Condition:
    """The same condition with every `Not` pushed down to single comparisons."""
    match condition:
        case Match():
            return condition if sign else Not(condition)
        case Not(of):
            return positive(of, not sign)
        case And(of) | Or(of):
            parts = tuple(positive(part, sign) for part in of)
            return And(parts) if isinstance(condition, And) is sign else Or(parts)


def prongs(condition: Condition) -> list[Condition]:
    """The alternatives of a condition (already `positive`), each of which is looked for on its own.

    `(a and b or c and d) and e` has two: each asks for more than the whole does, so more can be chosen from.
    """
    return _prongs(condition, [_MOST_STEPS])


def _prongs(condition: Condition, steps: list[int]) -> list[Condition]:
    """As `prongs`, while there are steps left: alternatives in alternatives are as many as their product."""
    if isinstance(condition, Or):
        return [prong for part in condition.of for prong in _prongs(part, steps)]
    if not isinstance(condition, And):
        return [condition]
    steps[0] -= 1
    parts = list(demands(condition))
    if len(parts) == 1:
        return _prongs(parts[0], steps)
    for place, part in enumerate(parts):
        if isinstance(part, Or) and len(part.of) <= _MOST_BRANCHES and any(map(_asks_for_more, part.of)):
            rest = (*parts[:place], *parts[place + 1 :])
            spread: list[Condition] = []
            for branch in part.of:
                if steps[0] < 0 or len(spread) > _MOST_BRANCHES:
                    return [condition]
                spread += _prongs(And((*demands(branch), *rest)), steps)
            return spread if len(spread) <= _MOST_BRANCHES else [condition]
    return [condition]


def _asks_for_more(condition: Condition) -> bool:
    """True if the alternative demands several things, of which one is looked for and the others are checked."""
    match condition:
        case Match(kind=Kind.PATTERN, parts=parts):
            return sum(kind == "text" for kind, _ in merged(parts)) > 1
    return isinstance(condition, And)


def demands(condition: Condition) -> Iterator[Condition]:
    """What a prong asks for, all of it; an `and` in an `and` adds to it."""
    if isinstance(condition, And):
        for part in condition.of:
            yield from demands(part)
    else:
        yield condition


@dataclass(frozen=True, slots=True)
class Encoder:
    """How values of one log stand in its raw lines.

    Attributes:
        format: The line format.
        columns: The header in force.
        derived: Fields that are cut out of others.
        bound: For the names of fields and values of placeholders.
    """

    format: LineFormat
    columns: Columns
    derived: frozenset[str]
    bound: Bound

    def clauses(self, match: Match, cost: Cost) -> list[Clause]:
        """What the comparison demands of the raw line; nothing where it says nothing about literals."""
        match match.kind:
            case Kind.PATTERN:
                fills = filled(match.parts, self.bound.holes)
                if len(fills) == 1:
                    return self._pattern(match.field, fills[0])
                if len(fills) > _MOST_FILLS:
                    return []
                return _either((self._pattern(match.field, fill) for fill in fills), cost)
            case Kind.REGEX:
                literals = literals_of(match.field, match.text, match.flags)
                return [] if literals is None else clauses(literals, self, cost)
            case Kind.TOKEN:
                return self._text(match.text)
            case Kind.CIDR:
                return self._network(match.text)
            case Kind.NULL:
                return self._empty(match.field)
        return []

    def columns_of(self, field: str | None) -> tuple[int, ...]:
        """The places of the columns that the field's value is in; empty if that is not known for sure."""
        virtual, names = self.format.virtual(self.columns), self.columns.names
        places: set[int] = set()
        if len(set(names)) < len(names):
            return ()
        for name in self.bound.resolve(field) if field is not None else ():
            made_of = virtual.get(name, (name,))
            if name in self.derived or not set(made_of) <= set(names):
                return ()
            places.update(map(names.index, made_of))
        return tuple(sorted(places))

    def _network(self, text: str) -> list[Clause]:
        network = ipaddress.ip_network(text, strict=False)
        if network.version != 4 or network.prefixlen < 8:
            return []
        octets = str(network.network_address).split(".")[: network.prefixlen // 8]
        return self._text(".".join(octets) + ("." if len(octets) < 4 else ""))

    def _pattern(self, field: str | None, parts: tuple[Part, ...]) -> list[Clause]:
        shape = merged(parts)
        found: list[Clause] = []
        for place, (kind, text) in enumerate(shape):
            if kind == "text":
                left = place == 0 and self._at_edge(field, first=True)
                right = place == len(shape) - 1 and self._at_edge(field, first=False)
                found += self._text(text, left=left, right=right)
        return found

    def _empty(self, field: str | None) -> list[Clause]:
        """Where the field's only column is empty; a field of several columns is empty if each of them is."""
        names = self.columns.names
        found: list[Clause] = []
        for name in self.bound.resolve(field or ""):
            if name in names and name not in self.derived:
                cells = self.format.empty_cell(names.index(name), len(names))
                if cells:
                    found.append(frozenset(REGEX + cell for cell in cells))
        return found

    def _at_edge(self, field: str | None, *, first: bool) -> bool:
        """True if a separator must stand before (behind) the field's value."""
        if field is None or not self.format.separators:
            return False
        virtual, names = self.format.virtual(self.columns), self.columns.names
        for name in self.bound.resolve(field):
            made_of = virtual.get(name)
            column = name if made_of is None else made_of[0] if first or len(made_of) == 1 else None
            if column is None or name in self.derived or column not in names:
                return False
            if names.index(column) == (0 if first else len(names) - 1):
                return False
        return True

    def _text(self, text: str, *, left: bool = False, right: bool = False) -> list[Clause]:
        runs = [[form.lower()[:_LONGEST] for form in forms] for forms in self.format.raw_forms(text) if all(forms)]
        whole = len(runs) == 1 and all(len(form) == len(text) for form in runs[0])
        if not (left or right) or not whole:
            return [frozenset(run) for run in runs]
        marks = [bytes([one]) for one in self.format.separators]
        edges = [(mark if left else b"", mark if right else b"") for mark in marks]
        return [frozenset(before + form + after for form in runs[0] for before, after in edges)]


def clauses(condition: Condition, encoder: Encoder, cost: Cost) -> list[Clause]:
    """All clauses of a `positive` condition; an alternative gives one clause out of the best of each branch."""
    match condition:
        case Match():
            return encoder.clauses(condition, cost)
        case And(of):
            return [clause for part in of for clause in clauses(part, encoder, cost)]
        case Or(of):
            return _either((clauses(part, encoder, cost) for part in of), cost)
    return []


def _either(branches: Iterable[list[Clause]], cost: Cost) -> list[Clause]:
    """One clause out of the best of each branch; none if a branch has none."""
    best = [min(branch, key=cost, default=None) for branch in branches]
    whole = [clause for clause in best if clause is not None]
    return [frozenset().union(*whole)] if len(whole) == len(best) else []
