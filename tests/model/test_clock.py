from __future__ import annotations

import pytest

from waspglass.model.assessment import Clock
from waspglass.model.document import parse_instant


@pytest.mark.parametrize(
    ("hours", "months", "aware", "due"),
    [
        (24, 0, "2021-03-12T09:00:00Z", "2021-03-13T09:00:00Z"),
        (72, 0, "2024-02-27T23:30:00Z", "2024-03-01T23:30:00Z"),
        (72, 1, "2026-11-22T12:00:00Z", "2026-12-25T12:00:00Z"),
        (72, 1, "2025-01-28T12:00:00Z", "2025-02-28T12:00:00Z"),  # the 31st: February has none
        (72, 1, "2025-12-15T12:00:00Z", "2026-01-18T12:00:00Z"),
        (0, 14, "2025-12-15T12:00:00Z", "2027-02-15T12:00:00Z"),
    ],
)
def test_months_are_those_of_the_calendar(hours: int, months: int, aware: str, due: str) -> None:
    clock = Clock(id="x", title="x", law="x", hours=hours, months=months, text="x")
    assert clock.due(parse_instant(aware)) == parse_instant(due)
