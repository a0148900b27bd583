"""A sighting from a record whose fields the user declared: as texts, and with what its answer shows of the product."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import ClassVar

import polars as pl

from waspglass.census.sighting import RAW, raw_frame
from waspglass.census.signs import Sign, Signs
from waspglass.census.sources.mapping import SHOWN, Mapping
from waspglass.census.sources.source import BATCH_ROWS, Head, Reader, port_of

__all__ = ["Declared", "Values", "declared_sighting"]

Values = Callable[[str], object]
"""The value in a column or at a path: a text, or what JSON has; None if there is none."""

_PLAIN = frozenset(
    "address transport country region city asn network organisation sector server_name url".split()  # noqa: SIM905
)

_HOST = re.compile(r"^(?:[A-Za-z]+://)?([^/:]+)(?::\d+)?(?:/.*)?$")
"""`https://mail.example.org:8443/owa/` and `mail.example.org:8443`."""
_HELD_ROWS = 1024
_NESTED: dict[str, type] = {"unknown": list, "headers": dict}
"""Under which names headers stand among headers: of ZGrab2 those that it does not know, of BinaryEdge all."""


class Declared(Reader):
    """What the readers of a declared list share; asked for with `--mapping`."""

    format: ClassVar[str] = "table"

    def __init__(self, mapping: Mapping, signs: Signs | None = None) -> None:
        super().__init__(signs)
        self.mapping = mapping

    def feed(self, head: Head) -> str:  # noqa: ARG002 - part of the seam
        """`table.NAME`."""
        return f"table.{self.mapping.name}"

    def frames(self, records: Iterable[tuple[int, Values]]) -> Iterator[pl.DataFrame]:
        """The sightings of records, each with its line, in batches."""
        columns: defaultdict[str, list[object]] = defaultdict(list)
        rows = ({**declared_sighting(self.mapping, self._signs, value), "line": number} for number, value in records)
        while held := list(islice(rows, _HELD_ROWS)):
            for name in RAW.names:
                columns[name] += [row.get(name) for row in held]
            if len(columns["address"]) >= BATCH_ROWS:
                yield raw_frame(columns)
                columns.clear()
        if columns:
            yield raw_frame(columns)


def declared_sighting(mapping: Mapping, signs: Signs, value: Values) -> dict[str, object]:
    """The fields of one sighting; those that the declaration leaves out are absent."""
    found = {field: _first(value, places) for field, places in mapping.places.items()}
    get: Values = found.get
    row: dict[str, object] = {field: _text(told) for field, told in found.items() if field in _PLAIN}
    seen = _text(get("seen"))
    row["seen"] = None if seen is None else mapping.moment(seen)
    row["port"] = port_of(_text(get("port")) or "")
    row["certificate"] = (_text(get("certificate")) or "").replace(":", "") or None
    row["names"] = [name for text in _texts(get("names")) for name in _names(text)]
    sign = _sign(mapping, signs, get)
    row["product"] = mapping.product if sign is None else sign.product
    if sign is not None:
        row["version"], row["version_from"] = sign.version, sign.origin
        row["server_name"] = row.get("server_name") or sign.server_name
    version = _text(get("version"))
    if version is not None:
        row["version"], row["version_from"] = version, "field"
    if mapping.tested is not None:
        told = _text(value(mapping.tested.column))
        row["verified"] = [mapping.tested.cve] if told in mapping.tested.vulnerable else None
        row["refuted"] = [mapping.tested.cve] if told in mapping.tested.patched else None
    if mapping.compromised is not None:
        told = _text(value(mapping.compromised.column))
        row["compromise"] = told if told in mapping.compromised.values else None
    return row


def _first(value: Values, places: tuple[str, ...]) -> object:
    found = map(value, places)
    return next((one for one in found if one is not None and not (isinstance(one, str) and not one.strip())), None)


def _sign(mapping: Mapping, signs: Signs, get: Values) -> Sign | None:
    """What the answer shows; nothing of a product other than the declared one."""
    if mapping.columns.keys().isdisjoint(SHOWN):
        return None
    head, page = _head(get("head")), _text(get("page")) or ""
    sign = signs.read(head, page) if head or page else None
    if sign is None:
        sign = signs.told(_text(get("title")), list(_texts(get("cpe"))), head)
    return None if sign is None or mapping.product not in (None, sign.product) else sign


def _texts(value: object) -> Iterator[str]:
    """The texts of a value or of the elements of a list; truths and numbers as JSON writes them."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, bool):
            yield "true" if each else "false"
        elif isinstance(each, float) and each.is_integer():
            yield str(int(each))
        elif isinstance(each, int | float):
            yield str(each)
        elif isinstance(each, str) and (text := each.strip()):
            yield text


def _text(value: object) -> str | None:
    """The first of its texts; nearly all are of a CSV, and plain."""
    if value is None or isinstance(value, str):
        return (value or "").strip() or None
    return next(_texts(value), None)


def _names(text: str) -> list[str]:
    """The host names of a list in one text, also of what a scanner was pointed at."""
    names = text.replace(";", " ").replace(",", " ").split()
    return [_HOST.sub(r"\1", name) for name in names] if ":" in text else names


def _head(value: object) -> str:
    """Response headers as lines, from the ways in which scanners write them.

    A raw head; `{"X_OWA_Version": ["15.1..."]}`, also with `{"headers": [...]}` for the list; a list of
    `{"key": ..., "value": ...}`, also under `unknown` as ZGrab2 has it, or all under `headers` as BinaryEdge has it.
    """
    if isinstance(value, str):
        return f"\n{value}"
    return "".join(f"\n{name.replace('_', '-')}: {text}" for name, text in _headers(value))


def _headers(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, held in value.items():
            if isinstance(held, _NESTED.get(name, ())):
                yield from _headers(held)
            elif (text := _text(held.get("headers") if isinstance(held, dict) else held)) is not None:
                yield str(name), text
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, dict):
                name, text = _text(each.get("key") or each.get("name")), _text(each.get("value"))
                if name is not None and text is not None:
                    yield name, text
            elif isinstance(each, str) and ":" in each:
                name, _, text = each.partition(":")
                yield name.strip(), text.strip()
