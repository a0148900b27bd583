"""Names of time zones that mean one thing: `CET` is an hour before UTC, `CST` is Chicago's, Havana's or Shanghai's.

A name is here if the tz database has had one meaning for it since 2000, and no other is in use that the database writes
in digits (GST, which is Guam's in it and the Gulf's elsewhere). German programs write MEZ and MESZ for CET and CEST.
"""

from __future__ import annotations

import re

__all__ = ["ZONES", "with_offset"]

ZONES: dict[str, int] = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60,
    "CET": 60, "CEST": 120, "MET": 60, "MEST": 120, "MEZ": 60, "MESZ": 120, "EET": 120, "EEST": 180,
    "CAT": 120, "EAT": 180, "SAST": 120, "PKT": 300, "WIB": 420, "WITA": 480, "WIT": 540, "HKT": 480, "JST": 540,
    "AWST": 480, "ACST": 570, "ACDT": 630, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780,
    "EST": -300, "EDT": -240, "MST": -420, "MDT": -360, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600,
}  # fmt: skip
"""Minutes east of Greenwich."""

_NAME = re.compile(r"\b[A-Z]{2,5}\b")


def with_offset(text: str) -> str:
    """A text in which the names of zones stand as offsets (`+0100`), as `%z` of Python's strptime reads them."""
    return _NAME.sub(lambda match: _offset(match[0]), text)


def _offset(name: str) -> str:
    minutes = ZONES.get(name)
    return name if minutes is None else f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
