"""A plain CSV whose columns the user declares (`mapping.py`), for lists that no scanner format describes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import polars as pl

from waspglass.census.errors import ExportError
from waspglass.census.sighting import RAW, Tally, raw_frame
from waspglass.census.signs import Signs, load_signs
from waspglass.census.sources.content import Content
from waspglass.census.sources.csv_rows import csv_rows, header_of
from waspglass.census.sources.declared import declared_sighting
from waspglass.census.sources.mapping import Mapping
from waspglass.census.sources.source import BATCH_ROWS, Head
from waspglass.model.errors import Location

__all__ = ["MappedCsv"]


class MappedCsv:
    """Reads a CSV by a declared mapping; asked for with `--mapping`."""

    format: ClassVar[str] = "table"

    def __init__(self, mapping: Mapping, signs: Signs | None = None) -> None:
        self.mapping = mapping
        self._signs = load_signs() if signs is None else signs

    def recognises(self, head: Head) -> bool:
        """The header has the column declared for the address."""
        return self.mapping.columns["address"].lower() in self._header(head)

    def _header(self, head: Head) -> list[str]:
        return header_of(head.start, self.mapping.delimiter, self.mapping.encoding)

    def feed(self, head: Head) -> str:  # noqa: ARG002 - part of the seam
        """`table.NAME`."""
        return f"table.{self.mapping.name}"

    def read(self, content: Content, head: Head, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yields the rows; see `Source.read`.

        Raises:
            ExportError: If the header lacks a declared column.
        """
        mapping = self.mapping
        missing = sorted({column.lower() for column in mapping.declared} - {*self._header(head)})
        if missing:
            raise ExportError(f"no column {', '.join(missing)}", location=Location(content.shown, 1))
        columns: dict[str, list[object]] = {name: [] for name in RAW.names}
        for number, cells in csv_rows(content, tally, delimiter=mapping.delimiter, encoding=mapping.encoding):
            row = declared_sighting(mapping, self._signs, partial(_cell, cells))
            row["line"] = number
            for name, values in columns.items():
                values.append(row.get(name))
            if len(columns["address"]) >= BATCH_ROWS:
                yield raw_frame(columns)
                columns = {name: [] for name in RAW.names}
        if columns["address"]:
            yield raw_frame(columns)


def _cell(cells: dict[str, str], column: str) -> str | None:
    return cells.get(column.lower())
