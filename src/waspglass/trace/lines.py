"""The lines of a text, found by offsets in its bytes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waspglass.trace.result import Span

__all__ = ["Lines", "newlines"]


def newlines(raw: bytes) -> npt.NDArray[np.int64]:
    """Offsets of the ends of lines, ascending."""
    return np.flatnonzero(np.frombuffer(raw, dtype=np.uint8) == ord("\n"))


class Lines:
    """The lines of one text."""

    def __init__(self, raw: bytes) -> None:
        self._newlines = newlines(raw)

    def span(self, start: int, end: int) -> Span:
        """The lines of a stretch of bytes."""
        first, last = np.searchsorted(self._newlines, [start, max(start, end - 1)])
        return Span(first=int(first) + 1, last=int(last) + 1)
