"""The line formats by name, as the packs' `artefacts.yml` speaks of them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Protocol, cast

from waspglass.evidence.artefact import LineFormat
from waspglass.model.errors import UsageError

__all__ = ["LINE_FORMATS", "is_line_format", "line_format"]

LINE_FORMATS = {
    "w3c": "w3c",
    "httperr": "w3c",
    "diagnostics_csv": "diagnostics_csv",
    "event_json": "event_json",
}
"""Name of a format -> the module beside this one whose `line_format` makes it."""


class _Module(Protocol):
    def line_format(self, name: str, /) -> LineFormat: ...


def is_line_format(name: str) -> bool:
    """True if files of this format are scanned line by line; otherwise a record reader is needed."""
    return name in LINE_FORMATS


@cache
def line_format(name: str) -> LineFormat:
    """The line format of that name; instances hold no state and are shared.

    Raises:
        UsageError: If there is none.
    """
    if not is_line_format(name):
        raise UsageError(f"no line format {name!r}", hint=f"Known: {', '.join(LINE_FORMATS)}")
    module = import_module(f"waspglass.evidence.formats.{LINE_FORMATS[name]}")
    return cast("_Module", module).line_format(name)
