"""Spans of time: none ends before it starts, and those that touch are one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from waspglass.model.coverage import Span, disjoint

START = datetime(2021, 3, 3, tzinfo=UTC)


def span(start: int, end: int, reason: str | None = None) -> Span:
    return Span(from_=START + timedelta(hours=start), to=START + timedelta(hours=end), reason=reason)


def test_a_span_may_be_a_moment_and_never_runs_backwards() -> None:
    assert span(1, 1).hours == 0
    assert span(1, 4).hours == 3
    with pytest.raises(ValidationError, match="before it starts"):
        span(2, 1)


def test_spans_that_touch_are_one_with_the_reason_of_the_first() -> None:
    found = disjoint([span(5, 7, "c"), span(2, 3, "b"), span(0, 2, "a"), span(1, 2, "inside"), span(8, 9)])
    assert found == (span(0, 3, "a"), span(5, 7, "c"), span(8, 9))


def test_a_span_inside_of_another_does_not_cut_it() -> None:
    assert disjoint([span(0, 4, "long"), span(1, 2, "inside"), span(3, 5)]) == (span(0, 5, "long"),)


def test_of_two_that_start_together_the_longer_one_counts() -> None:
    assert disjoint([span(0, 4, "long"), span(0, 1, "short")]) == (span(0, 4, "short"),)
    assert disjoint([]) == ()
