"""Makes line formats by their names in `format.FORMATS`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Protocol, cast

from waspglass.evidence.artefact import LineFormat
from waspglass.evidence.format import FORMATS, format_of
from waspglass.model.errors import UsageError

__all__ = ["is_line_format", "line_format"]


class _Module(Protocol):
    def line_format(self, name: str, /) -> LineFormat: ...


def is_line_format(name: str) -> bool:
    """True if files of this format are scanned line by line; otherwise a record reader is needed."""
    return format_of(name).lines


@cache
def line_format(name: str) -> LineFormat:
    """The line format of that name; instances hold no state and are shared.

    Raises:
        UsageError: If there is none.
    """
    if not is_line_format(name):
        known = ", ".join(name for name, one in FORMATS.items() if one.lines)
        raise UsageError(f"no line format {name!r}", hint=f"Known: {known}")
    module = import_module(f"waspglass.evidence.{format_of(name).module}")
    return cast("_Module", module).line_format(name)
