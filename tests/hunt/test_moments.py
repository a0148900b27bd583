"""When records speak: what is kept of their moments against all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from waspglass.evidence.log_span import silences
from waspglass.hunt.outcome.records import Moments
from waspglass.model.coverage import Span

START = datetime(2021, 3, 3, tzinfo=UTC)
NEAR = st.datetimes(datetime(2021, 3, 1), datetime(2021, 3, 20))  # noqa: DTZ001  # hypothesis wants them so
FAR = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))  # noqa: DTZ001
MOMENTS = st.lists((NEAR | FAR).map(lambda moment: moment.replace(tzinfo=UTC)), max_size=60)


@given(MOMENTS, st.sampled_from([0.5, 3.0, 24.0, 100.0]))
def test_no_silence_is_missed_or_made_up_in_any_order(moments: list[datetime], gap_hours: float) -> None:
    kept = Moments(gap_hours)
    for moment in moments:
        kept.note(moment)
    longest = timedelta(hours=gap_hours)
    naive = tuple(Span(from_=a, to=b) for a, b in pairwise(sorted(moments)) if b - a > longest)
    assert silences(kept.spread(), gap_hours) == naive
    assert (min(kept.spread(), default=None), max(kept.spread(), default=None)) == (
        min(moments, default=None),
        max(moments, default=None),
    )


@given(MOMENTS, st.sampled_from([0.5, 24.0]), st.integers(1, 20))
def test_moments_taken_together_are_as_those_taken_one_by_one(
    moments: list[datetime], gap_hours: float, size: int
) -> None:
    singly, together = Moments(gap_hours), Moments(gap_hours)
    for moment in moments:
        singly.note(moment)
    for start in range(0, len(moments), size):
        together.note_all([None, *moments[start : start + size]])
    together.note_all([None])
    assert together.spread() == singly.spread()


def test_what_is_kept_is_bounded_by_time_and_not_by_records() -> None:
    kept = Moments()
    for second in range(200_000):
        kept.note(START + timedelta(seconds=second))
    kept.note(None)
    assert len(kept.spread()) == 2 * 3


def test_a_made_log_of_ten_thousand_years_is_bounded() -> None:
    kept = Moments(0.01)
    for number in range(300_000):
        kept.note(START + timedelta(hours=number))
    assert len(kept.spread()) == 100_000
