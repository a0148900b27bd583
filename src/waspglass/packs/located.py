"""Reads the data files of a pack into typed documents; each fault names file, line and field."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ValidationError

from waspglass.model.document import Document
from waspglass.model.errors import Location, PackError
from waspglass.packs.yaml_loader import BoundedLoader

__all__ = [
    "field_line",
    "node_line",
    "nodes_of",
    "read_table",
    "read_text",
    "read_yaml",
    "table_cells",
    "yaml_document",
    "yaml_fault",
]

_Row = TypeVar("_Row", bound=Document)
_PLAIN = {
    "extra_forbidden": "no such key is known; is it a typing error?",
    "missing": "this key is missing",
    "string_type": "must be a text; put it into quotes",
    "tuple_type": "must be a list, as in [this, that]",
    "model_type": "must be a mapping of keys to values, as in {en: this, de: that}",
    "dict_type": "must be a mapping of keys to values, as in {this: that}",
}
"""Sorts of pydantic's faults -> what they mean for who wrote the file."""
_LARGEST = 16 * 1024 * 1024
"""Bytes; a data file of a pack that a person wrote is never larger."""


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
        raw = path.read_bytes()
        line = raw[: error.start].count(b"\n") + 1
        utf16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        message = "not UTF-8 but UTF-16; save it as UTF-8" if utf16 else "not UTF-8"
        raise PackError(message, location=Location(shown, line)) from error


def read_yaml(text: str, shown: str, model: type[_Row]) -> _Row:
    """A YAML file as a document; only plain data, no tags that would build objects.

    Raises:
        PackError: The first fault, with its line.
    """
    made, faults = yaml_document(text, shown, model)
    if made is None:
        hint = "`waspglass pack check` lists all faults of a pack" if len(faults) > 1 else None
        raise PackError(faults[0].message, location=faults[0].location, hint=hint)
    return made


def yaml_document(text: str, shown: str, model: type[_Row]) -> tuple[_Row | None, tuple[PackError, ...]]:
    """A YAML file as a document, or all its faults."""
    try:
        data: object = yaml.load(text, Loader=BoundedLoader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return None, (yaml_fault(error, shown),)
    if not isinstance(data, dict):
        return None, (PackError("must be a mapping of keys to values", location=Location(shown, 1)),)
    try:
        return model.model_validate(data), ()
    except ValidationError as error:
        return None, tuple(
            PackError(
                _told(one["type"], one["msg"]),
                location=Location(shown, field_line(text, one["loc"]), _dotted(one["loc"])),
            )
            for one in error.errors(include_url=False, include_input=False)
        )


def yaml_fault(error: Exception, shown: str) -> PackError:
    """What is wrong with a text that is not YAML."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return PackError(
        f"not valid YAML: {problem}", location=Location(shown, mark.line + 1 if mark is not None else None)
    )


def _told(sort: str, message: str) -> str:
    return _PLAIN.get(sort, message.removeprefix("Value error, "))


def _dotted(path: Sequence[str | int]) -> str | None:
    return ".".join(map(str, path)) or None


def field_line(text: str, path: Sequence[str | int]) -> int | None:
    """The 1-based line on which a key or element of a YAML text stands, or its nearest parent that exists."""
    try:
        return node_line(yaml.compose(text, Loader=BoundedLoader), path)
    except yaml.YAMLError:
        return None


def node_line(node: yaml.Node | None, path: Sequence[str | int]) -> int | None:
    """As `field_line`, of a text that was composed already."""
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


def nodes_of(root: yaml.Node | None) -> Iterator[yaml.Node]:
    """All nodes below one, and it, in the order of the file; what an alias repeats comes once."""
    todo: list[object] = [root]
    seen: set[int] = set()
    while todo:
        node = todo.pop()
        if not isinstance(node, yaml.Node) or id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.SequenceNode):
            todo += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            todo += [part for pair in reversed(node.value) for part in reversed(pair)]


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
    needed = {name for name, field in model.model_fields.items() if field.is_required()}
    for line, cells in table_cells(text, shown, known=frozenset(model.model_fields), needed=frozenset(needed)):
        try:
            rows.append(model.model_validate({name: cell for name, cell in cells.items() if cell}))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            message = "the cell is empty" if first["type"] == "missing" else _told(first["type"], first["msg"])
            raise PackError(message, location=Location(shown, line, _dotted(first["loc"]))) from error
    return tuple(rows)


def table_cells(
    text: str, shown: str, *, known: frozenset[str] | None = None, needed: frozenset[str] = frozenset()
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line and cells of each row of a CSV file with comments and a header row.

    Args:
        text: Content.
        shown: What errors call the file.
        known: Columns that there may be; None for any.
        needed: Columns that there must be.

    Raises:
        PackError: If there is no header, or one with other columns, or a row has more or fewer cells than it.
    """
    lines = text.splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if start is None:
        raise PackError("has no header row", location=Location(shown, 1))
    reader = csv.reader(io.StringIO("".join(lines[start:])), strict=True)
    try:
        names = next(reader)
        strange, lacking = set(names) - (set(names) if known is None else known), needed - set(names)
        if strange or lacking or len(set(names)) < len(names):
            what = [
                *(f"no column {name!r} is known" for name in sorted(strange)),
                *(f"the column {name!r} is missing" for name in sorted(lacking)),
            ]
            message = "; ".join(what[:3]) or "a column stands twice"
            raise PackError(message, location=Location(shown, start + 1))
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
