"""What the cells that repeat from line to line rule out, so that a rule is asked only of lines that it can match.

`POST` to a path that ends in `.js`, with this in the query: each line has another query, so no memory of whole answers
helps. But lines that are no `POST`, or ask for another path, are alike in the few cells that say so. A gate is the rule
without what those cells do not decide: whatever fails it fails the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter

from waspglass.hunt.matching.binding import Bound, derived_sources
from waspglass.hunt.matching.compile import Predicate, compile_condition, may_give_up
from waspglass.hunt.matching.needles import positive
from waspglass.hunt.rules.condition import And, Condition, Match, Not, Or, matches
from waspglass.hunt.rules.fields import field_names
from waspglass.hunt.scan.lines import LogState

__all__ = ["Key", "gates", "key_of", "places_of", "repeating"]

Key = Callable[[list[bytes]], object]
"""Picks cells of a row."""

_ALIKE = 8
"""Rows to each cell of a column that is said to repeat."""


def repeating(rows: Sequence[list[bytes]]) -> frozenset[int]:
    """The columns whose cells are few in these rows."""
    return frozenset(
        place for place, cells in enumerate(zip(*rows, strict=True)) if len(set(cells)) * _ALIKE <= len(rows)
    )


def key_of(places: Iterable[int]) -> Key:
    """Picks the cells at these places, of which there is at least one."""
    return itemgetter(*sorted(places))


def places_of(bound: Bound, condition: Condition, state: LogState) -> frozenset[int] | None:
    """The columns that decide a condition of the rule in this log; None if they are not known."""
    if state.columns is None or may_give_up(condition):  # each record that was not decided is counted, in its file
        return None
    if any(match.field is None for match in matches(condition)):
        return None
    names, virtual = state.columns.names, state.format.virtual(state.columns)
    derived = derived_sources(state.kind)
    places = set[int]()
    pending = [name for wanted in field_names(condition) for name in bound.resolve(wanted)]
    while pending:
        name = pending.pop()
        made_of = virtual.get(name) or derived.get(name)
        if made_of is not None:
            pending += [part for part in made_of if part in names or part in virtual]
        elif name in names:
            places.add(names.index(name))
        else:
            return None
    return frozenset(places)


def gates(
    bounds: Iterable[Bound], columns: frozenset[int], state: LogState
) -> tuple[Key | None, dict[Bound, Predicate]]:
    """What each rule demands of these columns alone, and the cells that it takes to tell; None if nothing is."""
    used = set[int]()
    tests: dict[Bound, Predicate] = {}
    for bound in bounds:

        def decided(part: Condition, bound: Bound = bound) -> bool:
            places = places_of(bound, part, state)
            return places is not None and places <= columns

        left = _without(positive(bound.condition), decided)
        if left is not None:
            tests[bound] = compile_condition(left, bound.resolve, blank=bound.blank, holes=bound.holes)
            used |= places_of(bound, left, state) or frozenset()
    return (key_of(used) if used else None), tests


def _without(condition: Condition, decided: Callable[[Condition], bool]) -> Condition | None:
    """What is left of a `positive` condition if all that is not decided may be true; None if it may be true then."""
    match condition:
        case Match() | Not():
            return condition if decided(condition) else None
        case And(of):
            demanded = tuple(left for part in of if (left := _without(part, decided)) is not None)
            return And(demanded) if demanded else None
        case Or(of):
            branches = [_without(part, decided) for part in of]
            known = tuple(left for left in branches if left is not None)
            return Or(known) if len(known) == len(branches) else None
