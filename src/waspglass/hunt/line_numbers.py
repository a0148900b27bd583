"""Line numbers of hits: exact, and counted only where they are needed.

In a local file lines are counted afterwards, if there are hits and as far as the last one. A compressed file would have
to be read twice for that, so its lines are counted block by block on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import FileIO

import numpy as np

from waspglass.evidence.artefact import Artefact
from waspglass.hunt.blocks import Block
from waspglass.hunt.collect import Hit

__all__ = ["Counter", "LineNumbers"]

_STEP = 1 << 20


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


@dataclass(slots=True)
class _Index:
    """Line feeds before each full step of a local file, as far as was needed."""

    before: list[int] = field(default_factory=lambda: [0])

    def lines(self, stream: FileIO, offsets: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Each offset (they must ascend) with its 1-based line."""
        loaded, step = b"", -1
        for offset in offsets:
            wanted = offset // _STEP
            for missing in range(len(self.before) - 1, wanted):
                stream.seek(missing * _STEP)
                self.before.append(self.before[-1] + _line_feeds(stream.read(_STEP)))
            if step != wanted:
                stream.seek(wanted * _STEP)
                loaded, step = stream.read(_STEP), wanted
            yield offset, self.before[wanted] + _line_feeds(loaded[: offset - wanted * _STEP]) + 1


@dataclass(slots=True)
class LineNumbers:
    """Numbers the lines of all files of a hunt; what was counted in the first pass serves the second."""

    _indices: dict[str, _Index] = field(default_factory=dict)
    _counters: dict[str, Counter] = field(default_factory=dict)

    def counter(self, artefact: Artefact) -> Counter | None:
        """The counter for a stream; None for a local file."""
        if artefact.file.local is not None:
            return None
        counter = self._counters[artefact.file.path] = Counter()
        return counter

    def number(self, artefact: Artefact, hits: Sequence[Hit]) -> list[Hit]:
        """The hits with their lines."""
        wanted = {hit.place.offset for hit in hits if hit.place.line is None and hit.place.offset is not None}
        if not wanted:
            self._counters.pop(artefact.file.path, None)
            return list(hits)
        counter = self._counters.pop(artefact.file.path, None)
        lines = self._counted(artefact, wanted) if counter is None else counter.lines
        return [
            replace(hit, place=replace(hit.place, line=lines[hit.place.offset])) if hit.place.offset in lines else hit
            for hit in hits
        ]

    def _counted(self, artefact: Artefact, wanted: set[int]) -> dict[int, int]:
        local = artefact.file.local
        assert local is not None
        index = self._indices.setdefault(artefact.file.path, _Index())
        with local.open("rb", buffering=0) as file:
            return dict(index.lines(file, sorted(wanted)))
