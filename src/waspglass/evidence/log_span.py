"""From when to when a log speaks, and where it is silent, without reading all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import BinaryIO

from waspglass.evidence.artefact import Artefact, LineFormat
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.skip_log import skip_of
from waspglass.evidence.stream import pread_of
from waspglass.evidence.time_probe import TimePoint, TimeProbe
from waspglass.model.coverage import Span
from waspglass.model.skip import Skipped, SkipReason

__all__ = ["LogSpan", "log_span", "part_of", "silences", "silent_span"]

_STREAM_CHUNK = 4 * 1024 * 1024
_LONGEST_LINE = 1024 * 1024
_ALL_SEEN = 16 * 1024
"""Bytes of a log of which the probe looks at every line; of a longer one it may have missed the records."""


@dataclass(frozen=True, slots=True)
class LogSpan:
    """What one file can speak for.

    Attributes:
        first: Moment of the earliest record met; None if no record has a time.
        last: Moment of the latest.
        gaps: Silences inside of the file, longer than what is normal for its kind.
        mute: Stretches in which it has records and cannot show an entry, because its header lacks columns; among the
            gaps as far as they lie inside.
        bytes: Size of the content.
        records: How many records, estimated from the length of lines where not all were read.
        skipped: What could not be told.
        part: Which part of its kind this file belongs to (a site, a protocol), from the artefact's attributes.
    """

    first: datetime | None = None
    last: datetime | None = None
    gaps: tuple[Span, ...] = ()
    bytes: int = 0
    records: int | None = None
    skipped: tuple[Skipped, ...] = ()
    part: str = ""
    mute: tuple[Span, ...] = ()


def part_of(artefact: Artefact) -> str:
    """The attributes of an artefact as one word; files of the same part follow one another in time."""
    return "/".join(value.lower() for _, value in sorted(artefact.attributes.items()))


def silent_span(artefact: Artefact) -> LogSpan:
    """The span of a file that says nothing about time (a page, a configuration)."""
    return LogSpan(bytes=artefact.file.size or 0, part=part_of(artefact))


def log_span(
    artefact: Artefact,
    line_format: LineFormat,
    gap_hours: float | None = None,
    heard: Sequence[datetime] = (),
) -> LogSpan:
    """First and last moment of a text log, and the silences inside.

    A file with random access is sampled: its start, its end, and then the middle of whatever stretch is longer than a
    gap, until the gap is found or there is none; a busy log of gigabytes costs a few reads. Any other stream (a member
    of an archive, a compressed log) is read through once.

    Args:
        artefact: A text log.
        line_format: Its format.
        gap_hours: A silence longer than this is a gap; None looks for none.
        heard: Moments of records spread over the whole file, the first and the last among them, as somebody met them
            who read it; spares reading a stream again unless two of them are further apart than a gap.

    Returns:
        The span. Faults of the file are in its `skipped`; nothing is raised for them.
    """
    if heard and artefact.file.local is None and not silences(heard, gap_hours):
        return LogSpan(min(heard), max(heard), bytes=artefact.file.size or 0, part=part_of(artefact))
    try:
        with artefact.file.open() as stream:
            if stream.seekable() and artefact.file.size is not None:
                return _sampled(artefact, line_format, gap_hours, stream, artefact.file.size)
            return _read_through(artefact, line_format, gap_hours, stream)
    except OSError as fault:
        return _unread(artefact, SkipReason.UNREADABLE, f"it cannot be read ({fault.strerror})")
    except EvidenceReadError as fault:
        return _unread(artefact, fault.reason, fault.message)


def silences(heard: Sequence[datetime], gap_hours: float | None) -> tuple[Span, ...]:
    """Stretches between two moments, in any order, that are longer than a gap; None looks for none."""
    if gap_hours is None:
        return ()
    longest = timedelta(hours=gap_hours)
    return tuple(Span(from_=one, to=next_) for one, next_ in pairwise(sorted(heard)) if next_ - one > longest)


def _unread(artefact: Artefact, reason: SkipReason, detail: str) -> LogSpan:
    return LogSpan(part=part_of(artefact), skipped=(skip_of(artefact.file.path, reason, detail),))


def _sampled(
    artefact: Artefact, line_format: LineFormat, gap_hours: float | None, stream: BinaryIO, size: int
) -> LogSpan:
    probe = TimeProbe(pread_of(stream), size, line_format)
    first, last = probe.first(), probe.last()
    gaps = () if gap_hours is None or first is None or last is None else _gaps(probe, first, last, gap_hours)
    return _span(artefact, size, probe, gaps, probe.estimate())


def _gaps(probe: TimeProbe, first: TimePoint, last: TimePoint, gap_hours: float) -> tuple[Span, ...]:
    longest = timedelta(hours=gap_hours)
    return tuple(Span(from_=one.time, to=other.time) for one, other in probe.silences(first, last, longest))


def _span(artefact: Artefact, size: int, seen: TimeProbe, gaps: tuple[Span, ...], records: int | None) -> LogSpan:
    untold = _untold(seen, size)
    skipped = () if untold is None else (skip_of(artefact.file.path, *untold),)
    return LogSpan(seen.earliest, seen.latest, gaps, size, records, skipped=skipped, part=part_of(artefact))


def _untold(seen: TimeProbe, size: int) -> tuple[SkipReason, str] | None:
    """What a log does not tell."""
    if seen.earliest is not None:
        return (SkipReason.CUT_LINE, "the last line is cut") if seen.cut else None
    if size == 0:
        return SkipReason.EMPTY, "nothing is in the file"
    if seen.columns is None:
        return SkipReason.NO_HEADER, "no header names the columns"
    if not seen.met and size <= _ALL_SEEN:
        return SkipReason.EMPTY, "no record follows the header"
    return SkipReason.BAD_TIME, "no record with a time was found"


def _read_through(artefact: Artefact, line_format: LineFormat, gap_hours: float | None, stream: BinaryIO) -> LogSpan:
    log, faults = _Reading(line_format, gap_hours), tuple[Skipped, ...]()
    try:
        while chunk := stream.read(_STREAM_CHUNK):
            log.feed(chunk)
    except EvidenceReadError as fault:
        faults = (skip_of(artefact.file.path, fault.reason, fault.message),)
    log.end()
    span = _span(artefact, log.bytes, log.probe, tuple(log.gaps), log.lines)
    return replace(span, skipped=(*span.skipped, *faults))


class _Reading:
    """A log that is read through in chunks of any size.

    It looks at the first and last line of each chunk, and inside only where a chunk spans more than a gap.

    Attributes:
        probe: What was seen so far.
        gaps: Silences met so far.
        bytes: Length of the content so far.
        lines: Their number so far.
    """

    def __init__(self, line_format: LineFormat, gap_hours: float | None) -> None:
        self._format, self._gap_hours = line_format, gap_hours
        self.probe = TimeProbe(lambda _length, _offset: b"", 0, line_format)
        self.gaps: list[Span] = []
        self.bytes = self.lines = 0
        self._rest = b""
        self._before: TimePoint | None = None

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes of the content."""
        self.bytes += len(chunk)
        end = chunk.rfind(b"\n") + 1
        if end:
            self._look(self._rest + chunk[:end] if self._rest else chunk[:end])
            self._rest = chunk[end:]
        elif len(self._rest) < _LONGEST_LINE:
            self._rest += chunk

    def end(self) -> None:
        """Takes what was fed last for a line, though it has no end."""
        if self._rest:
            self._look(self._rest)

    def _look(self, lines: bytes) -> None:
        probe = TimeProbe(lambda length, offset: lines[offset : offset + length], len(lines), self._format, self.probe)
        first, last = probe.first(), probe.last()
        self.lines += lines.count(b"\n") + (not lines.endswith(b"\n"))
        if self._gap_hours is not None and first is not None and last is not None:
            longest = timedelta(hours=self._gap_hours)
            if self._before is not None and first.time - self._before.time > longest:
                self.gaps.append(Span(from_=self._before.time, to=first.time))
            self.gaps.extend(_gaps(probe, first, last, self._gap_hours))
        self._before = last or first or self._before
        probe.columns = probe.columns_at_end()
        self.probe = probe
