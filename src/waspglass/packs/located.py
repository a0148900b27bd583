"""Reads the data files of a pack into typed documents; each fault names file, line and field."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ValidationError

from waspglass.model.document import Document
from waspglass.model.errors import Location, PackError

__all__ = ["field_line", "read_table", "read_text", "read_yaml", "table_cells"]

_Row = TypeVar("_Row", bound=Document)
_LARGEST = 16 * 1024 * 1024
"""Bytes; a data file of a pack that a person wrote is never larger."""

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_text(path: Path, shown: str) -> str:
    """The text of a data file.

    Args:
        path: Where it lies.
        shown: What errors call it.

    Raises:
        PackError: If it cannot be read, is too large or is not UTF-8.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise PackError(f"file is larger than {_LARGEST >> 20} MiB", location=Location(shown))
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PackError(f"cannot read: {error.strerror}", location=Location(shown)) from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise PackError("not UTF-8", location=Location(shown, line)) from error


def read_yaml(text: str, shown: str, model: type[_Row]) -> _Row:
    """A YAML file as a document; only plain data, no tags that would build objects.

    Raises:
        PackError: With the line of the first fault.
    """
    try:
        data: object = yaml.load(text, Loader=_Loader)  # noqa: S506 - one of the two safe loaders
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else None
        problem = getattr(error, "problem", None) or str(error)
        raise PackError(f"not valid YAML: {problem}", location=Location(shown, line)) from error
    if not isinstance(data, dict):
        raise PackError("must be a mapping of keys to values", location=Location(shown, 1))
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _located(error, text, shown) from error


def _located(error: ValidationError, text: str, shown: str) -> PackError:
    first = error.errors(include_url=False, include_input=False)[0]
    path = first["loc"]
    field = ".".join(map(str, path)) or None
    more = error.error_count() - 1
    hint = f"There are {more} more faults in this file; `waspglass pack check` lists what it can" if more else None
    return PackError(first["msg"], location=Location(shown, field_line(text, path), field), hint=hint)


def field_line(text: str, path: Sequence[str | int]) -> int | None:
    """The 1-based line on which a key or element of a YAML text stands, or its nearest parent that exists."""
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError:
        return None
    line = None
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def read_table(text: str, shown: str, model: type[_Row]) -> tuple[_Row, ...]:
    """A CSV file with a header row as documents; lines that begin with `#` are comments; an empty cell is absent.

    Args:
        text: Content.
        shown: What errors call the file.
        model: The document of one row; its fields are the columns.

    Raises:
        PackError: With the line of the first fault.
    """
    rows: list[_Row] = []
    for line, cells in table_cells(text, shown):
        try:
            rows.append(model.model_validate({name: cell for name, cell in cells.items() if cell}))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            field = ".".join(map(str, first["loc"])) or None
            raise PackError(first["msg"], location=Location(shown, line, field)) from error
    return tuple(rows)


def table_cells(text: str, shown: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line and cells of each row of a CSV file with comments and a header row.

    Raises:
        PackError: If there is no header, or a row has more or fewer cells than it.
    """
    lines = text.splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if start is None:
        raise PackError("has no header row", location=Location(shown, 1))
    reader = csv.reader(io.StringIO("".join(lines[start:])), strict=True)
    try:
        names = next(reader)
        for cells in reader:
            line = start + reader.line_num
            if not cells or cells[0].startswith("#"):
                continue
            if len(cells) != len(names):
                message = f"row has {len(cells)} cells, the header names {len(names)}"
                raise PackError(message, location=Location(shown, line))
            yield line, dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise PackError(f"not valid CSV: {error}", location=Location(shown, start + reader.line_num)) from error
