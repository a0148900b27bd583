"""Times in the way of a language: any moment comes back, whichever way the server writes it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.evidence.formats.moments import EARLIEST, LATEST
from waspglass.evidence.readers.local_times import day_stands_first, is_ambiguous, is_local, local_moment

MOMENTS = st.datetimes(EARLIEST.replace(tzinfo=None), LATEST.replace(year=2099, tzinfo=None)).map(
    lambda one: one.replace(microsecond=0)
)


def written(moment: datetime, order: str, *, half: bool) -> str:
    date = "/".join(str(getattr(moment, part)) for part in order.split())
    if not half:
        return f"{date} {moment:%H:%M:%S}"
    return f"{date} {(moment.hour - 1) % 12 + 1}:{moment:%M:%S} {'PM' if moment.hour >= 12 else 'AM'}"


@given(MOMENTS, st.sampled_from(["month day year", "day month year", "year month day"]), st.booleans())
def test_any_moment_comes_back(moment: datetime, order: str, half: bool) -> None:
    text = written(moment, order, half=half)
    companion = written(moment.replace(month=3, day=28), order, half=half)
    decided = day_stands_first([text, companion])
    assert decided is {"m": False, "d": True, "y": None}[order[0]]
    assert local_moment(text, UTC, decided) == moment.replace(tzinfo=UTC)
    assert is_local(text)
    assert is_ambiguous(text) is (order[0] != "y")


@given(st.text())
def test_whatever_is_written_is_a_moment_or_none(text: str) -> None:
    assert local_moment(text, UTC) is None or is_local(text)
    day_stands_first([text])


@pytest.mark.parametrize(
    "text", ["1/1/2021 0:00 AM", "1/1/2021 13:00:00 PM", "1/1/2021 24:00:00", "31.02.2021 01:00:00"]
)
def test_what_no_clock_and_no_calendar_shows_is_none(text: str) -> None:
    assert is_local(text)
    assert local_moment(text, UTC) is None


def test_the_twelfth_may_be_a_month_on_either_side() -> None:
    assert day_stands_first(["3/12/2021 10:00", "12/3/2021 10:00", "12/12/2021 10:00"]) is None
    assert day_stands_first(["3/12/2021 10:00", "3/13/2021 10:00", "13/3/2021 10:00"]) is False
    assert day_stands_first(["12/3/2021 10:00", "13/3/2021 10:00", "3/13/2021 10:00"]) is True


def test_dots_mean_the_day_first_and_say_nothing_of_others() -> None:
    assert day_stands_first(["28.03.2021 01:02:03", "2021-03-28"]) is None
    assert local_moment("04.03.2021 1.02.03", UTC, day_first=False) == datetime(2021, 3, 4, 1, 2, 3, tzinfo=UTC)
