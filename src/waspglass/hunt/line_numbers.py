"""Line numbers of hits. A line is counted only if a hit needs its number: most logs have no hit at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO

from waspglass.hunt.blocks import BLOCK, Block
from waspglass.hunt.collect import Hit

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Counter", "lines_at", "number_lines"]

_FEW = 64 << 20
"""Bytes up to which it costs more to load numpy than it saves."""


class _LineFeeds:
    """Counts line feeds; the buffer for the comparison is kept, since to get a new one costs more than to compare."""

    def __init__(self) -> None:
        self._counted = 0
        self._equal: npt.NDArray[np.bool_] | None = None

    def count(self, data: memoryview | bytes) -> int:
        if self._counted < _FEW:
            self._counted += len(data)
            return bytes(data).count(b"\n")
        import numpy as np

        if self._equal is None:
            self._equal = np.empty(BLOCK, dtype=np.bool_)
        total = 0
        for start in range(0, len(data), BLOCK):
            piece = np.frombuffer(data[start : start + BLOCK], dtype=np.uint8)
            total += int(np.count_nonzero(np.equal(piece, 10, out=self._equal[: len(piece)])))
        return total


@dataclass(slots=True)
class Counter:
    """Counts the lines of a stream that cannot be read again, while it is scanned.

    Attributes:
        total: Line feeds before the next block.
        lines: Offset of a hit -> its line.
    """

    total: int = 0
    lines: dict[int, int] = field(default_factory=dict)
    _feeds: _LineFeeds = field(default_factory=_LineFeeds)

    def add(self, block: Block, hits: Sequence[Hit]) -> None:
        """Counts a block and numbers the hits in it."""
        shift = block.start - block.offset
        self.total += block.too_long
        at = block.start
        for offset in _offsets(hits):
            self.total += self._feeds.count(block.view[at : offset + shift])
            at = offset + shift
            self.lines[offset] = self.total + 1
        self.total += self._feeds.count(block.view[at : block.end])


def _offsets(hits: Sequence[Hit]) -> list[int]:
    return sorted({hit.place.offset for hit in hits if hit.place.offset is not None})


def lines_at(stream: BinaryIO, hits: Sequence[Hit]) -> dict[int, int]:
    """Offset of each hit -> its line, read from a local file once more, as far as the last hit."""
    lines: dict[int, int] = {}
    feeds, pieces, total = _LineFeeds(), _pieces(stream), 0
    piece, base, at = memoryview(b""), 0, 0
    for offset in _offsets(hits):
        while offset > base + len(piece):
            total, base, at = total + feeds.count(piece[at:]), base + len(piece), 0
            piece = memoryview(next(pieces, b""))
            if not piece:  # somebody made the file shorter
                return lines
        total, at = total + feeds.count(piece[at : offset - base]), offset - base
        lines[offset] = total + 1
    return lines


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    while piece := stream.read(BLOCK):
        yield piece


def number_lines(hits: Sequence[Hit], lines: dict[int, int]) -> list[Hit]:
    """The hits with their lines."""
    return [
        replace(hit, place=replace(hit.place, line=lines[hit.place.offset])) if hit.place.offset in lines else hit
        for hit in hits
    ]
