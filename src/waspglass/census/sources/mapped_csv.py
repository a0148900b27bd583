"""A plain CSV whose columns the user declares (`mapping.py`), for lists that no scanner format describes."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from waspglass.census.errors import ExportError
from waspglass.census.sighting import Tally
from waspglass.census.sources.content import Content
from waspglass.census.sources.csv_columns import csv_columns
from waspglass.census.sources.csv_rows import header_of
from waspglass.census.sources.declared import Declared
from waspglass.census.sources.source import Head
from waspglass.model.errors import Location

__all__ = ["MappedCsv"]


class MappedCsv(Declared):
    """Reads a CSV by a declared mapping."""

    def recognises(self, head: Head) -> bool:
        """The header has the column declared for the address."""
        return not set(self._header(head)).isdisjoint(self.mapping.places["address"])

    def _header(self, head: Head) -> list[str]:
        return header_of(head.line, self.mapping.delimiter, self.mapping.encoding)

    def read(self, content: Content, head: Head, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yields the rows; see `Source.read`.

        Raises:
            ExportError: If the header lacks a declared column.
        """
        mapping = self.mapping
        header = set(self._header(head))
        missing = sorted(" or ".join(names) for names in mapping.declared if header.isdisjoint(names))
        if missing:
            raise ExportError(f"no column {', '.join(missing)}", location=Location(content.shown, 1))
        pieces = csv_columns(content, tally, mapping.delimiter, mapping.encoding)
        yield from self.frames((number, cells.get) for piece in pieces for number, cells in piece.rows())
