"""Event logs (EVTX), through the Rust parser of the `evtx` package, which survives damaged chunks.

`records` gives flat records with Sigma's field names; `json_lines` gives the parser's JSON unparsed, for a scanner that
looks at the few events that hold one of its needles.

The time of an event is the one that it holds itself. The record around it may have another: in a log that somebody
exported (Event Viewer, `wevtutil epl`) that of the event behind it, and 1601 for the last; in a log of forwarded events
the moment of arrival. Of 618 public logs (EVTX-ATTACK-SAMPLES, EVTX-to-MITRE-Attack, hayabusa-sample-evtx and others)
312 end in 1601, and in 73 a record's time is more than a minute off.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import BinaryIO, Protocol, TypedDict, cast

import orjson
from evtx import PyEvtxParser

from waspglass.evidence.artefact import Artefact, Place, Record, RecordReader
from waspglass.evidence.errors import read_error
from waspglass.evidence.formats.event_json import flatten_event
from waspglass.evidence.formats.moments import EARLIEST, LATEST, plausible
from waspglass.evidence.readers.evtx_bombs import expands
from waspglass.evidence.readers.settings import ReaderSettings
from waspglass.model.skip import SkipReason

__all__ = ["EvtxReader", "reader"]

_HEADER_BYTES, _CHUNKS_AT, _CHUNK_BYTES = 4096, 42, 64 * 1024
_CHUNK_START = struct.Struct("<8s40xI460x4s")
_CHUNK_MARK, _EVENTS_AT = b"ElfChnk\0", 512
_EVENT_HEAD, _EVENT_MARK = struct.Struct("<4sI"), b"**\0\0"
"""A chunk starts with its mark; at 48 is where its free space begins, at 512 its first event, with its size at 4."""
_CREATED = '"TimeCreated":{"#attributes":{"SystemTime":"'
"""Stands in an event's text once, as a quote inside of a value is escaped."""
_USUAL_TIME, _LONGEST_TIME = len("2021-03-14T01:39:32.609000Z"), 40
_LONGEST_EVENT, _MOST_LONG = 4 << 20, 16
"""Characters; an event has at most 64 KiB in its log. A template that names a long value again and again gives more,
and after some such events the log is not read on."""
_THREADS = 1
"""One thread a file: files are what is spread over cores, and a thread pool a file costs more than it gives."""


class _Entry(TypedDict):
    """What the parser gives for one event."""

    event_record_id: int
    timestamp: str
    data: str


class _Parser(Protocol):
    def records_json(self) -> Iterator[_Entry]: ...


def reader(_settings: ReaderSettings) -> RecordReader:
    """The reader of this format."""
    return EvtxReader()


class EvtxReader:
    """`evtx`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record an event, in the order of the file.

        Raises:
            EvidenceReadError: At the start if this is no event log; at the end if events could not be read, saying how
                many.
        """
        damaged = 0
        for entry in _entries(artefact):
            try:
                document = orjson.loads(entry["data"])
            except orjson.JSONDecodeError:  # the parser writes names of elements as they are
                damaged += 1
                continue
            found = entry["data"].find(_CREATED)
            yield Place(record=entry["event_record_id"]), _moment(entry, found), flatten_event(document)
        if damaged:
            message = f"{damaged} events are damaged; the others were read"
            raise read_error(artefact.file.path, SkipReason.DAMAGED, message)

    def json_lines(self, artefact: Artefact) -> Iterator[tuple[int, datetime | None, str]]:
        """Record id, moment and JSON text of each event; the text of one event is one line.

        Raises:
            EvidenceReadError: As `records`.
        """
        found = 0
        for entry in _entries(artefact):
            text = entry["data"]
            if not text.startswith(_CREATED, found):  # it stands where it stood in the event before, mostly
                found = text.find(_CREATED)
            yield entry["event_record_id"], _moment(entry, found), text


def _entries(artefact: Artefact) -> Iterator[_Entry]:
    """What the parser yields; events and chunks that it cannot read are counted and told at the end."""
    path = artefact.file.path
    unreadable = long = 0
    with artefact.file.seekable() as stream:
        safe = _SafeChunks(stream)
        try:
            buffered = io.BufferedReader(safe, _CHUNK_BYTES)
            parser = cast("_Parser", PyEvtxParser(buffered, number_of_threads=_THREADS))
            source = parser.records_json()
        except (RuntimeError, ValueError, OSError) as fault:
            with suppress(OSError, ValueError):
                _raise_fault_at_end(stream)
            raise read_error(path, SkipReason.DAMAGED, f"this is not an event log ({fault})") from fault
        while long < _MOST_LONG:
            try:
                for entry in source:
                    if len(entry["data"]) > _LONGEST_EVENT:
                        long += 1
                        break
                    yield entry
                else:
                    break
            except (RuntimeError, ValueError, OSError):
                unreadable += 1
        chunks, size = _chunks(stream), _raise_fault_at_end(stream)
        unreadable += long + safe.bombs + _emptied(stream, chunks, (size - _HEADER_BYTES) // _CHUNK_BYTES)
    if size < _HEADER_BYTES + chunks * _CHUNK_BYTES or _lacking(size):
        raise read_error(path, SkipReason.TRUNCATED, "it is cut; the events before that were read")
    if unreadable:
        rest = "the others were read" if long < _MOST_LONG else "it was not read on"
        raise read_error(path, SkipReason.DAMAGED, f"{unreadable} events or chunks are damaged; {rest}")


def _lacking(size: int) -> int:
    """How many bytes the last chunk lacks."""
    return (_HEADER_BYTES - size) % _CHUNK_BYTES


class _SafeChunks(io.RawIOBase):
    """The log as the parser reads it, a chunk at a time and each once, with zeros for bombs.

    In a chunk that is cut, or cannot be read to its end, zeros begin at the first event that is not there as a whole:
    the parser reads no event of half a chunk, and takes zeros in half an event for its end.

    Args:
        stream: The file; nobody else reads it at the same time.

    Attributes:
        bombs: Chunks so far that would have been unpacked without end.
    """

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream, self._at, self.bombs = stream, 0, 0
        size = stream.seek(0, io.SEEK_END)
        self._size = size + (_lacking(size) if size > _HEADER_BYTES else 0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants WriteableBuffer
        inside = (self._at - _HEADER_BYTES) % _CHUNK_BYTES if self._at >= _HEADER_BYTES else self._at
        self._stream.seek(self._at - inside)
        if self._at < _HEADER_BYTES:
            block = self._stream.read(_HEADER_BYTES)
        elif block := self._stream.read(_CHUNK_BYTES):
            if expands(block):
                self.bombs += 1
                block = b""
            elif len(block) < _CHUNK_BYTES:
                block = _whole_events(block)
            block = block.ljust(_CHUNK_BYTES, b"\0")
        given = block[inside : inside + len(buffer)]
        buffer[: len(given)] = given
        self._at += len(given)
        return len(given)


def _whole_events(chunk: bytes) -> bytes:
    """A cut chunk up to the end of its last whole event."""
    at = _EVENTS_AT
    while len(chunk) >= at + _EVENT_HEAD.size:
        mark, size = _EVENT_HEAD.unpack_from(chunk, at)
        if mark != _EVENT_MARK or size < _EVENT_HEAD.size or at + size > len(chunk):
            break
        at += size
    return chunk[:at]


def _chunks(stream: BinaryIO) -> int:
    """How many chunks there are by the file's header: the parser takes what breaks off for what ends.

    Layout: libyal/libevtx, "Windows XML Event Log (EVTX) format": a header of 4096 bytes, at 42 of it the number of
    chunks, then chunks of 64 KiB.
    """
    stream.seek(_CHUNKS_AT)
    count: int = struct.unpack("<H", stream.read(2))[0]
    return count


def _emptied(stream: BinaryIO, told: int, there: int) -> int:
    """How many chunks hold zeros where events were, which the parser passes over without a word.

    Zeros behind the last chunk are room for later events. The file's header alone does not say which is the last: it
    lags behind in a log that was copied from a running server.

    Args:
        stream: The file.
        told: Number of chunks by its header.
        there: Number of chunks by its length.
    """
    used, hollow, blank = min(told, there), 0, list[int]()
    for number in range(there):
        stream.seek(_HEADER_BYTES + number * _CHUNK_BYTES)
        start = stream.read(_CHUNK_START.size)
        if any(start):
            mark, free, event = _CHUNK_START.unpack(start)
            hollow += mark == _CHUNK_MARK and free > _EVENTS_AT and not any(event)
            used = max(used, number + 1)
        else:
            blank.append(number)
    return hollow + sum(_is_zero(stream, number) for number in blank if number < used)


def _is_zero(stream: BinaryIO, chunk: int) -> bool:
    stream.seek(_HEADER_BYTES + chunk * _CHUNK_BYTES)
    return not stream.read(_CHUNK_BYTES).strip(b"\0")


def _raise_fault_at_end(stream: BinaryIO) -> int:
    """The size of a stream; one that could not be unpacked to its end raises the fault there."""
    size = stream.seek(-1, io.SEEK_END) + 1
    stream.read(1)
    return size


def _moment(entry: _Entry, found: int) -> datetime | None:
    """When the event was made, as it says there; when its record was written only if it does not say (-1)."""
    text = entry["data"]
    if found < 0:
        return _read(entry["timestamp"])
    at = found + len(_CREATED)
    try:
        created = datetime.fromisoformat(text[at : at + _USUAL_TIME])
    except ValueError:
        return _read(text[at : at + _LONGEST_TIME].partition('"')[0]) or _read(entry["timestamp"])
    if created.tzinfo is UTC and EARLIEST <= created < LATEST:
        return created
    return plausible(created) or _read(entry["timestamp"])


def _read(text: str) -> datetime | None:
    """`2021-03-14T01:39:32.609Z`, or with ` UTC` behind it, as the parser writes the times of records."""
    try:
        return plausible(datetime.fromisoformat(text.removesuffix(" UTC")))
    except ValueError:
        return None
