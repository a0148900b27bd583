"""Rows of the table that the Event Viewer saves ("Save as": CSV, or text with tabs).

Its columns are level (in the Security log: keywords), time, source, event id, task category, and the message; all names
but the message's are written, in the language of the server, and so is every text. So the table is known by its shape:
five names over six cells, the fourth a number. The order of columns is the same in every language.

The log is not named.
"""

from __future__ import annotations

from collections.abc import Sequence

from waspglass.evidence.formats.event_providers import provider_name
from waspglass.evidence.formats.event_shapes import Json

__all__ = ["event_of_row"]

_COLUMNS = ("LevelDisplayName", "TimeCreated", "ProviderName", "Id", "TaskDisplayName", "Message")
"""As `Get-WinEvent` names them."""


def event_of_row(names: Sequence[str], row: Sequence[str]) -> Json | None:
    """The event of a row, in the shape of `Get-WinEvent`; None if the table is another.

    Cells beyond the sixth are the rest of a message that was written without quotes.

    Args:
        names: The names over the table.
        row: One row of it.
    """
    before = len(_COLUMNS) - 1
    if len(names) != before or len(row) <= before or not row[3].isdecimal():
        return None
    cells = (*row[:before], ",".join(row[before:]))
    event = {name: value for name, value in zip(_COLUMNS, cells, strict=True) if value}
    # `2021-03-04 05:06:07` is local here
    return event | {"TimeCreated": row[1].replace("-", "/"), "ProviderName": provider_name(row[2])}
