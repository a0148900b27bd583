"""Windows of events whose counts are kept up to date, against windows that are counted anew at each event."""

from __future__ import annotations

import math
import statistics
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import rules_of
from tests.hunt.outcome.test_sigma_correlations import A, B, C, joined
from waspglass.evidence.artefact import Place
from waspglass.hunt.outcome.collect import Heard
from waspglass.hunt.outcome.window import windows
from waspglass.hunt.rules.rule import Correlation

SPAN = 300
CONDITIONS = {
    "event_count": ["gte: 3", "eq: 2", "gt: 1, lte: 3", "lte: 2"],
    "value_count": ["gte: 2, field: V", "lt: 3, field: V"],
    "value_sum": ["gt: 6, field: V", "lte: 6, field: V", "gte: 0, field: V"],
    "value_avg": ["gte: 3, field: V"],
    "value_median": ["gt: 2, field: V"],
    "value_percentile": ["percentile: 90, gt: 3, field: V"],
    "temporal": ["gte: 2", "a and (b or c)", "(a or b) and not c"],
}
ALL = [(kind, condition) for kind, conditions in CONDITIONS.items() for condition in conditions]


@cache
def correlation(kind: str, condition: str) -> Correlation:
    said = condition if " and " in condition else f"{{{condition}}}"
    rules = rules_of("\n---\n".join([A, B, C, joined(kind, "a, b, c", f"condition: {said}")]))
    assert not rules.skipped
    return rules.correlations[0]


def holds(kind: str, condition: str, events: list[Heard]) -> bool:
    """The condition in plain words, over all events of a window."""
    names = {one.rule for one in events}
    if " and " in condition:
        if "not" in condition:
            return bool(names & {"a", "b"}) and "c" not in names
        return "a" in names and bool(names & {"b", "c"})
    numbers = [float(one.value[0]) for one in events if one.value[0] not in ("", "word", "inf")]
    match kind:
        case "event_count":
            measured = float(len(events))
        case "value_count":
            measured = float(len({one.value for one in events if one.value[0]}))
        case "temporal":
            measured = float(len(names))
        case _ if not numbers:
            return False
        case "value_sum":
            measured = math.fsum(numbers)
        case "value_avg":
            measured = statistics.fmean(numbers)
        case "value_median":
            measured = statistics.median(numbers)
        case _:
            ranked, place = sorted(numbers), 0.9 * (len(numbers) - 1)
            low, high = ranked[math.floor(place)], ranked[math.ceil(place)]
            measured = low + (high - low) * (place - math.floor(place))
    return all(
        _bound(one, measured) for one in condition.split(", ") if one.split(":")[0] not in ("field", "percentile")
    )


def _bound(said: str, measured: float) -> bool:
    name, limit = said.split(": ")
    distance = measured - float(limit)
    return {"gt": distance > 0, "gte": distance >= 0, "lt": distance < 0, "lte": distance <= 0, "eq": not distance}[
        name
    ]


def plain(kind: str, condition: str, events: list[Heard]) -> list[list[Heard]]:
    grows = ("gt" in condition and "lt" not in condition) or (" and " in condition and "not" not in condition)
    slides = grows and kind not in ("value_avg", "value_median", "value_percentile")
    found: list[list[Heard]] = []
    window: list[Heard] = []
    for event in events:
        if slides:
            window = [*(one for one in window if event.time - one.time <= SPAN), event]
        elif window and event.time - window[0].time > SPAN:
            found += [window] if holds(kind, condition, window) else []
            window = [event]
        else:
            window = [*window, event]
        if slides and holds(kind, condition, window):
            found.append(window)
            window = []
    return [*found, window] if not slides and window and holds(kind, condition, window) else found


VALUES = st.sampled_from(["1", "2", "5", "-3", "word", "inf", ""])
EVENTS = st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abc"), VALUES), max_size=14)


@pytest.mark.parametrize(("kind", "condition"), ALL)
@given(EVENTS)
def test_a_window_that_is_kept_up_to_date_holds_what_one_counted_anew_does(
    kind: str, condition: str, told: list[tuple[int, str, str]]
) -> None:
    ordered = sorted(told, key=lambda one: one[0])
    events = [
        Heard(0, name, minute * 60.0, ("x",), (value,), "log", Place(line=line))
        for line, (minute, name, value) in enumerate(ordered)
    ]
    found = list(windows(correlation(kind, condition), events, lambda one: "abc".index(one.rule)))
    assert found == plain(kind, condition, events)
