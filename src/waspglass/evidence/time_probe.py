"""Asks a text log for the time at a place, with as few reads as the question needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from waspglass.evidence.artefact import Columns, LineFormat
from waspglass.evidence.errors import MalformedLineError
from waspglass.evidence.stream import Pread

__all__ = ["TimePoint", "TimeProbe"]

_WINDOW = 16 * 1024
_LONGEST_LINE = 1024 * 1024
_TRIES = 50
"""Lines of one window that may fail to have a time before the window is given up."""
_TAIL_WINDOWS = 256
_HEADER_SEARCH = 1024 * 1024
_MOST_SAMPLES = 50_000
_MOST_LINES = 20_000
"""Lines that may fail to have a time before a beginning or an end is given up: 4 MB of a usual log, 40 KB of blanks."""
_MOST_HEADERS = 1000
"""Header lines looked at in one stretch, its last ones; writers put at most five into a block, with rows after it."""
_MOST_HEADER_BYTES = 4 * 1024 * 1024
"""Of header lines that are read, the same ones again for each window, before an end is given up."""


@dataclass(frozen=True, slots=True)
class TimePoint:
    """The moment of the record whose line starts at an offset, and the header that was in force there."""

    offset: int
    end: int
    time: datetime
    columns: Columns


class TimeProbe:
    """Reads times out of a log by offset.

    Args:
        pread: Reads the log.
        size: Its length.
        line_format: Its format.
        before: What was seen of the same log before this part of it.

    Attributes:
        earliest: Earliest moment met so far.
        latest: Latest moment met so far.
        columns: The header found last; None while none was met.
        cut: Whether the last line has no end and is not a record.
    """

    def __init__(self, pread: Pread, size: int, line_format: LineFormat, before: TimeProbe | None = None) -> None:
        self._pread, self._size, self._format = pread, size, line_format
        self.columns: Columns | None = line_format.implied if before is None else before.columns
        self.earliest: datetime | None = None if before is None else before.earliest
        self.latest: datetime | None = None if before is None else before.latest
        self.cut = False
        self._lines: int = 0 if before is None else before._lines
        self._line_bytes = self._header_bytes = 0

    def first(self) -> TimePoint | None:
        """The first record with a time, looked for in the first windows."""
        at, tried = 0, 0
        for _ in range(_TAIL_WINDOWS):
            end = at
            for start, line in self._lines_from(at):
                if (point := self._point(start, line)) is not None:
                    return point
                end, tried = start + len(line), tried + 1
            if end == at or tried > _MOST_LINES:
                return None
            at = end
        return None

    def last(self) -> TimePoint | None:
        """The last record with a time; zero bytes at the end (a log preallocated before a crash) are passed over."""
        end, tried, length = self._size, 0, _WINDOW
        for number in range(_TAIL_WINDOWS):
            start = max(0, end - length)
            block = self._pread(end - start, start)
            if number == 0:
                self._note_cut(block)
            head = 0 if start == 0 else block.find(b"\n") + 1 or len(block)
            if head == len(block) and length < _LONGEST_LINE:  # in the middle of a long line
                length *= 4
                continue
            for far in (False, True):
                headers = self._headers_before(block, start, far=far or self._clock_only())
                for at, line in _backwards(block, head):
                    while headers[-1][0] > start + at:
                        headers.pop()
                    self.columns = headers[-1][1]
                    if (point := self._point(start + at, line)) is not None:
                        return point
                    tried += 1
            if start == 0 or tried > _MOST_LINES or self._header_bytes > _MOST_HEADER_BYTES:
                return None
            end, length = start + head if head < len(block) else start, _WINDOW
        return None

    def columns_at_end(self) -> Columns | None:
        """The header in force after the last line."""
        columns = self.columns
        for _, line in self._headers_in(0, self._size):
            columns = self._format.header(line, columns)
        return columns

    def silences(self, first: TimePoint, last: TimePoint, longest: timedelta) -> Iterator[tuple[TimePoint, TimePoint]]:
        """Neighbouring records that are further apart than `longest`, in the order of the file."""
        pending = [(first, last)]
        samples = 0
        while pending:
            before, after = pending.pop()
            if after.time - before.time <= longest or after.offset <= before.end:
                if after.time - before.time > longest:
                    yield before, after
                continue
            samples += 1
            if after.offset - before.end <= _WINDOW or samples > _MOST_SAMPLES:
                yield from self._neighbours(before, after, longest)
                continue
            middle = self._sample(before, after)
            if middle is None:
                yield from self._neighbours(before, after, longest)
            else:
                pending.append((middle, after))
                pending.append((before, middle))

    @property
    def met(self) -> bool:
        """Whether a line was met that is no header."""
        return self._lines > 0

    def estimate(self) -> int | None:
        """How many records there are, by the length of the lines met."""
        return round(self._size * self._lines / self._line_bytes) if self._line_bytes else None

    def _neighbours(
        self, before: TimePoint, after: TimePoint, longest: timedelta
    ) -> Iterator[tuple[TimePoint, TimePoint]]:
        """Every record between two, one after another."""
        self.columns = before.columns
        block = self._pread(min(after.offset - before.end, 64 * _WINDOW), before.end)
        for start, line in _split(block, before.end, whole_first=True):
            point = self._point(start, line)
            if point is not None:
                if point.time - before.time > longest:
                    yield before, point
                before = point
        if after.time - before.time > longest:
            yield before, after

    def _sample(self, before: TimePoint, after: TimePoint) -> TimePoint | None:
        """A record with a time about half way; the header in force there is that of one side, or stands in between."""
        offset = before.end + (after.offset - before.end) // 2
        for columns in (before.columns, after.columns):
            self.columns = columns
            for tries, (start, line) in enumerate(self._lines_from(offset, whole_first=False)):
                if start >= after.offset or tries > _TRIES:
                    break
                if (point := self._point(start, line)) is not None:
                    return point
            if before.columns == after.columns:
                break
        return None

    def _lines_from(self, offset: int, *, whole_first: bool = True) -> Iterator[tuple[int, bytes]]:
        """Lines of the window at an offset; the window grows for a long line, up to a limit."""
        length = _WINDOW
        block = self._pread(length, offset)
        while len(block) == length and b"\n" not in block and length < _LONGEST_LINE:
            length *= 4
            block = self._pread(length, offset)
        ended = offset + len(block) >= self._size
        if not ended:
            block = block[: block.rfind(b"\n") + 1]
        yield from _split(block, offset, whole_first=whole_first)

    def _point(self, start: int, line: bytes) -> TimePoint | None:
        """The record's moment; header lines change the columns on the way."""
        text = line.rstrip(b"\r\n\0")
        if not text:
            return None
        if text.startswith(self._format.header_starts) and b"\r" not in text:  # else a log whose lines end so
            self.columns = self._format.header(text, self.columns)
            return None
        self._lines += 1
        self._line_bytes += len(line)
        if self.columns is None:
            return None
        try:
            moment = self._format.time(self._format.record(text, self.columns), self.columns)
        except MalformedLineError:
            return None
        if moment is None:
            return None
        self.earliest = moment if self.earliest is None else min(self.earliest, moment)
        self.latest = moment if self.latest is None else max(self.latest, moment)
        return TimePoint(start, start + len(line), moment, self.columns)

    def _note_cut(self, block: bytes) -> None:
        text = block.rstrip(b"\0")
        if text and not text.endswith(b"\n"):
            line = text[text.rfind(b"\n") + 1 :]
            self.cut = not line.startswith(self._format.header_starts) and self._point(0, line) is None

    def _clock_only(self) -> bool:
        """Whether rows carry a time of day and only the header tells the date, so that the nearest header counts."""
        columns = self.columns
        return columns is not None and columns.date is not None and not any("date" in n.lower() for n in columns.names)

    def _headers_before(self, block: bytes, start: int, *, far: bool) -> list[tuple[int, Columns | None]]:
        """Where in a block, or before it if `far`, which header comes into force; the first is the one known before."""
        found: list[tuple[int, Columns | None]] = [(-1, self.columns)]
        pieces = [(max(0, start - _HEADER_SEARCH), None)] if far and start else []
        for place, within in (*pieces, (start, block)):
            for at, line in self._headers_in(place, start if within is None else start + len(block), within):
                found.append((at, self._format.header(line, found[-1][1])))
                self._header_bytes += len(line)
        return found

    def _headers_in(self, start: int, end: int, block: bytes | None = None) -> Iterator[tuple[int, bytes]]:
        """The last header lines in a stretch, found by searching for their beginnings."""
        if not self._format.header_starts:
            return
        if block is None:
            block = self._pread(end - start, start)
        places: set[int] = set()
        for beginning in self._format.header_starts:
            if start == 0 and block.startswith(beginning):
                places.add(0)
            places.update(islice(_places_backwards(block, b"\n" + beginning), _MOST_HEADERS))
        for at in sorted(places)[-_MOST_HEADERS:]:
            stop = block.find(b"\n", at)
            yield start + at, block[at : stop if stop >= 0 else len(block)].rstrip(b"\r\0")


def _places_backwards(block: bytes, beginning: bytes) -> Iterator[int]:
    """Where lines begin so, the last one first; the beginning is given with the line end before it."""
    at = block.rfind(beginning)
    while at >= 0:
        yield at + 1
        at = block.rfind(beginning, 0, at)


def _split(block: bytes, start: int, *, whole_first: bool) -> Iterator[tuple[int, bytes]]:
    """Lines with their offsets and line ends; the first is dropped where it may have begun before the block."""
    at = 0 if whole_first else block.find(b"\n") + 1
    if not whole_first and at == 0:
        return
    while at < len(block):
        stop = block.find(b"\n", at) + 1 or len(block)
        yield start + at, block[at:stop]
        at = stop


def _backwards(block: bytes, head: int) -> Iterator[tuple[int, bytes]]:
    """Lines of a block from its last to the one that starts at `head`, with their places in the block."""
    stop = len(block)
    while stop > head:
        at = block.rfind(b"\n", head, stop - 1) + 1
        at = max(at, head)
        yield at, block[at:stop]
        stop = at
