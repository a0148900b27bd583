r"""The outer structure of an EVTX file: chunks of 64 KiB and the headers of the records in them.

Enough to tell times without parsing binary XML. Layout: libyal/libevtx, "Windows XML Event Log (EVTX) format": file
header `ElfFile\0` of 4096 bytes; chunks `ElfChnk\0` with record numbers and the offset of the last record; records
`\x2a\x2a\x00\x00`, length, id, FILETIME.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.log_span import LogSpan, part_of
from waspglass.evidence.skip_log import shown_source
from waspglass.model.coverage import Span
from waspglass.model.escape import printable
from waspglass.model.skip import Skipped, SkipReason

__all__ = ["CHUNK_BYTES", "FILE_HEADER_BYTES", "evtx_span", "filetime"]

FILE_HEADER_BYTES = 4096
CHUNK_BYTES = 64 * 1024
_CHUNK_HEADER_BYTES = 512
_RECORD = struct.Struct("<4sIQQ")
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_YEARS = range(1990, 2200)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """First and last moment, the gaps between, and how many records."""

    first: datetime
    last: datetime
    gaps: tuple[Span, ...]
    records: int


def filetime(ticks: int) -> datetime | None:
    """A FILETIME (100 ns since 1601, UTC); None where it is absurd."""
    try:
        moment = _EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None
    return moment if moment.year in _YEARS else None


def evtx_span(artefact: Artefact, gap_hours: float | None = None) -> LogSpan:
    """First and last moment of an event log, its silences, and its records.

    Event logs overwrite their oldest chunks, so the order of chunks in the file is not that of time.

    Args:
        artefact: An EVTX file.
        gap_hours: A silence longer than this is a gap; None looks for none.
    """
    longest = None if gap_hours is None else timedelta(hours=gap_hours)
    chunks: list[_Chunk] = []
    size, damaged, fault = FILE_HEADER_BYTES, 0, None
    try:
        for block in _blocks(artefact):
            size += len(block)
            chunk = _chunk(block, longest)
            if chunk is not None:
                chunks.append(chunk)
            elif block.strip(b"\0"):
                damaged += 1
    except (EvidenceReadError, OSError) as problem:
        reason = problem.reason if isinstance(problem, EvidenceReadError) else SkipReason.UNREADABLE
        fault = _skip(artefact, reason, 1, str(problem))
    chunks.sort(key=lambda chunk: (chunk.first, chunk.last))
    skipped = [_skip(artefact, SkipReason.DAMAGED, damaged, "chunks that cannot be read")] if damaged else []
    return LogSpan(
        first=chunks[0].first if chunks else None,
        last=max(chunk.last for chunk in chunks) if chunks else None,
        gaps=() if longest is None else _gaps(chunks, longest),
        bytes=size,
        records=sum(chunk.records for chunk in chunks),
        exact=True,
        skipped=(*skipped, *([fault] if fault else [])),
        part=part_of(artefact),
    )


def _skip(artefact: Artefact, reason: SkipReason, count: int, detail: str) -> Skipped:
    return Skipped(source=shown_source(artefact.file.path), reason=reason, count=count, detail=printable(detail))


def _blocks(artefact: Artefact) -> Iterator[bytes]:
    with artefact.file.open() as stream:
        if not stream.read(FILE_HEADER_BYTES).startswith(b"ElfFile\0"):
            raise EvidenceReadError("this is not an event log", reason=SkipReason.DAMAGED)
        while block := stream.read(CHUNK_BYTES):
            yield block


def _chunk(block: bytes, longest: timedelta | None) -> _Chunk | None:
    if not block.startswith(b"ElfChnk\0"):
        return None
    moments = list(_moments(block))
    if not moments:
        return None
    gaps = () if longest is None else tuple(_silences(moments, longest))
    return _Chunk(min(moments), max(moments), gaps, len(moments))


def _moments(block: bytes) -> Iterator[datetime]:
    """The times of a chunk's records, one record header after another."""
    at = _CHUNK_HEADER_BYTES
    while at + _RECORD.size <= len(block):
        magic, length, _, ticks = _RECORD.unpack_from(block, at)
        if magic != b"**\0\0" or length < _RECORD.size:
            return
        if (moment := filetime(ticks)) is not None:
            yield moment
        at += length


def _silences(moments: list[datetime], longest: timedelta) -> Iterator[Span]:
    for before, after in pairwise(sorted(moments)):
        if after - before > longest:
            yield Span(from_=before, to=after)


def _gaps(chunks: list[_Chunk], longest: timedelta) -> tuple[Span, ...]:
    """Silences inside of chunks and between them, where no other chunk speaks."""
    gaps: list[Span] = []
    heard: datetime | None = None
    for chunk in chunks:
        if heard is not None and chunk.first - heard > longest:
            gaps.append(Span(from_=heard, to=chunk.first))
        gaps.extend(gap for gap in chunk.gaps if heard is None or gap.from_ >= heard)
        heard = chunk.last if heard is None else max(heard, chunk.last)
    return tuple(gaps)
