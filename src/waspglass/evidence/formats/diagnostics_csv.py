r"""CSV logs of Exchange's diagnostics writer (HttpProxy, ECP, OABGenerator, EWS, cmdlets).

The writer puts the column names into a bare first row, into `#Fields`, or both, and writes the block again when a
service re-opens the file; rows cut out with PowerShell have all names and values in quotes. One physical line is one
record. A quoted value with a line break inside is cut there: the first piece counts with the values that it has, the
pieces after it are malformed lines.

`EventData` of the ECP logs (`S:TIME=13;S:CMD='Set-X.Y=''z''';Dbl:T=1`) becomes fields of its own: the item's key in
lower case (`time`, `cmd`, `url`, `ex`, `bld`, ...), without the type prefix; a value, or a whole item as in
`'S:CMD=Set-X.Y=''z''''`, that is wrapped in single quotes is unwrapped, its doubled quotes undone. `EventData` itself
stays as it is. An item whose key is the name of a column is left out.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from waspglass.evidence.artefact import Columns, LineFormat, Record, distinct
from waspglass.evidence.errors import MalformedLineError
from waspglass.evidence.formats.moments import moment
from waspglass.evidence.formats.shapes import ADDRESS, METHOD, NUMBER, PATH, STATUS, Shapes, misfits

__all__ = ["EVENT_DATA", "DiagnosticsCsv", "event_items", "line_format"]

EVENT_DATA = "EventData"
_BOM = b"\xef\xbb\xbf"
_TIME_NAMES = ("DateTime", "TimeStamp", "Timestamp", "timestamp", "date-time")
_TIME_STARTS = tuple(start.encode() for name in _TIME_NAMES for start in (f"{name},", f'"{name}",'))
_LOWER_STARTS = tuple(dict.fromkeys(map(bytes.lower, _TIME_STARTS)))
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_() .-]*")
_ITEM = re.compile(r"(?:[A-Za-z][A-Za-z0-9]*:)?([A-Za-z][A-Za-z0-9_.]*)=(.*)", re.DOTALL)
_EDGE = re.compile("[;']")
_UNSAFE = re.compile("[^ -~]+|[\"',;]")
_SHAPES: Shapes = {
    **dict.fromkeys(_TIME_NAMES, re.compile(r"(?:\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{4})[T ]\d.*")),
    **dict.fromkeys(("MajorVersion", "MinorVersion", "BuildVersion", "RevisionVersion"), NUMBER),
    **dict.fromkeys(("HttpStatus", "BackEndStatus"), STATUS),
    "ClientIpAddress": ADDRESS,
    "Method": METHOD,
    "UrlStem": PATH,
}
_LONGEST_CELL = 1 << 26
"""Characters; a stack trace may fill a line, whose length is bounded elsewhere."""


def event_items(data: str) -> dict[str, str]:
    """The items of an ECP `EventData`; the first of a key wins, empty values are left out."""
    items: dict[str, str] = {}
    for piece in _pieces(data):
        item = _ITEM.match(_unwrapped(piece))
        if item is None:
            continue
        value = _unwrapped(item[2])
        if value:
            items.setdefault(item[1].lower(), value)
    return items


def _unwrapped(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text


def _pieces(data: str) -> list[str]:
    """Splits at `;` outside of quotes; if the quotes do not add up, at each `;`."""
    pieces: list[str] = []
    start, quoted = 0, False
    for edge in _EDGE.finditer(data):
        if edge[0] == "'":
            quoted = not quoted
        elif not quoted:
            pieces.append(data[start : edge.start()])
            start = edge.end()
    return data.split(";") if quoted else [*pieces, data[start:]]


def _cells(text: str) -> list[str]:
    """The cells of a row with quotes; the library's bound on them is everybody's, so it is put back."""
    usual = csv.field_size_limit(_LONGEST_CELL)
    try:
        return next(csv.reader([text]), [])
    except csv.Error as error:
        raise MalformedLineError(str(error)) from None
    finally:
        csv.field_size_limit(usual)


def line_format(_name: str) -> LineFormat:
    """The one format of this module."""
    return DiagnosticsCsv()


class DiagnosticsCsv(LineFormat):
    """`diagnostics_csv`; the number of columns differs from build to build, the items of EventData from row to row."""

    name = "diagnostics_csv"
    header_starts = tuple(mark + start for mark in (b"", _BOM) for start in (b"#", *_TIME_STARTS))
    """Directives, and the bare row of names, whose first name is always that of the time column."""
    directives = tuple(mark + start for mark in (b"", _BOM) for start in (b"#fields", b"#date", *_LOWER_STARTS))
    """`#Software`, `#Version` and `#Log-type` change nothing."""

    def cells(self, line: bytes, count: int) -> list[bytes] | None:
        """A row without quotes."""
        cells = line.split(b",")
        return cells if len(cells) == count and b'"' not in line else None

    def header(self, line: bytes, columns: Columns | None) -> Columns | None:
        """`#Fields` or a bare row of names sets the columns; `#Date` is kept."""
        text = line.removeprefix(_BOM).decode("utf-8", "replace").strip()
        before = columns or Columns()
        if not text.startswith("#"):
            names = [name.strip().strip('"') for name in text.split(",")]
            return replace(before, names=distinct(names)) if all(map(_NAME.fullmatch, names)) else columns
        key, _, value = text.partition(":")
        value = value.strip()
        match key.lower():
            case "#fields":
                return replace(before, names=distinct(name.strip() for name in value.split(",")))
            case "#date":
                return replace(before, date=moment(value))
        return columns

    def misfits(self, record: Record, columns: Columns) -> Iterator[str]:
        """By their shapes."""
        del columns
        return misfits(record, _SHAPES)

    def record(self, line: bytes, columns: Columns) -> Record:
        """Values by column name; rows of a wrong number of columns are malformed, save those cut inside quotes."""
        names = columns.names
        text = line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
        quotes = text.count('"')
        values = text.split(",") if quotes == 0 else _cells(text)
        cut = quotes % 2 == 1 and len(values) < len(names) and moment(values[0]) is not None
        if len(values) != len(names) and not cut:
            msg = f"{len(values)} columns where the header names {len(names)}"
            raise MalformedLineError(msg)
        record = {name: value for name, value in zip(names, values, strict=False) if value}
        data = record.get(EVENT_DATA)
        if data is None:
            return record
        # An item never stands in for a column of its name, though that be empty: the scan looks for it in its place.
        return {name: value for name, value in event_items(data).items() if name not in names} | record

    def time(self, record: Record, columns: Columns) -> datetime | None:
        """The first of the known time columns."""
        del columns
        for name in _TIME_NAMES:
            if name in record:
                return moment(record[name])
        return None

    def raw_forms(self, literal: str) -> tuple[tuple[bytes, ...], ...]:
        """The longest run without quotes (doubled in the raw line), separators and non-ASCII."""
        return ((max(_UNSAFE.split(literal), key=len).encode("ascii"),),)
