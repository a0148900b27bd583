"""An export without a row: a source that looked and found nothing says something about that day.

Shadowserver sends a header alone where it has nothing to report. Without its day in the store, `census show` would go
on with the source's scan before it, and hosts that left would seem to have been there longer.
"""

from __future__ import annotations

import datetime as dt

import xxhash

from waspglass.census.errors import ExportError
from waspglass.census.scopes import recipient_of
from waspglass.census.sighting import Tally
from waspglass.census.sources.content import Content
from waspglass.census.store.writer import SightingWriter
from waspglass.model.errors import Location
from waspglass.model.skip import SkipReason

__all__ = ["write_nothing"]


def write_nothing(
    writer: SightingWriter, content: Content, day: dt.date | None, tally: Tally, *, recognised: bool
) -> str:
    """Writes a file without rows for the day; returns a digest of content, source, day and recipient.

    Raises:
        ExportError: If rows were lost, the content was not recognised as an export (an error page has no rows either)
            or ends within a line (as a header that was cut does), or nothing says of which day it is.
    """
    lost = [skip for skip in tally.skipped() if skip.reason is not SkipReason.MISSING_FIELD]  # a column named twice
    hint = None
    if lost or not recognised or not content.peek().strip():
        why = "; ".join(f"{skip.count} {skip.reason}, {skip.detail}" for skip in lost) or "no record at all"
    elif not content.ended:
        why, hint = "and its last line has no end", "Was the download cut? Fetch it again"
    elif day is None:
        why, hint = "and nothing says of which day that is", "If the source saw nothing, name its day with --date"
    else:
        writer.write_empty(day)
        recipient = recipient_of(content.shown) or ""
        return xxhash.xxh3_128_hexdigest(f"{content.digest} {writer.source} {day} {recipient}".encode())
    raise ExportError(f"no usable record in it ({why}); nothing was added", location=Location(content.shown), hint=hint)
