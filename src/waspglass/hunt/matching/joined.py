"""Two needles as one expression, where it is known which of them comes first in the line.

Columns stand in an order. If a rule demands a method and a path, a line that matches has the one before the other, and
far fewer lines have an expression of both than the rarer of the two. The search pays for it where the part in front
is met, so that part must not be common, unless the two touch.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import product

from waspglass.hunt.matching.needles import JOINED, LONGEST_EXPRESSION, REGEX, Clause, Cost, Encoder, clauses, demands
from waspglass.hunt.rules.condition import Condition, matches

__all__ = ["Located", "joined", "located"]

_COMMON_HEAD = 0.06
"""Share of lines above which the part in front slows the search down (25 to 50 % cost a third of the speed)."""


@dataclass(frozen=True, slots=True)
class Located:
    """A clause, and where in the line its needles stand.

    Attributes:
        clause: The needles, any of which satisfies it.
        first: The first column that they can stand in.
        last: The last.
        starts: True if they begin with the separator before a column.
        ends: True if they end with the separator behind a column.
    """

    clause: Clause
    first: int
    last: int
    starts: bool
    ends: bool


def located(condition: Condition, encoder: Encoder, cost: Cost) -> list[Located]:
    """The clauses of a prong whose columns are known."""
    separators = encoder.format.separators
    found: list[Located] = []
    for part in demands(condition):
        columns = [encoder.columns_of(match.field) for match in matches(part)]
        if not separators or not columns or not all(columns):
            continue
        first, last = min(map(min, columns)), max(map(max, columns))
        for clause in clauses(part, encoder, cost):
            if clause and not any(needle.startswith(REGEX) for needle in clause):
                starts, ends = _anchored(clause, separators, 0), _anchored(clause, separators, -1)
                found.append(Located(clause, first, last, starts, ends))
    return found


def _anchored(clause: Clause, separators: bytes, edge: int) -> bool:
    """True if each text stands in the clause once with each separator at that edge, as `Encoder` writes it."""
    seen: defaultdict[bytes, set[int]] = defaultdict(set)
    for needle in clause:
        seen[needle.strip(separators)].add(needle[edge])
    return all(marks == set(separators) for marks in seen.values())


def joined(rare: Located, other: Located, share: float, separators: bytes) -> Clause | None:
    """Needles that a line with both clauses must contain; None if the order is not known, or the search would be slow.

    Nor are many or long texts joined to one expression.

    Args:
        rare: The clause that fewer lines have.
        other: The other one.
        share: Share of lines that have the rare one.
        separators: Of the format.
    """
    found: Clause = frozenset()
    if other.ends and rare.starts and other.last + 1 == rare.first:
        found = _touching(other.clause, rare.clause, separators)
    elif share <= _COMMON_HEAD and _comes_first(rare, other, separators):
        found = _apart(rare.clause, other.clause, separators)
    return found if found and max(map(len, found)) <= LONGEST_EXPRESSION else None


def _comes_first(one: Located, two: Located, separators: bytes) -> bool:
    """True if the end of `one` is before the start of `two` wherever a line has both."""
    if one.last < two.first:
        return True
    if not one.first == one.last == two.first == two.last or not (one.starts or two.ends):
        return False
    pairs = product(*({needle.strip(separators) for needle in each.clause} for each in (one, two)))
    return not any(_may_overlap(a, b) for a, b in pairs)


def _may_overlap(a: bytes, b: bytes) -> bool:
    short = min(len(a), len(b))
    return a in b or b in a or any(a.endswith(b[:size]) or b.endswith(a[:size]) for size in range(1, short))


def _touching(head: Clause, tail: Clause, separators: bytes) -> Clause:
    """Literals with one separator between, and an expression for rows with more blanks, which are rare.

    A head that is common (`post`) costs nothing in a literal, and half of the speed in front of an expression.
    """
    starts = {needle.rstrip(separators) for needle in head}
    ends = sorted({needle.lstrip(separators) for needle in tail})
    marks = [bytes([one]) for one in separators]
    found = {
        JOINED + _escaped(start + mark + end)
        for start, mark, end in product(starts, marks, ends)
        if start[:1] in (mark, start.lstrip(separators)[:1])
    }
    return frozenset(found | {JOINED + _escaped(start + b"  ") + b" *" + _any_of(ends) for start in starts})


def _apart(head: Clause, tail: Clause, separators: bytes) -> Clause:
    """One for each needle of the head, without the separator behind it: the next column may begin with the same one."""
    rest = rb"[^\n]*" + _any_of(sorted(tail))
    return frozenset(JOINED + _escaped(needle.rstrip(separators)) + rest for needle in head)


def _any_of(needles: list[bytes]) -> bytes:
    return b"(?:" + b"|".join(map(_escaped, needles)) + b")" if len(needles) > 1 else _escaped(needles[0])


def _escaped(text: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in text)
