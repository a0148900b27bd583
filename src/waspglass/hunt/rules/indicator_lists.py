"""Reads lists of indicators: CSV by the names of its columns (`type,value`, MISP, OTX, ...), or one value a line."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.indicator_values import made_indicator, parts_called, squeezed, type_called, type_of_value
from waspglass.hunt.rules.rule import Indicator
from waspglass.model.escape import printable

__all__ = ["is_csv", "is_plain_list", "read_csv", "read_plain"]

_TYPE_COLUMNS = ("type", "indicatortype", "ioctype", "entitytype", "indicator")
_VALUE_COLUMNS = ("value", "indicatorvalue", "iocvalue", "indicator", "ioc", "data", "hash")
_TITLE_COLUMNS = ("comment", "description", "title", "note", "notes", "details")
_TELLING = frozenset({"url", "sha256", "sha1", "md5"})
"""Types that may be the name of a column among others. A list of hosts with their addresses is none of indicators."""
_REFERENCES = frozenset({"link", "uri"})
"""Columns that, among others, rather hold where to read more."""
_LINK = re.compile(r"https?://", re.IGNORECASE)
_HOSTS = re.compile(r"^[# \t]*(?:127\.0\.0\.1|::1)[ \t]+localhost\b", re.MULTILINE)
"""In each hosts file (of Windows as a comment): addresses with the names of who is next to the server."""
_LOOKED_AT = 20
_COMMENT = re.compile(r"(?:^|\s)(?:#|//|;).*$")
_BORDER = re.compile(r"\s*;\s*|\s{2,}|\t| \*")
"""Between a value and its story: of LOKI and THOR, of tables, of `sha256sum`."""


def is_csv(text: str) -> bool:
    """Whether the first line names columns of indicators."""
    header = _table(text)[1]
    return _columns(header) is not None


def is_plain_list(text: str) -> bool:
    """Whether the first lines are values, and nothing else; one in ten may be a slip.

    Links that can be clicked, with words among or behind them, are references: who is linked there did no harm.
    """
    lines = list(_plain_lines(text, _LOOKED_AT))
    values = [value for _, value, _ in lines if type_of_value(value) is not None]
    slips = len(lines) - len(values)
    titled = any(title for _, _, title in lines)
    if ((slips or titled) and all(map(_LINK.match, values))) or (titled and _HOSTS.search(text)):
        return False
    return bool(lines) and slips * 10 <= len(lines)


def read_plain(text: str, source: str) -> Iterator[Indicator | str]:
    """Indicators of a list of values; for a line that cannot be used, a sentence that says why."""
    for line, value, title in _plain_lines(text):
        kind = type_of_value(value)
        made = None if kind is None else made_indicator(kind, value, source, title)
        yield f"line {line}: {printable(value)[:60]!r} is nothing that is hunted" if made is None else made


def _plain_lines(text: str, most: int | None = None) -> Iterator[tuple[int, str, str]]:
    """Each line that is no comment: its number, the value, and what stands behind it (`hash;comment`, `hash  file`)."""
    lines = enumerate(text.removeprefix("\ufeff").splitlines(), 1)
    values = ((number, line, _COMMENT.sub("", line).strip().strip("\"'")) for number, line in lines)
    for number, line, value in islice((row for row in values if row[2]), most):
        head, *behind = _BORDER.split(line.strip(), 1)
        if type_of_value(value) is not None or type_of_value(head) is None:
            yield number, value, ""  # what looks like a border may be a part of a URL
        else:
            yield number, head, "" if "".join(behind).isdigit() else printable("".join(behind))[:200]


def read_csv(text: str, source: str) -> Iterator[Indicator | str]:
    """Indicators of a list with a header; for a row that cannot be used, a sentence that says why.

    Raises:
        UnsupportedRuleError: If the header names no type and value columns, or a row cannot be read.
    """
    rows, header = _table(text)
    columns = _columns(header)
    if columns is None:
        raise UnsupportedRuleError("a CSV list of indicators needs the columns 'type' and 'value'")
    title_at, used_at = _place(header, _TITLE_COLUMNS), _place(header, ("toids",))
    line = 1
    try:
        for line, row in rows:
            if not any(row) or row[0].startswith("#"):
                continue
            if used_at is not None and used_at < len(row) and row[used_at].strip().lower() in ("0", "false"):
                yield f"line {line}: not for detection (to_ids)"
                continue
            title = row[title_at].strip() if title_at is not None and title_at < len(row) else ""
            yield from _from_row(row, columns, printable(title)[:200], source, line)
    except csv.Error as error:
        raise UnsupportedRuleError(
            f"below line {line}: a row that cannot be read ({error}); is a quote open?"
        ) from None


_Pair = tuple[int | str, int]
"""Where the type stands (or which it is), and where the value."""


def _columns(header: list[str]) -> tuple[_Pair, ...] | None:
    """The columns of type and value, or those whose names are types."""
    type_at = _place(header, _TYPE_COLUMNS)
    if type_at is not None:
        value_at = _place(header, [name for name in _VALUE_COLUMNS if name != header[type_at]])
        if value_at is not None:
            return ((type_at, value_at),)
    named = [(kind, place) for place, name in enumerate(header) if (kind := type_called(name)) is not None]
    if len(header) > 1:
        named = [(kind, place) for kind, place in named if kind in _TELLING and header[place] not in _REFERENCES]
    return tuple(named) or None


def _place(header: list[str], names: Iterable[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _table(text: str) -> tuple[Iterator[tuple[int, list[str]]], list[str]]:
    """The rows below the header with their lines, and the header; commas, semicolons (as many spreadsheets) or tabs.

    The header may be the last of the comments above the rows.
    """
    whole, comment, at = text.removeprefix("\ufeff"), "", 0
    while whole.startswith(("#", "\n", "\r"), at):
        end = whole.find("\n", at) + 1 or len(whole)
        comment = whole[at:end] if whole[at] == "#" else comment
        at = end
    lines = whole[at:]
    first = lines.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    above = text.count("\n") - lines.count("\n")
    rows = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter, skipinitialspace=True)
    header = _cells(comment.lstrip("# "), delimiter)
    if _columns(header) is None:
        header = _cells(first, delimiter)
        with contextlib.suppress(csv.Error):
            next(rows, [])
    return ((above + rows.line_num, row) for row in rows), header


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []
    return [squeezed(name) for name in cells]


def _from_row(
    row: list[str], columns: tuple[_Pair, ...], title: str, source: str, line: int
) -> Iterator[Indicator | str]:
    for kind, value_at in columns:
        type_at = kind if isinstance(kind, int) else 0
        if len(row) <= max(type_at, value_at):
            yield f"line {line}: too few columns"
            continue
        types = kind if isinstance(kind, str) else row[type_at]
        if isinstance(kind, str) and not row[value_at].strip():
            continue
        yield from _from_cell(types, row[value_at], title, source, line)


def _from_cell(types: str, values: str, title: str, source: str, line: int) -> Iterator[Indicator | str]:
    """`ip-dst|port` and the like name several values in one cell; a port alone tells nothing."""
    names = parts_called(types)
    values_apart = values.rsplit("|", len(names) - 1)  # a value may hold the mark itself
    parts = zip(map(type_called, names), values_apart, strict=False)
    found = (made_indicator(kind, part, source, title) for kind, part in parts if kind is not None)
    made = [one for one in found if one is not None]
    if not made:
        yield f"line {line}: type {printable(types.strip())[:40]!r} with such a value is not hunted"
    elif len(made) < sum(squeezed(name) != "port" for name in names):
        yield f"line {line}: a part of the value is not hunted"
    yield from made
