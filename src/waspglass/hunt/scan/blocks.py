"""Reads a log as blocks of whole lines, in memory that does not grow with the file or with its longest line."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from waspglass.evidence.errors import EvidenceReadError
from waspglass.model.skip import SkipReason

__all__ = ["BLOCK", "Block", "data_from", "open_blocks"]

BLOCK = 1 << 20
"""Bytes read at once; fits the second-level cache of usual processors."""


@dataclass(slots=True)
class Block:
    """Whole lines in a buffer that is used again for the next block.

    Attributes:
        data: The buffer. The byte before `start` is a line feed (unless the file starts there).
        view: The same bytes, for slices without a copy.
        start: Where the lines begin.
        end: Where they end; the byte before it is a line feed.
        offset: Offset of `start` in the file.
        too_long: Lines that were skipped before this block because they exceed the limit.
        unended: True for the last line of the file alone, if it ends without a line feed.
    """

    data: bytearray
    view: memoryview
    start: int
    end: int
    offset: int
    too_long: int = 0
    unended: bool = False


def open_blocks(stream: BinaryIO, limit: int, *, local: bool) -> Iterator[Block]:
    """Blocks of an open stream.

    A local file is read as far as it went when it was opened: a log that is still written to must end some time. It is
    not mapped: whoever makes a mapped file shorter ends the process with SIGBUS, and to read costs about as much.

    Args:
        stream: As the evidence opened it. Never the file's path: that may lead elsewhere by now.
        limit: Bytes of a line.
        local: True if the bytes behind the stream's descriptor are its content.
    """
    return _read_blocks(stream, limit, _size(stream) if local else None)


def _size(stream: BinaryIO) -> int | None:
    try:
        return os.fstat(stream.fileno()).st_size
    except (AttributeError, OSError):
        return None


def _read(stream: BinaryIO, into: memoryview) -> int:
    reader = getattr(stream, "readinto", None)
    if reader is not None:
        return int(reader(into) or 0)
    data = stream.read(len(into))
    into[: len(data)] = data
    return len(data)


def data_from(descriptor: int, offset: int, end: int) -> int:
    """Where data begin at or behind an offset of a file that may be sparse; `end` if there is but a hole up to there.

    A hole reads as zeros, and a terabyte of it costs nothing to make. The position of the descriptor stays.
    """
    if not hasattr(os, "SEEK_DATA"):
        return offset
    here = os.lseek(descriptor, 0, os.SEEK_CUR)
    try:
        return min(os.lseek(descriptor, offset, os.SEEK_DATA), end)
    except OSError as fault:
        return end if fault.errno == errno.ENXIO else offset
    finally:
        os.lseek(descriptor, here, os.SEEK_SET)


def _hole(stream: BinaryIO, most: int) -> int:
    """Moves behind the hole that begins here, and says how long it is."""
    here = stream.tell()
    end = data_from(stream.fileno(), here, here + most)
    stream.seek(end)
    return end - here


def _read_blocks(stream: BinaryIO, limit: int, size: int | None) -> Iterator[Block]:
    """Blocks of about a megabyte; the last line gets a line feed if the file has none at its end.

    Raises:
        EvidenceReadError: At the end, if there were fewer bytes than `size`; there are never more.
    """
    left = sys.maxsize if size is None else size
    room = BLOCK + limit + 2
    data = bytearray(room)
    view = memoryview(data)
    data[0] = 10
    kept, offset, too_long, skipping = 0, 0, 0, False
    while True:
        if skipping and size is not None:
            hole = _hole(stream, left)
            offset, left = offset + hole, left - hole
        count = _read(stream, view[1 + kept : 1 + kept + min(BLOCK, left)])
        end = 1 + kept + count
        left -= count
        if count == 0:
            if skipping:
                offset, kept, too_long = offset + kept, 0, too_long + 1
            if kept:
                data[end] = 10
            if kept or too_long:
                yield Block(data, view, 1, end + 1 if kept else 1, offset, too_long, unended=True)
            if size is not None and left:
                message = f"the file became {left} bytes shorter while it was read"
                raise EvidenceReadError(message, reason=SkipReason.TRUNCATED)
            return
        start = 1
        if skipping:
            found = data.find(b"\n", 1, end)
            if found < 0:
                offset, kept = offset + end - 1, 0
                continue
            start, skipping, too_long = found + 1, False, too_long + 1
            data[found] = 10
        last = data.rfind(b"\n", start, end) + 1
        if last > start:
            yield Block(data, view, start, last, offset + start - 1, too_long)
            too_long = 0
        else:
            last = start
        kept = end - last
        offset += last - 1
        if kept > limit:
            offset, kept, skipping = offset + kept, 0, True
            continue
        view[1 : 1 + kept] = bytes(view[last:end])
        data[0] = 10
