from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from waspglass.model.document import format_instant, parse_instant
from waspglass.report.phrases import Phrases
from waspglass.report.stix_parts import moment


@pytest.mark.parametrize(
    ("when", "shown"),
    [
        (datetime(2021, 3, 3, 2, 10, 4, tzinfo=UTC), "2021-03-03T02:10:04Z"),
        (datetime(2021, 3, 3, 2, 10, 4, 999, tzinfo=UTC), "2021-03-03T02:10:04Z"),
        (datetime(2021, 3, 3, 2, 10, 4, 1999, tzinfo=UTC), "2021-03-03T02:10:04.001Z"),
        (datetime(2021, 3, 3, 2, 10, tzinfo=timezone(timedelta(hours=5))), "2021-03-02T21:10:00Z"),
        (datetime(101, 1, 2, tzinfo=UTC), "0101-01-02T00:00:00Z"),  # strftime says 101
    ],
)
def test_times_have_four_digits_of_year_and_a_z(when: datetime, shown: str) -> None:
    assert format_instant(when) == shown
    assert moment(when)[:19] == shown[:19]
    assert Phrases("en").moment(when) == f"{shown[:10]} {shown[11:19]} UTC"
    assert Phrases("en").minute(when) == f"{shown[:10]} {shown[11:16]} UTC"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00", "gestern", ""])
def test_what_is_no_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"calendar|isoformat"):
        parse_instant(text)
