"""Which reader an export is for, and of which day it is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from waspglass.census.errors import ExportError
from waspglass.census.sources.source import Head, Source
from waspglass.model.errors import Location, UsageError

__all__ = ["choose", "day_in_name"]

_DAY = re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")


def choose(head: Head, sources: Sequence[Source], wanted: str | None, shown: str) -> Source:
    """The reader that the user asked for, or else the first that recognises the content.

    Raises:
        UsageError: If there is no reader of the name asked for.
        ExportError: If no reader recognises the content.
    """
    if wanted is not None:
        named = next((source for source in sources if source.format == wanted), None)
        if named is None:
            known = ", ".join(source.format for source in sources)
            raise UsageError(f"no source {wanted!r}", hint=f"Choose one of: {known}")
        return named
    for source in sources:
        if source.recognises(head):
            return source
    reason = "it is empty" if not head.start.strip() else "no reader knows this content"
    hint = "Name the format with --source, or declare the columns of a CSV with --mapping"
    if head.start.lstrip().startswith(b"["):
        hint = "JSON is read as one object a line, or as an array of objects"
    raise ExportError(f"not recognised: {reason}", location=Location(shown), hint=hint)


def day_in_name(name: str, latest: dt.date) -> dt.date | None:
    """The day that a file name carries (`2021-03-09`, `20210309`); None if there is none or it cannot be."""
    for match in _DAY.finditer(name):
        try:
            day = dt.date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            continue
        if day <= latest:
            return day
    return None
