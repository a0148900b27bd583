"""The lines of a CSV for Python's reader, its header, and which rows fit under it; those that do not are counted."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator

from waspglass.census.sighting import Tally
from waspglass.census.sources.content import Content
from waspglass.census.sources.lines import Block, whole_lines
from waspglass.model.escape import bounded
from waspglass.model.skip import SkipReason

__all__ = ["CELL_LIMIT", "CsvLines", "Header", "delimiter_of", "header_of"]

CELL_LIMIT = 1 << 20
"""A row with a longer cell is skipped."""


def header_of(line: bytes, delimiter: str = ",", encoding: str = "utf-8") -> list[str]:
    """The column names of a CSV from `Head.line`, in lower case; empty if there is no text header."""
    try:
        row = next(csv.reader([line.decode(_handed_over(encoding)).strip("\r")], delimiter=delimiter), [])
    except (UnicodeDecodeError, csv.Error):
        return []
    return [name.strip().lower() for name in row]


def delimiter_of(header: str) -> str:
    """What separates the columns of a header: a comma, or what spreadsheets in German save in its place."""
    return max(",;\t", key=header.count)


def _handed_over(encoding: str) -> str:
    """Content with a mark of UTF-16 is handed over as UTF-8."""
    return "utf-8" if encoding.startswith("utf-16") else encoding


class CsvLines:
    """The lines of a content for the CSV module, block by block; remembers the number of the line handed over last."""

    def __init__(self, content: Content, tally: Tally, encoding: str = "utf-8") -> None:
        self.number = 0
        self._tally = tally
        self.encoding = _handed_over(encoding)
        self._blocks = whole_lines(content, tally)
        self._fresh: Block | None = None
        self._left: list[bytes] = []

    def fresh(self) -> Block | None:
        """The next block; None if there are lines left of the one before, or no more blocks."""
        if self._fresh is None and not self._left:
            self._fresh = next(self._blocks, None)
        return self._fresh

    def take_all(self) -> None:
        """The fresh block was read otherwise."""
        self._fresh = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while True:
            block = self.fresh()
            if block is not None:
                self._left, self._fresh, self.number = block.lines()[::-1], None, block.first - 1
            if not self._left:
                raise StopIteration
            self.number += 1
            try:
                return self._left.pop().decode(self.encoding).replace("\0", "\ufffd") + "\n"
            except UnicodeDecodeError as error:
                fault = f"line {self.number}: not {self.encoding}: {error.reason}"
                self._tally.add(SkipReason.MALFORMED_LINE, fault)


class Header:
    """The first row of a CSV, and which of the others are rows under it; what is none is counted.

    Attributes:
        names: Of the columns, in lower case; empty before the first row.
    """

    def __init__(self, tally: Tally, delimiter: str = ",") -> None:
        self.names: list[str] = []
        self._tally = tally
        self._delimiter = delimiter

    def admits(self, row: list[str], number: int) -> bool:
        """Takes the first row for the header; True for a row of as many cells as that has.

        Args:
            row: Its cells.
            number: The line that it ends in.
        """
        if not any(row):
            return False
        names = [name.strip().lower() for name in row] if len(row) == len(self.names) or not self.names else row
        if not self.names:
            self.names = names
            _report_twins(names, self._tally)
            if any("\n" in name for name in names):
                self._tally.add(SkipReason.MALFORMED_LINE, "line 1: a quote that is not closed", _lines_of(row))
        elif names == self.names:
            self._tally.add(SkipReason.MALFORMED_LINE, f"line {number}: the header again")
        elif len(row) != len(self.names) or _swallows(row, self._delimiter):
            self._tally.add(SkipReason.MALFORMED_LINE, _misfit(number, row, self.names), _lines_of(row))
        else:
            return True
        return False


def _swallows(row: list[str], delimiter: str) -> bool:
    """True if a cell holds another row: its quote was not closed.

    Rows that are swallowed whole have no quotes, and so as many delimiters as this; in the last a quote ends the cell.
    """
    rest = len(row) - 1
    for lines in (cell.split("\n")[1:] for cell in row if "\n" in cell):
        if 0 < rest <= lines[-1].count(delimiter) or 0 < rest in {line.count(delimiter) for line in lines}:
            return True
    return False


def _lines_of(row: list[str]) -> int:
    """How many lines a row went over: a quote that is never closed swallows what follows."""
    return 1 + sum(cell.removesuffix("\n").count("\n") for cell in row)


def _misfit(number: int, row: list[str], header: list[str]) -> str:
    """How a row that does not fit is counted."""
    fault = f"{len(row)} cells for {len(header)} columns" if len(row) != len(header) else "a quote that is not closed"
    return f"line {number}: {fault}: {bounded(','.join(row), 60)}"


def _report_twins(header: list[str], tally: Tally) -> None:
    """Counts columns that are named twice."""
    twins = sorted(name for name, count in Counter(header).items() if count > 1)
    if twins:
        tally.add(SkipReason.MISSING_FIELD, f"line 1: columns named twice, the first counts: {', '.join(twins)}")
