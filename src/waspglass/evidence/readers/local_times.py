"""Times that a program wrote in the way of the server's language, without a zone: which part is the day, and in UTC.

`3/4/2021` is two days. The times of one file are all written in one way, so one whose first number is above 12 tells
what the others mean. If none does, an AM or PM means the month first, as in the United States, and otherwise the day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, tzinfo

from waspglass.evidence.formats.moments import clock_time

__all__ = ["day_stands_first", "is_ambiguous", "is_local", "local_moment"]

_LOCAL = re.compile(
    r"(?:(?P<ys>\d{4})/(?P<ms>\d{1,2})/(?P<ds>\d{1,2})|(?P<first>\d{1,2})(?P<mark>[./-])(?P<second>\d{1,2})[./-](?P<ye>\d{4}))"
    r",? (?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<s>\d\d)(?:[.,]\d{1,7})?)?"
    r"(?:[ \u202f](?P<half>[AaPp])\.?[Mm]\.?)?"
)
_NOON = 12


def is_local(text: str) -> bool:
    """Whether this is such a time."""
    return _LOCAL.fullmatch(text) is not None


def is_ambiguous(text: str) -> bool:
    """Whether this is such a time, and both its first numbers might be the day."""
    return _ambiguous(text) is not None


def _ambiguous(text: str) -> re.Match[str] | None:
    found = _LOCAL.fullmatch(text)
    return None if found is None or found["first"] is None or found["mark"] == "." else found


def day_stands_first(texts: Iterable[str]) -> bool | None:
    """What the times of one file say of all of them: the first one that can mean one day only; None if none does."""
    for text in texts:
        found = _ambiguous(text)
        if found is None:
            continue
        if int(found["first"]) > _NOON:
            return True
        if int(found["second"]) > _NOON:
            return False
    return None


def local_moment(text: str, zone: tzinfo, day_first: bool | None = None) -> datetime | None:
    """In UTC; None if it cannot be read or is absurd.

    Args:
        text: As the program wrote it.
        zone: Time zone of the server.
        day_first: What `day_stands_first` says of the file.
    """
    found = _LOCAL.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(found[name] or 0) for name in ("ys", "ms", "ds"))
    half = (found["half"] or "").lower()
    if found["first"] is not None:
        parts = int(found["first"]), int(found["second"])
        american = day_first is False or (day_first is None and bool(half))
        month, day = parts if american and found["mark"] != "." else parts[::-1]
        year = int(found["ye"])
    hour = int(found["hour"])
    if half:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    return clock_time(zone, year, month, day, hour, int(found["minute"]), int(found["s"] or 0))
