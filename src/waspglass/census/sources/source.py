"""The seam of the census: what a scan export is to the reader of its format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import polars as pl

from waspglass.census.sighting import Tally, raw_frame
from waspglass.census.signs import Signs, load_signs
from waspglass.census.sources.content import Content
from waspglass.census.sources.lines import Block

__all__ = ["BATCH_ROWS", "Head", "LineSource", "Reader", "Source", "port_of", "row_frames"]

BATCH_ROWS = 65_536
"""Rows that a reader collects before it hands them over; bounds memory."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a format is recognised by.

    Attributes:
        name: File name without folder and without the ending of its packing.
        start: The first bytes of the content, at most 256 KiB: a page of 60 KB can stand before what names the format.
            In UTF-8 and without a mark, if the content has a mark.
    """

    name: str
    start: bytes

    @property
    def line(self) -> bytes:
        """The first line that has something in it."""
        return self.start.lstrip().split(b"\n", 1)[0]


class Source(Protocol):
    """A reader of one export format.

    Attributes:
        format: Word for `--source` and for messages.
    """

    format: ClassVar[str]

    def recognises(self, head: Head) -> bool:
        """True if the content is of this format; the name may help but never decides alone."""
        ...

    def feed(self, head: Head) -> str:
        """What the rows are filed under: the format, with the report type where it has several."""
        ...

    def read(self, content: Content, head: Head, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yields frames of schema `RAW`; whatever cannot be read goes to the tally.

        Raises:
            ExportError: If the export as a whole cannot be used.
        """
        ...


@runtime_checkable
class LineSource(Source, Protocol):
    """A reader of a format whose lines stand for themselves, so that blocks of them can be read apart."""

    def frame(self, blocks: Iterable[Block], tally: Tally) -> pl.DataFrame | None:
        """The rows of some blocks as one frame; None if there are none."""
        ...


class Reader:
    """What the readers share.

    Args:
        signs: How products are recognised; by default those of the packs of this program.
    """

    format: ClassVar[str]

    def __init__(self, signs: Signs | None = None) -> None:
        self._signs = load_signs() if signs is None else signs

    def feed(self, head: Head) -> str:  # noqa: ARG002 - part of the seam
        """All of a format is one feed, where nothing else is said."""
        return self.format


def port_of(text: str) -> int | None:
    """The port that a text is; None for anything else."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None


def row_frames(columns: Sequence[str], found: Iterable[Sequence[tuple[object, ...]]]) -> Iterator[pl.DataFrame]:
    """Raw frames of at least `BATCH_ROWS` rows, but for the last, from the rows that a reader finds some at a time."""
    rows: list[tuple[object, ...]] = []
    for each in found:
        rows += each
        if len(rows) >= BATCH_ROWS:
            yield _frame(columns, rows)
            rows = []
    if rows:
        yield _frame(columns, rows)


def _frame(columns: Sequence[str], rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return raw_frame(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)))
