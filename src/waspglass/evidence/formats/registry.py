"""The line formats by name, as the packs' `artefacts.yml` speaks of them."""

from __future__ import annotations

from functools import cache

from waspglass.evidence.artefact import LineFormat
from waspglass.model.errors import UsageError

__all__ = ["LINE_FORMATS", "is_line_format", "line_format"]

LINE_FORMATS = ("w3c", "httperr", "diagnostics_csv", "event_json")


def is_line_format(name: str) -> bool:
    """True if files of this format are scanned line by line; otherwise a record reader is needed."""
    return name in LINE_FORMATS


@cache
def line_format(name: str) -> LineFormat:
    """The line format of that name; instances hold no state and are shared.

    Raises:
        UsageError: If there is none.
    """
    if name in ("w3c", "httperr"):
        from waspglass.evidence.formats.w3c import ExtendedLog

        return ExtendedLog(name)
    if name == "diagnostics_csv":
        from waspglass.evidence.formats.diagnostics_csv import DiagnosticsCsv

        return DiagnosticsCsv()
    if name == "event_json":
        from waspglass.evidence.formats.event_json import EventJson

        return EventJson()
    raise UsageError(f"no line format {name!r}", hint=f"Known: {', '.join(LINE_FORMATS)}")
