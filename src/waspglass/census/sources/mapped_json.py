"""JSON lines in which the user declares where our fields are (`mapping.py`): scanners without a reader here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import msgspec
import polars as pl

from waspglass.census.sighting import Tally
from waspglass.census.sources.content import Content
from waspglass.census.sources.declared import Declared
from waspglass.census.sources.json_array import wrapped_in
from waspglass.census.sources.json_lines import decode_lines
from waspglass.census.sources.source import Head
from waspglass.model.skip import SkipReason

__all__ = ["MappedJson", "value_at"]

Record = dict[str, object]


def value_at(record: object, path: str) -> object:
    """The value at a path of names with dots between them; None if there is none.

    A name may have dots itself (`app.http.title` in one key). Of a list on the way, the values of all its elements, or
    the elements of these values where they are lists themselves.
    """
    if isinstance(record, dict):
        if path in record:
            return record[path]
        for name, rest in _splits(path):
            if name in record and (value := value_at(record[name], rest)) is not None:
                return value
    elif isinstance(record, list):
        values = (value_at(each, path) for each in record if isinstance(each, dict))
        found = [one for each in values if each is not None for one in (each if isinstance(each, list) else [each])]
        return found or None
    return None


@cache
def _splits(path: str) -> tuple[tuple[str, str], ...]:
    """A path cut at each of its dots in turn."""
    places = (place for place, sign in enumerate(path) if sign == ".")
    return tuple((path[:place], path[place + 1 :]) for place in places)


@dataclass
class _Lookup:
    """Where one sighting's values are: in the element of the list, else in the record; remembers which paths led on."""

    record: Record
    element: object
    met: set[str] = field(default_factory=set)

    def __call__(self, path: str) -> object:
        value = value_at(self.element, path)
        if value is None and self.element is not self.record:
            value = value_at(self.record, path)
        if value is not None:
            self.met.add(path)
        return value


class MappedJson(Declared):
    """Reads JSON lines by a declared mapping."""

    def recognises(self, head: Head) -> bool:
        """A line has something at the path declared for the address.

        Of an answer to a search that is longer than the head, the path's last name must be there.
        """
        lines = head.start.strip().split(b"\n")
        records = [each for each in map(_decoded, lines) if each is not None]
        if not records and len(lines) == 1:
            names = (path.rpartition(".")[2] for path in self.mapping.places["address"])
            return any(f'"{name}"'.encode() in lines[0] for name in names)
        return any(self._shows_address(record) for each in records for record in self._records(each))

    def read(self, content: Content, head: Head, tally: Tally) -> Iterator[pl.DataFrame]:  # noqa: ARG002
        """Yields the rows; see `Source.read`. A path that leads nowhere in the whole export is told."""
        met: set[str] = set()
        yield from self.frames(self._sightings(content, tally, met))
        for paths in self.mapping.declared if met else ():
            if met.isdisjoint(paths):
                tally.add(SkipReason.MISSING_FIELD, f"no record has a value at {' or '.join(paths)}")

    def _sightings(self, content: Content, tally: Tally, met: set[str]) -> Iterator[tuple[int, _Lookup]]:
        """The line of each sighting, and where its values are."""
        for number, line in decode_lines(content, Record, tally):
            for record in self._records(line):
                if not isinstance(record, dict):
                    tally.add(SkipReason.MALFORMED_LINE, f"line {number}: among its records one that is no object")
                    continue
                elements = self._elements(record)
                if not elements:
                    tally.add(SkipReason.EMPTY, f"line {number}: nothing in {self.mapping.each}")
                for element in elements:
                    yield number, _Lookup(record, element, met)

    def _records(self, line: Record) -> list[object]:
        """The record of a line, or those that an answer to a search wraps."""
        if not self._shows_address(line) and any(map(self._shows_address, wrapped := wrapped_in(line))):
            return wrapped
        return [line]

    def _shows_address(self, record: object) -> bool:
        if not isinstance(record, dict):
            return False
        paths = self.mapping.places["address"]
        elements = self._elements(record)
        return any(_Lookup(record, each)(path) is not None for each in elements for path in paths)

    def _elements(self, record: Record) -> list[object]:
        """The elements of the declared list, or the record itself."""
        if self.mapping.each is None:
            return [record]
        found = value_at(record, self.mapping.each)
        return found if isinstance(found, list) else []


def _decoded(line: bytes) -> Record | None:
    try:
        return msgspec.json.decode(line, type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
