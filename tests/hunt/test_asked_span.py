"""What the user did not ask for (--since, --until): counted, never kept, and the edges belong to what he asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import artefact, iis, row, rules_of, sigma
from waspglass.evidence.artefact import Artefact
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome.result import HuntResult, Limits
from waspglass.model.coverage import Span
from waspglass.model.skip import SkipReason

START = datetime(2021, 3, 3, tzinfo=UTC)
RULES = rules_of(
    sigma("s: {cs-uri-stem|endswith: .js}\ncondition: s"),
    sigma("s: {F: a}\ncondition: s", logsource="product: windows", title="u"),
)


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def asked(since: int, until: int) -> Span:
    return Span(from_=at(since), to=at(until))


def log(seconds: list[int]) -> Artefact:
    return iis(*(row("/a.js", time=f"00:00:{second:02}") for second in seconds))


def out_of_window(result: HuntResult) -> int:
    return sum(one.count for one in result.skipped if one.reason is SkipReason.OUT_OF_WINDOW)


@pytest.mark.parametrize("naive", [True, False])
@given(st.lists(st.integers(0, 59), max_size=12), st.integers(0, 59), st.integers(0, 59))
def test_what_lies_inside_is_found_and_the_rest_is_counted(naive: bool, seconds: list[int], a: int, b: int) -> None:
    since, until = min(a, b), max(a, b)
    result = hunt([log(seconds)], RULES, window=asked(since, until), naive=naive)
    inside = [line for line, second in enumerate(seconds, 2) if since <= second <= until]
    assert sorted(one.line or 0 for one in result.findings) == inside
    assert out_of_window(result) == len(seconds) - len(inside)


@pytest.mark.parametrize("naive", [True, False])
def test_a_flood_outside_does_not_take_the_place_of_what_lies_inside(naive: bool) -> None:
    """The rows are alike in all that the rule looks at, so that a memory of answers would answer for all of them."""
    seconds = [1] * 50 + [30] * 4 + [59] * 50
    result = hunt([log(seconds)], RULES, window=asked(30, 30), limits=Limits(per_rule=2), naive=naive)
    assert [one.line for one in result.findings] == [52, 53]
    assert out_of_window(result) == 100
    assert [one.count for one in result.skipped if one.reason is SkipReason.LIMIT_REACHED] == [2]


@pytest.mark.parametrize("naive", [True, False])
def test_a_record_without_a_time_is_reported_whatever_was_asked(naive: bool) -> None:
    event = {"Channel": "Security", "EventID": 1, "F": "a"}
    lines = "".join(json.dumps(one) + "\n" for one in (event, event | {"EventTime": "2021-03-04T00:00:00Z"}))
    result = hunt([artefact("events", lines)], RULES, window=asked(0, 1), naive=naive)
    assert [(one.line, one.time) for one in result.findings] == [(1, None)]
    assert out_of_window(result) == 1
