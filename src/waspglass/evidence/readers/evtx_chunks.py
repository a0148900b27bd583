r"""The chunks of an event log as the parser is to see them: none without end, and no half events.

Layout: libyal/libevtx, "Windows XML Event Log (EVTX) format": a header of 4096 bytes, at 42 of it the number of chunks,
then chunks of 64 KiB. A chunk starts with its mark; at 48 is where its free space begins, at 512 its first event, which
has its mark at 0 and its size at 4. At 128 is where 64 lists of names begin; each name starts with where the next is.

An event may be written as a template and values; a value may be binary XML with a template of its own, and a template
may name a value more than once. Ten levels of a template that names its value ten times are more than any memory out of
2 kB, and the parser bounds the levels only. In 46,000 events of 612 public logs none calls more than three templates,
and no chunk has more than 40 names of values that are binary XML. A value is named by 0x0d or 0x0e, its number (16
bits) and its type, 0x21 for binary XML; a template is called by 0x0c at the start of a fragment. The parser passes over
some of these bytes, so who knows this test can write a bomb that it does not see: to follow the parser would take
longer than to parse.

Through a list of names that comes back to itself the parser goes for ever (evtx 0.14). It reads names where they are
used, too, and gives the same events without lists.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from functools import cache
from typing import BinaryIO

import hyperscan

__all__ = ["CHUNK_BYTES", "SafeChunks"]

CHUNK_BYTES = 64 * 1024
_HEADER_BYTES, _COUNT_AT = 4096, 42
_CHUNK_START, _CHUNK_MARK = struct.Struct("<8s40xI460x4s"), b"ElfChnk\0"
_NAMES_AT, _NAMES, _NEXT_NAME = 128, struct.Struct("<128x64I"), struct.Struct("<I")
_EVENTS_AT, _EVENT_HEAD, _EVENT_MARK = 512, struct.Struct("<4sI"), b"**\0\0"
_CALL = b"\x0f\x01\x01\x00\x0c"
_NAMING = rb"[\x0d\x0e]..\x21"
_MOST_TIMES = 10_000
"""How often an event may repeat what it holds, by the worst that can be; of the public logs none comes to 1,500."""
_DEEPEST = 32


class SafeChunks(io.RawIOBase):
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
        self._size = stream.seek(0, io.SEEK_END)
        self._lacking = (_HEADER_BYTES - self._size) % CHUNK_BYTES
        """Bytes of the last chunk that are not there."""

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves; the last chunk counts as whole."""
        size = self._size + (self._lacking if self._size > _HEADER_BYTES else 0)
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: size}[whence]
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants WriteableBuffer
        """Gives what is left of the header, or of the chunk."""
        inside = (self._at - _HEADER_BYTES) % CHUNK_BYTES if self._at >= _HEADER_BYTES else self._at
        self._stream.seek(self._at - inside)
        if self._at < _HEADER_BYTES:
            block = self._stream.read(_HEADER_BYTES)
        elif block := self._stream.read(CHUNK_BYTES):
            if _expands(block):
                self.bombs += 1
                block = b""
            elif len(block) < CHUNK_BYTES:
                block = block[: max((end for _, end in _events(block) if end <= len(block)), default=_EVENTS_AT)]
            block = block.ljust(CHUNK_BYTES, b"\0")
            if not _listed_once(block):
                block = block[:_NAMES_AT].ljust(_NAMES.size, b"\0") + block[_NAMES.size :]
        given = block[inside : inside + len(buffer)]
        buffer[: len(given)] = given
        self._at += len(given)
        return len(given)

    def is_cut(self) -> bool:
        """Whether the file's header tells of more chunks, or the last one has an end too early.

        The parser takes what breaks off for what ends.
        """
        return self._size < _HEADER_BYTES + self._told() * CHUNK_BYTES or self._lacking > 0

    def emptied(self) -> int:
        """How many chunks hold zeros where events were, which the parser passes over without a word.

        Zeros behind the last chunk are room for later events. The file's header alone does not say which is the last:
        it lags behind in a log that was copied from a running server.
        """
        there = (self._size - _HEADER_BYTES) // CHUNK_BYTES
        used, hollow, blank = min(self._told(), there), 0, list[int]()
        for number in range(there):
            start = self._chunk(number, _CHUNK_START.size)
            if any(start):
                mark, free, event = _CHUNK_START.unpack(start)
                hollow += mark == _CHUNK_MARK and free > _EVENTS_AT and not any(event)
                used = max(used, number + 1)
            else:
                blank.append(number)
        return hollow + sum(not self._chunk(number, CHUNK_BYTES).strip(b"\0") for number in blank if number < used)

    def _told(self) -> int:
        """How many chunks there are by the file's header."""
        self._stream.seek(_COUNT_AT)
        count: int = struct.unpack("<H", self._stream.read(2))[0]
        return count

    def _chunk(self, number: int, length: int) -> bytes:
        self._stream.seek(_HEADER_BYTES + number * CHUNK_BYTES)
        return self._stream.read(length)


def _events(chunk: bytes) -> Iterator[tuple[int, int]]:
    """Where the events of a chunk begin and end, by what they say; the last may end behind the chunk."""
    at = _EVENTS_AT
    while at + _EVENT_HEAD.size <= len(chunk):
        mark, size = _EVENT_HEAD.unpack_from(chunk, at)
        if mark != _EVENT_MARK or size < _EVENT_HEAD.size:
            return
        yield at, at + size
        at += size


def _listed_once(chunk: bytes) -> bool:
    """Whether no name is in a list twice, or in two: in 529 chunks of 207 public logs none was."""
    names = set[int]()
    for at in _NAMES.unpack_from(chunk):
        while 0 < at <= len(chunk) - _NEXT_NAME.size:
            if at in names:
                return False
            names.add(at)
            (at,) = _NEXT_NAME.unpack_from(chunk, at)
    return True


def _expands(chunk: bytes) -> bool:
    """Whether an event of this chunk may become longer than any event is."""
    named = _named(chunk)
    if named < 2:
        return False
    calls = (max(1, chunk.count(_CALL, at, end)) for at, end in _events(chunk))
    return any(named ** min(count - 1, _DEEPEST) > _MOST_TIMES for count in calls)


def _named(chunk: bytes) -> int:
    """How many places name a value that is binary XML, at most; a loop over the bytes takes twice as long."""
    found = 0

    def count(_number: int, _start: int, _end: int, _flags: int, _context: object) -> None:
        nonlocal found
        found += 1

    database = _naming()
    scratch = hyperscan.Scratch(database)  # a second thread may read another log
    database.scan(chunk, match_event_handler=count, scratch=scratch)
    return found


@cache
def _naming() -> hyperscan.Database:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[_NAMING], flags=[hyperscan.HS_FLAG_DOTALL])
    return database
