"""From when to when a log speaks, and where it is silent, without reading all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import BinaryIO

from waspglass.evidence.artefact import Artefact, Columns, LineFormat
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.skip_log import shown_source
from waspglass.evidence.stream import pread_of
from waspglass.evidence.time_probe import TimePoint, TimeProbe
from waspglass.model.coverage import Span
from waspglass.model.escape import printable
from waspglass.model.skip import Skipped, SkipReason

__all__ = ["LogSpan", "SpanObserver", "log_span", "part_of", "silences", "silent_span"]

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
        records: How many records, estimated from the length of lines unless `exact`.
        exact: Whether every record was counted.
        skipped: What could not be told.
        part: Which part of its kind this file belongs to (a site, a protocol), from the artefact's attributes.
    """

    first: datetime | None = None
    last: datetime | None = None
    gaps: tuple[Span, ...] = ()
    bytes: int = 0
    records: int | None = None
    exact: bool = False
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
    of an archive, a compressed log) is read through once; a caller that reads it anyway uses a `SpanObserver` instead.

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
    return LogSpan(part=part_of(artefact), skipped=(_skip(artefact, reason, detail),))


def _skip(artefact: Artefact, reason: SkipReason, detail: str) -> Skipped:
    return Skipped(source=shown_source(artefact.file.path), reason=reason, detail=printable(detail))


def _sampled(
    artefact: Artefact, line_format: LineFormat, gap_hours: float | None, stream: BinaryIO, size: int
) -> LogSpan:
    probe = TimeProbe(pread_of(stream), size, line_format)
    first, last = probe.first(), probe.last()
    gaps = () if gap_hours is None or first is None or last is None else _gaps(probe, first, last, gap_hours)
    return _result(artefact, size, probe, gaps, records=probe.estimate(), exact=False, met=probe.met)


def _gaps(probe: TimeProbe, first: TimePoint, last: TimePoint, gap_hours: float) -> tuple[Span, ...]:
    longest = timedelta(hours=gap_hours)
    return tuple(
        Span(from_=before.time, to=after.time)
        for before, after in probe.silences(first, last, longest)
        if after.time - before.time > longest
    )


def _result(
    artefact: Artefact,
    size: int,
    probe: TimeProbe,
    gaps: tuple[Span, ...],
    *,
    records: int | None,
    exact: bool,
    met: bool,
) -> LogSpan:
    skipped = []
    if probe.earliest is None:
        if size == 0:
            skipped.append(_skip(artefact, SkipReason.EMPTY, "nothing is in the file"))
        elif probe.columns is None:
            skipped.append(_skip(artefact, SkipReason.NO_HEADER, "no header names the columns"))
        elif not met and size <= _ALL_SEEN:
            skipped.append(_skip(artefact, SkipReason.EMPTY, "no record follows the header"))
        else:
            skipped.append(_skip(artefact, SkipReason.BAD_TIME, "no record with a time was found"))
    elif probe.cut:
        skipped.append(_skip(artefact, SkipReason.CUT_LINE, "the last line is cut"))
    return LogSpan(
        probe.earliest, probe.latest, gaps, size, records, exact=exact, skipped=tuple(skipped), part=part_of(artefact)
    )


def _read_through(artefact: Artefact, line_format: LineFormat, gap_hours: float | None, stream: BinaryIO) -> LogSpan:
    observer = SpanObserver(artefact, line_format, gap_hours)
    try:
        for chunk in _chunks(stream):
            observer.feed(chunk)
    except EvidenceReadError as fault:
        return observer.finish(_skip(artefact, fault.reason, fault.message))
    return observer.finish()


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(_STREAM_CHUNK):
        yield chunk


@dataclass(slots=True)
class SpanObserver:
    """Tells the span of a log to somebody who reads it through for another purpose.

    Feed it the content in order, in chunks of any size (a few MiB are best), then ask `finish`. It looks at the first
    and last line of each chunk, and inside only where a chunk spans more than a gap.

    Attributes:
        artefact: The log.
        line_format: Its format.
        gap_hours: A silence longer than this is a gap; None looks for none.
    """

    artefact: Artefact
    line_format: LineFormat
    gap_hours: float | None = None
    _columns: Columns | None = None
    _rest: bytes = b""
    _bytes: int = 0
    _lines: int = 0
    _earliest: datetime | None = None
    _latest: datetime | None = None
    _before: TimePoint | None = None
    _gaps: list[Span] = field(default_factory=list)
    _cut: bool = False
    _met: bool = False

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes of the content."""
        self._bytes += len(chunk)
        end = chunk.rfind(b"\n") + 1
        if not end:
            if len(self._rest) < _LONGEST_LINE:
                self._rest += chunk
            return
        whole = self._rest + chunk[:end] if self._rest else chunk[:end]
        self._rest = chunk[end:]
        self._look(whole)

    def finish(self, fault: Skipped | None = None) -> LogSpan:
        """The span of what was fed.

        Args:
            fault: Why the content could not be read to its end.
        """
        if self._rest:
            self._look(self._rest)
            self._rest = b""
        probe = TimeProbe(lambda _length, _offset: b"", 0, self.line_format, self._columns)
        probe.earliest, probe.latest, probe.cut = self._earliest, self._latest, self._cut
        span = _result(
            self.artefact, self._bytes, probe, tuple(self._gaps), records=self._lines, exact=True, met=self._met
        )
        return span if fault is None else replace(span, skipped=(*span.skipped, fault))

    def _look(self, lines: bytes) -> None:
        probe = TimeProbe(
            lambda length, offset: lines[offset : offset + length], len(lines), self.line_format, self._columns
        )
        first = probe.first()
        last = probe.last()
        self._lines += lines.count(b"\n") + (not lines.endswith(b"\n"))
        self._cut = probe.cut
        self._met = self._met or probe.met
        if self.gap_hours is not None and first is not None and last is not None:
            longest = timedelta(hours=self.gap_hours)
            if self._before is not None and first.time - self._before.time > longest:
                self._gaps.append(Span(from_=self._before.time, to=first.time))
            self._gaps.extend(_gaps(probe, first, last, self.gap_hours))
        self._before = last or first or self._before
        self._columns = probe.columns_at_end()
        for moment in (probe.earliest, probe.latest):
            if moment is not None:
                self._earliest = moment if self._earliest is None else min(self._earliest, moment)
                self._latest = moment if self._latest is None else max(self._latest, moment)
