"""The last guard before a string reaches a reader: whatever it holds, it comes out as visible characters."""

from __future__ import annotations

from waspglass.model.escape import csv_cell, printable
from waspglass.model.finding import Finding

__all__ = ["cell", "excerpt", "place", "prose", "visible"]


def visible(text: str) -> str:
    """Makes control, format, surrogate and unassigned characters visible and leaves everything else as it is.

    The model has escaped what comes from evidence already (`printable`), so a backslash is not doubled again: applying
    this twice changes nothing.
    """
    if text.isprintable():
        return text
    return "".join(character if character == "\\" else printable(character) for character in text)


def prose(text: str) -> str:
    """`visible` for sentences that people wrote: line breaks and runs of blanks are one blank."""
    return visible(" ".join(text.split()))


def cell(text: str) -> str:
    """`visible`, and no spreadsheet takes it for a formula: for output that people export to CSV."""
    first = text[:1]
    return f"'{visible(text)}" if csv_cell(first) != printable(first) else visible(text)


def excerpt(text: str, limit: int) -> str:
    """At most `limit` visible characters of a raw record; how many were cut is said, in no language."""
    shown = visible(text[:limit])
    left_out = len(shown) - limit + max(0, len(text) - limit)
    return shown if left_out <= 0 else f"{shown[:limit]}… [+{left_out}]"


def place(finding: Finding, limit: int | None = None) -> str:
    """Where a finding was made: `path:line`, `path#record` or `path@offset`, as editors and analysts write it.

    The offset 0 is not written: such a finding is about the file as a whole.

    Args:
        finding: The finding.
        limit: Characters of the path that are shown; a longer one loses its middle, never the file's name and line.
    """
    source = visible(finding.source)
    if limit is not None and len(source) > limit:
        source = f"{source[: limit // 2]}…{source[len(source) - limit // 2 :]}"
    if finding.line is not None:
        return f"{source}:{finding.line}"
    if finding.record is not None:
        return f"{source}#{finding.record}"
    if finding.offset:
        return f"{source}@{finding.offset:#x}"
    return source
