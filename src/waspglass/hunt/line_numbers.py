"""Line numbers of hits: lines are counted block by block, while the block is still in the processor's cache."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from waspglass.hunt.blocks import Block
from waspglass.hunt.collect import Hit

__all__ = ["Counter", "number_lines"]


def _line_feeds(data: memoryview | bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == 10))


@dataclass(slots=True)
class Counter:
    """Counts the lines of a stream while it is scanned.

    Attributes:
        total: Line feeds before the next block.
        lines: Offset of a hit -> its line.
    """

    total: int = 0
    lines: dict[int, int] = field(default_factory=dict)

    def add(self, block: Block, hits: Iterable[Hit]) -> None:
        """Counts a block and numbers the hits in it."""
        shift = block.start - block.offset
        self.total += block.too_long
        for hit in hits:
            if hit.place.offset is not None:
                inside = _line_feeds(block.view[block.start : hit.place.offset + shift])
                self.lines[hit.place.offset] = self.total + inside + 1
        self.total += _line_feeds(block.view[block.start : block.end])


def number_lines(hits: Sequence[Hit], counter: Counter) -> list[Hit]:
    """The hits with their lines."""
    lines = counter.lines
    return [
        replace(hit, place=replace(hit.place, line=lines[hit.place.offset])) if hit.place.offset in lines else hit
        for hit in hits
    ]
