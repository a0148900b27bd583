"""W3C extended log files: IIS access logs (`w3c`) and HTTP.sys error logs (`httperr`).

Source: real logs, and the W3C working draft WD-logfile. Columns come from `#Fields`, which may stand anywhere, come
again and change. A row whose columns do not add up is read once more with tabs, then with runs of blanks as the
separator (re-typed rows and rows with double blanks are met in the field), then with quotes around values; else it is
malformed. IIS Advanced Logging quotes values and leaves the blanks inside of them as they are, between tabs (rows of
SharePoint front ends) or blanks (learn.microsoft.com, "Troubleshooting 502 errors in ARR"). The quotes stay: the scan
looks for values with the separators around them. A blank becomes `+`, as IIS writes it elsewhere, so that rules mean
the same in both; in a value with a `+` of its own it stays, since nobody could tell the two apart afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from waspglass.evidence.artefact import Columns, LineFormat, Record, distinct
from waspglass.evidence.errors import MalformedLineError
from waspglass.evidence.formats.moments import moment
from waspglass.evidence.formats.shapes import ADDRESS, METHOD, NUMBER, PATH, STATUS, Shapes, misfits

__all__ = ["WHOLE_URI", "ExtendedLog", "line_format"]

WHOLE_URI = "cs-uri"
"""Virtual field of logs that split the URI: `cs-uri-stem`, and `?` and `cs-uri-query` where there is one."""

_BOM = b"\xef\xbb\xbf"
_BLANKS = re.compile(r" +")
_QUOTED = re.compile(r'"[^"]*"(?![^ ])|[^ ]+')
_UNSAFE = re.compile(r"[^ -~]+")
_SHAPES: Shapes = {
    "date": re.compile(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}"),
    "time": re.compile(r"\d{1,2}:\d\d:\d\d(?:[.,]\d+)?"),
    "s-ip": ADDRESS,
    "c-ip": ADDRESS,
    "s-port": NUMBER,
    "cs-method": METHOD,
    "sc-substatus": NUMBER,
    "sc-win32-status": NUMBER,
    "time-taken": NUMBER,
}
_WEB_SHAPES: Shapes = {"cs-uri-stem": PATH, "sc-status": STATUS}
_WEB_METHODS = frozenset({"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND", "RPC_IN_DATA", "RPC_OUT_DATA"})
"""Which no FTP or SMTP server has: their logs have names or nothing where paths stand, and any number as answer."""


def line_format(name: str) -> LineFormat:
    """The format of that name."""
    return ExtendedLog(name)


class ExtendedLog(LineFormat):
    """`w3c` and `httperr`: one blank between columns, `-` for an empty value, `+` for a blank inside a value.

    The columns are a matter of configuration, so none are implied.
    """

    header_starts = (b"#", _BOM + b"#")
    directives = tuple(mark + name for mark in (b"", _BOM) for name in (b"#fields", b"#date"))
    """Comments, `#Software` and `#Version` change nothing."""
    blank = "+"
    separators = b" \t"
    """Blanks; in re-typed rows tabs throughout."""

    def __init__(self, name: str) -> None:
        self.name = name

    def cells(self, line: bytes, count: int) -> list[bytes] | None:
        """A row with one blank between its columns."""
        cells = line.split(b" ")
        return cells if len(cells) == count and b"\t" not in cells[0] else None

    def empty_cell(self, place: int, count: int) -> tuple[bytes, ...]:
        """Counted from the right, where a log has fewer and shorter columns; not for the last column or the first."""
        after = count - 1 - place
        if after < 1 or place < 1:
            return ()
        dash = rb" -(?: [^ \n]*){%d} ?\r*\n" % after  # a blank may stand at the end of a row that was typed again
        return (dash, rb"  ", rb"\t", rb' "')  # rows that are not plain have one of these somewhere

    def virtual(self, columns: Columns) -> dict[str, tuple[str, ...]]:
        """Fields that `record` adds: name -> the columns that they are made of."""
        names = columns.names
        if WHOLE_URI in names or "cs-uri-stem" not in names:
            return {}
        return {WHOLE_URI: ("cs-uri-stem", "cs-uri-query") if "cs-uri-query" in names else ("cs-uri-stem",)}

    def header(self, line: bytes, columns: Columns | None) -> Columns | None:
        """`#Fields` and `#Date` count; other directives and comments change nothing."""
        key, _, value = line.removeprefix(_BOM).decode("utf-8", "replace").strip().partition(":")
        value = value.strip()
        before = columns or Columns()
        match key.lower():
            case "#fields":
                return replace(before, names=distinct(value.split()))
            case "#date":
                return replace(before, date=moment(value))
        return columns

    def misfits(self, record: Record, columns: Columns) -> Iterator[str]:
        """By their shapes; besides, a request of a web server has a path and is answered with a status."""
        yield from misfits(record, _SHAPES)
        if record.get("cs-method", "").strip('"') in _WEB_METHODS:
            yield from misfits(record, _WEB_SHAPES)
            if "cs-uri-stem" in columns.names and "cs-uri-stem" not in record:
                yield "cs-uri-stem"

    def record(self, line: bytes, columns: Columns) -> Record:
        """Values as written; a row of too few or too many columns is malformed."""
        names = columns.names
        text = line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
        values = text.split(" ")
        if len(values) != len(names) or "\t" in values[0]:  # a visitor chooses how many blanks stand in a quoted value
            values = _values_of_odd_row(text, len(names))
        record = dict(zip(names, values, strict=True))
        for name in [name for name, value in record.items() if value in ("-", "")]:
            del record[name]
        stem = record.get("cs-uri-stem")
        if stem is not None and WHOLE_URI not in record:
            query = record.get("cs-uri-query")
            record[WHOLE_URI] = stem if query is None else f"{stem}?{query}"
        return record

    def time(self, record: Record, columns: Columns) -> datetime | None:
        """`date` and `time`; a row with only a time belongs to the `#Date` in force."""
        clock = record.get("time")
        if clock is None:
            return None
        date = record.get("date")
        if date is None:
            if columns.date is None:
                return None
            date = columns.date.date().isoformat()
        return moment(f"{date} {clock}")

    def raw_forms(self, literal: str) -> tuple[tuple[bytes, ...], ...]:
        """The longest run without `?` (a blank in the raw line, where the virtual URI joins) and without non-ASCII.

        A value has either `+` for its blanks, or blanks, or (with a regular expression only) both as they are written.
        """
        run = max((run for part in literal.split("?") for run in _UNSAFE.split(part)), key=len)
        forms = (run.replace(" ", "+"), run.replace("+", " "), run)
        return (tuple({form.encode("ascii"): None for form in forms}),)


def _values_of_odd_row(text: str, count: int) -> list[str]:
    """The values of a row that is not written as IIS writes it.

    Raises:
        MalformedLineError: If no way to read it gives so many.
    """
    values = text.split("\t")
    if len(values) != count:
        values = _BLANKS.split(text.strip(" "))
    if len(values) != count and '"' in text:
        values = _QUOTED.findall(text)
    if len(values) != count:
        msg = f"{len(values)} columns where the header names {count}"
        raise MalformedLineError(msg)
    return [value if "+" in value else value.replace(" ", "+") for value in values]
