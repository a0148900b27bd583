"""Spans: union and holes, held against minute-by-minute counting."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from waspglass.examine.spans import common_spans, covered_spans, missing_spans
from waspglass.model.coverage import Coverage, Span, disjoint

START = datetime(2021, 3, 1, tzinfo=UTC)
LENGTH = 60


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def span(a: int, b: int) -> Span:
    return Span(from_=at(min(a, b)), to=at(max(a, b)))


spans = st.lists(st.builds(span, st.integers(0, LENGTH), st.integers(0, LENGTH)), max_size=8)


def minutes(parts: tuple[Span, ...] | list[Span]) -> set[int]:
    """The one-minute steps that lie inside one of the spans."""
    return {m for m in range(-5, LENGTH + 5) for s in parts if s.from_ <= at(m) and at(m + 1) <= s.to}


@given(spans)
def test_a_union_covers_the_same_minutes_and_its_parts_are_apart(parts: list[Span]) -> None:
    merged = disjoint(parts)
    reference: set[int] = set()
    for m in range(-5, LENGTH + 5):
        if any(s.from_ <= at(m) and at(m + 1) <= s.to for s in parts):
            reference.add(m)
    assert minutes(merged) == reference
    assert all(a.to < b.from_ for a, b in itertools.pairwise(merged))


@given(spans)
@example([span(0, 5), span(20, 30), span(55, 60)])
@example([span(10, 50)])
def test_what_is_missing_and_what_is_covered_make_the_window(parts: list[Span]) -> None:
    window = span(10, 50)
    missing = missing_spans(window, parts)
    inside = {m for m in minutes(disjoint(parts)) if 10 <= m < 50}
    assert minutes(missing) == set(range(10, 50)) - inside
    assert all(one.from_ < one.to for one in missing)  # a hole of no length would take the clean bill away


@given(spans)
def test_coverage_is_its_span_less_its_gaps(gaps: list[Span]) -> None:
    coverage = Coverage(kind="iis", from_=at(0), to=at(LENGTH), gaps=tuple(gaps))
    assert minutes(covered_spans(coverage)) == set(range(LENGTH)) - minutes(disjoint(gaps))


@given(spans, spans)
def test_what_two_kinds_have_in_common_is_what_each_of_them_covers(one: list[Span], other: list[Span]) -> None:
    common = common_spans(one, other)
    assert minutes(common) == minutes(disjoint(one)) & minutes(disjoint(other))
    assert all(a.to < b.from_ for a, b in itertools.pairwise(common))


def test_two_kinds_that_only_meet_have_no_time_in_common() -> None:
    assert common_spans([span(0, 10)], [span(10, 20)]) == ()


def test_a_kind_without_records_covers_nothing() -> None:
    assert covered_spans(Coverage(kind="iis")) == ()


def test_coverage_is_cut_to_what_the_user_asked_for() -> None:
    coverage = Coverage(kind="iis", from_=at(0), to=at(LENGTH))
    assert covered_spans(coverage, span(10, 20)) == (span(10, 20),)
    assert covered_spans(coverage, span(90, 95)) == ()
    assert covered_spans(coverage, span(LENGTH, 95)) == ()
