"""A loaded pack as JSON and back: what was validated once is not read from YAML and validated again at each start.

Only a store that belongs to the user is trusted (`hunt/cache.py`): documents are built as stored, without validation.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import Enum
from functools import cache
from operator import itemgetter
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Literal, Protocol, Union, get_args, get_origin

import orjson

from waspglass.model.document import Document, parse_instant
from waspglass.packs import based as based_module
from waspglass.packs import exposed as exposed_module
from waspglass.packs import pack as pack_module
from waspglass.packs.based import base_file, bases
from waspglass.packs.pack import Pack

__all__ = ["Store", "folder_key", "pack_from_json", "pack_to_json"]

_NO_KNOWLEDGE = frozenset({"samples", "__pycache__"})
"""Folders that do not change what a pack finds, and so not its digest."""

Maker = Callable[[object], object]


class Store(Protocol):
    """Keeps bytes under a key; what it gives back is what was put there, or None."""

    def get(self, key: str) -> bytes | None:
        """The bytes that were put under the key."""
        ...

    def put(self, key: str, body: bytes) -> None:
        """Keeps the bytes."""
        ...


def folder_key(folder: Path) -> str | None:
    """A digest of what tells whether a file of a pack was changed: names, sizes, times of content and of inode.

    None if the folder cannot be listed. This program's own idea of a pack is part of the key.
    """
    whole = hashlib.sha256()
    try:
        for path, state in sorted(_states(str(folder)), key=itemgetter(0)):
            row = (path, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
            whole.update(repr(row).encode("utf-8", "surrogatepass"))
    except OSError:
        return None
    return whole.hexdigest()


def _states(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    modules = (__file__, pack_module.__file__, based_module.__file__, exposed_module.__file__)
    for own in (*modules, *map(str, map(base_file, bases()))):
        yield own, Path(own).stat()
    pending = [folder]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.name in _NO_KNOWLEDGE or entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    yield entry.path, entry.stat()


def pack_to_json(pack: Pack) -> bytes:
    """The pack as JSON."""
    return pack.model_dump_json().encode("utf-8", "surrogatepass")


def pack_from_json(stored: bytes) -> Pack | None:
    """The pack that was stored; None if it is not one."""
    try:
        made = _maker(Pack)(orjson.loads(stored))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return made if isinstance(made, Pack) else None


@cache
def _maker(kind: object) -> Maker:
    """What makes a value of this type out of its JSON."""
    if isinstance(kind, type) and issubclass(kind, Document):
        return _document(kind)
    if kind is datetime:
        return lambda value: parse_instant(str(value))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _maker(parts[0])
    if origin in (Union, UnionType):
        (one,) = (part for part in parts if part is not NoneType)
        inner = _maker(one)
        return inner if inner is _as_it_is else lambda value: None if value is None else inner(value)
    if origin is tuple:
        item = _maker(parts[0])
        return _tuple if item is _as_it_is else lambda value: tuple(map(item, _list(value)))
    if origin is dict:
        entry = _maker(parts[1])
        return _as_it_is if entry is _as_it_is else lambda value: {name: entry(one) for name, one in _items(value)}
    if origin is Literal or kind in (str, int, float, bool):
        return _as_it_is
    msg = f"nothing is known of how to store {kind!r}"
    raise TypeError(msg)


def _document(kind: type[Document]) -> Maker:
    types: dict[str, object] = {name: field.annotation for name, field in kind.model_fields.items()}
    makers = {name: _maker(one) for name, one in types.items()}
    special = {name: maker for name, maker in makers.items() if maker is not _as_it_is}

    def make(value: object) -> object:
        cells = dict(_items(value))
        for name, maker in special.items():
            cells[name] = maker(cells[name])
        return kind.model_construct(None, **cells)

    return make


def _as_it_is(value: object) -> object:
    return value


def _tuple(value: object) -> object:
    return tuple(_list(value))


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        msg = "not a list"
        raise TypeError(msg)
    return value


def _items(value: object) -> Iterable[tuple[str, object]]:
    if not isinstance(value, dict):
        msg = "not a mapping"
        raise TypeError(msg)
    return value.items()
