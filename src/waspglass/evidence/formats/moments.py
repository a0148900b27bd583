"""Reads the moments that logs write: ISO 8601, `yyyy-mm-dd hh:mm:ss`, and local `dd.mm.yyyy`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

__all__ = ["EARLIEST", "LATEST", "MONTHS", "clock_time", "json_date", "moment", "plausible", "since_1970"]

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""A time outside of these is absurd: no server of the products in question ran then."""

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LOCAL = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})\b")
_FRACTION = re.compile(r"(\.\d{6})\d+")
_JSON_DATE = re.compile(r"/Date\((-?\d{1,18})\)/")
_LONGEST = 64
"""Characters; no writer needs half of them, and what is remembered must not depend on what an attacker writes."""


def moment(text: str) -> datetime | None:
    """The moment in UTC; a time without a zone is UTC. None if it cannot be read or is absurd."""
    return _moment(text) if len(text) <= _LONGEST else None


def plausible(read: datetime) -> datetime | None:
    """The moment in UTC (a time without a zone is UTC); None if it is absurd.

    What evidence says of time is the intruder's choice: a year 1 in another zone than UTC lies outside of the calendar.
    """
    try:
        utc = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except OverflowError:
        return None
    return utc if EARLIEST <= utc < LATEST else None


def clock_time(zone: tzinfo, year: int, month: int, day: int, hour: int, minute: int, second: int) -> datetime | None:
    """What a clock in that zone showed, in UTC; None if there is no such day or it is absurd."""
    try:
        return plausible(datetime(year, month, day, hour, minute, second, tzinfo=zone))
    except ValueError:
        return None


def since_1970(seconds: float) -> datetime | None:
    """A POSIX time in UTC; None if it is absurd."""
    try:
        return plausible(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def json_date(text: str) -> datetime | None:
    """`/Date(1614736800000)/`, milliseconds since 1970, as Windows PowerShell 5.1 writes times into JSON."""
    found = _JSON_DATE.fullmatch(text)
    return since_1970(int(found[1]) / 1000) if found else None


@lru_cache(maxsize=4096)
def _moment(text: str) -> datetime | None:
    local = _LOCAL.match(text)
    if local:
        text = f"{local[3]}-{local[2]:0>2}-{local[1]:0>2}{text[local.end() :]}"
    try:
        return plausible(datetime.fromisoformat(_FRACTION.sub(r"\1", text)))
    except ValueError:
        return None
