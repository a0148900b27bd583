"""What a correlation asks for: bounds, expressions over rules, and the order in which they must match."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Collection

from waspglass.hunt.rules.condition import And, Condition, Match, Not, Or
from waspglass.hunt.rules.rule import Correlation

__all__ = ["compared", "growing", "impossible", "occurring", "sequences"]

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "eq": operator.eq,
    "neq": operator.ne,
}
_MOST_ORDERED = 10
"""Rules of an ordered correlation whose condition leaves open which of them must occur: all choices are tried."""


def compared(correlation: Correlation, value: float) -> bool:
    """Whether the value is within all bounds."""
    return all(_OPERATORS[word](value, bound) for word, bound in correlation.bounds)


def growing(correlation: Correlation) -> bool:
    """True if further events can only help, so that the window may slide.

    A sum is taken as one that grows: it adds up bytes or counts.
    """
    counts = ("event_count", "value_count", "value_sum", "temporal", "temporal_ordered")
    upward = all(word in ("gt", "gte") for word, _ in correlation.bounds)
    return correlation.kind in counts and upward and not _negates(correlation.expression)


def _negates(expression: Condition | None) -> bool:
    match expression:
        case Not():
            return True
        case And(of) | Or(of):
            return any(map(_negates, of))
    return False


def impossible(correlation: Correlation) -> str | None:
    """Why a correlation could never come true, or only by chance; None if it can."""
    if not correlation.rules:
        return "a correlation that names no rule"
    if len(set(correlation.rules)) < len(correlation.rules):
        return "a correlation that names a rule twice"
    if correlation.kind.startswith("value_") and not correlation.fields:
        return "a correlation of values that names no field"
    if correlation.kind == "value_percentile" and correlation.percentile is None:
        return "value_percentile without `percentile` in its condition"
    if not 0 <= (correlation.percentile or 0) <= 100:
        return f"there is no percentile {correlation.percentile}"
    if correlation.kind in ("event_count", "value_count"):
        most = {"lt": 1.0, "lte": 0.5, "eq": 0.5}
        if any(bound <= most.get(word, -1) for word, bound in correlation.bounds):
            return "a correlation that asks for no event at all: what does not happen is not noticed"
    return _unordered(correlation)


def _unordered(correlation: Correlation) -> str | None:
    """Why the order of the rules of a `temporal_ordered` correlation cannot be judged; None if it can."""
    if correlation.kind != "temporal_ordered" or _all_of_them(correlation):
        return None
    if len(correlation.rules) > _MOST_ORDERED:
        return f"temporal_ordered with a condition over more than {_MOST_ORDERED} rules"
    if not growing(correlation):
        return "temporal_ordered with a condition that more events can make false"
    return None


def _all_of_them(correlation: Correlation) -> bool:
    return correlation.expression is None and correlation.bounds == (("gte", len(correlation.rules)),)


def sequences(correlation: Correlation) -> list[tuple[int, ...]]:
    """The rules, by place, that must occur one after the other: the fewest that satisfy the condition."""
    places = range(len(correlation.rules))
    if _all_of_them(correlation):
        return [tuple(places)]
    found: list[tuple[int, ...]] = []
    for size in range(1, len(correlation.rules) + 1):
        for chosen in itertools.combinations(places, size):
            if not any(set(one) <= set(chosen) for one in found) and occurring(correlation, set(chosen)):
                found.append(chosen)
    return found


def occurring(correlation: Correlation, present: set[int]) -> bool:
    """Whether it is enough that just these rules matched."""
    if correlation.expression is not None:
        return _true(correlation.expression, {name for place, name in enumerate(correlation.rules) if place in present})
    return compared(correlation, len(present))


def _true(expression: Condition, names: Collection[str]) -> bool:
    match expression:
        case Match():
            return expression.field in names
        case Not(of):
            return not _true(of, names)
        case And(of):
            return all(_true(part, names) for part in of)
        case Or(of):
            return any(_true(part, names) for part in of)
