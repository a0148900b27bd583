"""Checks of a pack's data files: they fit their schema, and each says what it must."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import yaml

from waspglass.model.document import Document
from waspglass.model.errors import PackError
from waspglass.model.path_status import is_file, status_of
from waspglass.packs.folder import SOURCES, TABLES, YAML_FILES, PackHead, is_of_a_tool, is_outside
from waspglass.packs.issue import PackIssue, Severity
from waspglass.packs.located import nodes_of, read_table, read_text, table_cells, yaml_document, yaml_fault
from waspglass.packs.yaml_loader import BoundedLoader

__all__ = ["file_issues"]

_NEEDED = frozenset({"pack.yml", "artefacts.yml"})
_FOLDERS: dict[str, frozenset[str] | None] = {**SOURCES, "samples": None, "__pycache__": None}
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*(?: (?:AND|OR|WITH) [A-Za-z0-9][A-Za-z0-9.+-]*)*")


def file_issues(folder: Path) -> Iterator[PackIssue]:
    """Faults of the data files; rules and facts have checks of their own."""
    for name, model in YAML_FILES.items():
        if status_of(folder / name):
            yield from _yaml_issues(folder, name, model)
        elif name in _NEEDED:
            yield PackIssue(name, None, Severity.ERROR, "schema", "the file is missing")
    for name, row in TABLES.items():
        if status_of(folder / name):
            yield from _table_issues(folder, name, row)
    yield from _licence(folder)
    yield from _stray_files(folder)


def _issue(name: str, fault: PackError) -> PackIssue:
    where = fault.location
    field = f"{where.field}: " if where is not None and where.field else ""
    line = where.line if where is not None else None
    return PackIssue(name, line, Severity.ERROR, "schema", f"{field}{fault.message}")


def _yaml_issues(folder: Path, name: str, model: type[Document]) -> Iterator[PackIssue]:
    try:
        text = read_text(folder / name, name)
    except PackError as fault:
        yield _issue(name, fault)
        return
    _, faults = yaml_document(text, name, model)
    yield from (_issue(name, fault) for fault in faults)
    yield from duplicate_keys(name, text)


def duplicate_keys(name: str, text: str) -> Iterator[PackIssue]:
    """Keys that stand twice in one mapping: YAML readers silently keep the last."""
    try:
        roots = list(yaml.compose_all(text, Loader=BoundedLoader))
    except yaml.YAMLError as error:
        yield _issue(name, yaml_fault(error, name))
        return
    for node in chain.from_iterable(map(nodes_of, roots)):
        if not isinstance(node, yaml.MappingNode):
            continue
        keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key, count in Counter(one.value for one in keys).items():
            if count > 1:
                line = [one for one in keys if one.value == key][-1].start_mark.line + 1
                yield PackIssue(name, line, Severity.ERROR, "duplicate-key", f"the key {key!r} stands {count} times")


def _table_issues(folder: Path, name: str, model: type[Document]) -> Iterator[PackIssue]:
    try:
        text = read_text(folder / name, name)
        for line, cells in table_cells(text, name):
            if cells.get("confidence") in ("unverified", "recall"):
                message = "an unverified row is no fact that can be shipped"
                yield PackIssue(name, line, Severity.ERROR, "unverified", message)
            if "source" in cells and not cells["source"]:
                severity = Severity.WARNING if name == "builds.csv" else Severity.ERROR
                yield PackIssue(name, line, severity, "source", "the row names no source")
        read_table(text, name, model)
    except PackError as fault:
        yield _issue(name, fault)


def _licence(folder: Path) -> Iterator[PackIssue]:
    if not status_of(folder / "pack.yml"):
        return
    try:
        head, _ = yaml_document(read_text(folder / "pack.yml", "pack.yml"), "pack.yml", PackHead)
    except PackError:
        return
    if head is None:
        return
    if not _SPDX.fullmatch(head.licence):
        message = f"{head.licence!r} is no SPDX licence expression"
        yield PackIssue("pack.yml", None, Severity.ERROR, "licence", message)
    if head.id != folder.resolve().name:
        message = f"the id {head.id!r} is not the folder's name"
        yield PackIssue("pack.yml", None, Severity.WARNING, "id", message)
    if head.known_good is not None and is_outside(folder, head.known_good):
        message = f"the file {head.known_good!r} lies outside of the pack"
        yield PackIssue("pack.yml", None, Severity.ERROR, "known-good", message)
    elif head.known_good is not None and not is_file(folder / head.known_good):
        message = f"there is no file {head.known_good!r} of known-good hashes"
        yield PackIssue("pack.yml", None, Severity.ERROR, "known-good", message)


def _stray_files(folder: Path) -> Iterator[PackIssue]:
    known = {*YAML_FILES, *TABLES, "known_good.bin", "README.md", "LICENSE", "NOTICE"}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            message = "a link that leads out of the pack"
            yield PackIssue(inside.as_posix(), None, Severity.ERROR, "link", message)
            continue
        if is_of_a_tool(inside) or not path.is_file() or inside.as_posix() in known:
            continue
        suffixes = _FOLDERS.get(inside.parts[0], frozenset()) if len(inside.parts) > 1 else frozenset()
        if suffixes is not None and path.suffix not in suffixes:
            yield PackIssue(inside.as_posix(), None, Severity.WARNING, "stray-file", "nothing reads this file")
