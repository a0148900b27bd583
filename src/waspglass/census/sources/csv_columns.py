"""Reads CSV as columns by the header's own names, in any order, and a block of lines at once where that can be."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from waspglass.census.errors import ExportError
from waspglass.census.sighting import Tally
from waspglass.census.sources.content import Content
from waspglass.census.sources.csv_rows import CELL_LIMIT, CsvLines, Header
from waspglass.census.sources.lines import Block
from waspglass.model.errors import Location
from waspglass.model.skip import SkipReason

__all__ = ["CsvColumns", "csv_columns"]

_END = "\0end"
"""A line that no export can have, since its null characters are replaced."""
_HELD = 1 << 20
"""Cells and characters of rows that are held; a hostile row has millions."""


@dataclass(frozen=True, slots=True)
class CsvColumns:
    """Some rows of a CSV.

    Attributes:
        numbers: The line at which each row ends.
        cells: The cells by column name in lower case; of two columns with one name the first counts.
    """

    numbers: Sequence[int]
    cells: dict[str, Sequence[str]]

    def get(self, name: str) -> Sequence[str] | None:
        """A column; None if the export does not have it."""
        return self.cells.get(name)

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows one by one, each with its line."""
        for number, row in zip(self.numbers, zip(*self.cells.values(), strict=True), strict=True):
            yield number, dict(zip(self.cells, row, strict=True))

    def texts(self, name: str) -> Sequence[str]:
        """A column; empty texts if the export does not have it."""
        return self.cells.get(name) or [""] * len(self.numbers)


@dataclass
class _Reading:
    """One reading of a content.

    A block is taken at once where each of its lines is a row of the header's width; row by row otherwise, until the
    rows end with a block.
    """

    lines: CsvLines
    tally: Tally
    header: Header
    delimiter: str
    held: list[tuple[int, list[str]]] = field(default_factory=list)
    _size: int = 0
    _narrow: int = 0

    def pieces(self) -> Iterator[CsvColumns]:
        reader = csv.reader(self.lines, delimiter=self.delimiter)
        while True:
            block = self.lines.fresh()
            columns = self._at_once(block) if block is not None and self.header.names else None
            if block is not None and columns is not None:
                yield from self._release()
                yield self._named(range(block.first, block.first + len(columns[0])), columns)
                self.lines.take_all()
                continue
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                self.tally.add(SkipReason.MALFORMED_LINE, f"line {self.lines.number}: {error}")
                continue
            if self.header.admits(row, self.lines.number):
                self.held.append((self.lines.number, row))
                self._size += len(row) + sum(map(len, row))
            if self._size >= _HELD:
                yield from self._release()
        yield from self._release()

    def _at_once(self, block: Block) -> list[tuple[str, ...]] | None:
        """The columns of a block, where that is the same as taking it row by row; None otherwise."""
        if self.lines.encoding != "utf-8":  # in others a line feed may mean something else, or what is before it count
            return None
        try:
            text = block.text.decode().removesuffix("\n")
            lines = [*text.replace("\0", "\ufffd").split("\n"), _END]
            rows = list(csv.reader(lines, delimiter=self.delimiter))
        except (UnicodeDecodeError, csv.Error):
            return None
        # A row that goes over a line feed leaves fewer rows than lines; one that goes over the last has the end in it.
        if rows.pop() != [_END] or len(rows) != text.count("\n") + 1 or {*map(len, rows)} != {len(self.header.names)}:
            return None
        columns = list(zip(*rows, strict=True))
        if "" in columns[0] or self._has_header(columns):
            return None
        return columns

    def _has_header(self, columns: list[tuple[str, ...]]) -> bool:
        """True if the header may be among the rows, told by the column with the fewest different cells."""
        few = {*columns[self._narrow]}
        if len(few) > 50:
            self._narrow = min(range(len(columns)), key=lambda place: len({*columns[place]}))
            few = {*columns[self._narrow]}
        return self.header.names[self._narrow] in {cell.strip().lower() for cell in few}

    def _release(self) -> Iterator[CsvColumns]:
        if self.held:
            yield self._named(
                [number for number, _ in self.held], list(zip(*(row for _, row in self.held), strict=True))
            )
            self.held.clear()
            self._size = 0

    def _named(self, numbers: Sequence[int], columns: list[tuple[str, ...]]) -> CsvColumns:
        return CsvColumns(numbers, dict(zip(reversed(self.header.names), reversed(columns), strict=True)))


def csv_columns(content: Content, tally: Tally, delimiter: str = ",", encoding: str = "utf-8") -> Iterator[CsvColumns]:
    """Yields the rows of a CSV, some at a time.

    A header that is repeated later on (files that were joined) is counted and left out.

    Raises:
        ExportError: If there is no header.
    """
    old_limit = csv.field_size_limit(CELL_LIMIT)
    reading = _Reading(CsvLines(content, tally, encoding), tally, Header(tally, delimiter), delimiter)
    try:
        yield from reading.pieces()
    finally:
        csv.field_size_limit(old_limit)
    if not reading.header.names:
        raise ExportError("there is no header line", location=Location(content.shown, 1))
