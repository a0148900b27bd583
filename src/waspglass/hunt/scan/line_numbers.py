"""Line numbers of hits. Counting is felt beside the search: it is done where hits are, and caught up on later."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter

from waspglass.hunt.outcome.collect import Hit
from waspglass.hunt.scan.blocks import Block

__all__ = ["Counter", "number_lines"]

_FEW = 64 << 20
"""Bytes up to which it costs more to load numpy than it saves."""
_PIECE = 256 << 10
"""Bytes that are read again at once."""
_QUIET = 64 << 20
"""Bytes without a hit after which lines are not counted any more until there is one. To count a block that was just
searched takes a third of the time that it takes to read it again, so each catching up makes the next quiet longer."""
_PATIENCE = 8
"""Bytes by which the quiet grows for each that was read again."""


class _LineFeeds:
    """Counts line feeds."""

    def __init__(self) -> None:
        self._counted = 0

    def count(self, data: memoryview | bytes) -> int:
        if self._counted < _FEW:
            self._counted += len(data)
            return bytes(data).count(b"\n")
        import numpy as np

        return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == 10))


@dataclass(slots=True)
class Counter:
    """Numbers the lines of hits while a log is scanned.

    Attributes:
        descriptor: Of a local file, which can be read at any place; None for a stream, of which every line is counted.
        marks: Offsets up to which lines were counted, and how many, for the next pass over the same file.
        lines: Offset of a hit -> its line, from 1.
    """

    descriptor: int | None = None
    marks: list[tuple[int, int]] = field(default_factory=list)
    lines: dict[int, int] = field(default_factory=dict)
    _total: int = 0
    _counted: int = 0
    _last: int = 0
    _quiet: int = field(default_factory=lambda: _QUIET)
    _again: bool = False
    _feeds: _LineFeeds = field(default_factory=_LineFeeds)

    def __post_init__(self) -> None:
        self._again = bool(self.marks)

    def add(self, block: Block, hits: Sequence[Hit]) -> None:
        """Takes note of a block, in the order of the file, and numbers the hits in it."""
        end = block.offset + block.end - block.start
        if self.descriptor is None:
            self._total, self._counted = self._total + block.too_long, block.offset
        elif not hits and (self._again or self._counted < block.offset or block.offset - self._last > self._quiet):
            return
        elif self._counted < block.offset:
            self._catch_up(self.descriptor, block.offset)
        if hits:
            self._last = end
        shift, at = block.start - block.offset, block.start
        for offset in sorted({hit.place.offset for hit in hits if hit.place.offset is not None}):
            self._total += self._feeds.count(block.view[at : offset + shift])
            at = offset + shift
            self.lines[offset] = self._total + 1
        self._total, self._counted = self._total + self._feeds.count(block.view[at : block.end]), end
        if self.descriptor is not None and (not self.marks or end > self.marks[-1][0]):
            self.marks.append((end, self._total))

    def _catch_up(self, descriptor: int, end: int) -> None:
        """Counts up to an offset; too few lines where somebody made the file shorter."""
        known = self.marks[bisect_right(self.marks, end, key=itemgetter(0)) - 1] if self.marks else (0, 0)
        if self._counted < known[0] <= end:
            self._counted, self._total = known
        self._quiet += _PATIENCE * (end - self._counted)
        while self._counted < end:
            piece = os.pread(descriptor, min(_PIECE, end - self._counted), self._counted)
            if not piece:
                break
            self._total, self._counted = self._total + self._feeds.count(piece), self._counted + len(piece)


def number_lines(hits: Sequence[Hit], counter: Counter) -> list[Hit]:
    """The hits with their lines."""
    lines = counter.lines
    return [
        replace(hit, place=replace(hit.place, line=lines[hit.place.offset])) if hit.place.offset in lines else hit
        for hit in hits
    ]
