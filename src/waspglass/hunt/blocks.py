"""Reads a log as blocks of whole lines, in memory that does not grow with the file or with its longest line."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["BLOCK", "Block", "map_blocks", "open_blocks", "read_blocks"]

BLOCK = 1 << 20
"""Bytes read at once; fits the second-level cache of usual processors."""

_WINDOW = 32 << 20


@dataclass(slots=True)
class Block:
    """Whole lines in a buffer that is used again for the next block.

    Attributes:
        data: The buffer, or the mapped window. The byte before `start` is a line feed (unless the file starts there).
        view: The same bytes, for slices without a copy.
        start: Where the lines begin.
        end: Where they end; the byte before it is a line feed.
        offset: Offset of `start` in the file.
        too_long: Lines that were skipped before this block because they exceed the limit.
    """

    data: bytearray | mmap.mmap
    view: memoryview
    start: int
    end: int
    offset: int
    too_long: int = 0


def open_blocks(stream: BinaryIO, limit: int, *, local: bool) -> Iterator[Block]:
    """Blocks of an open stream: mapped where it stands for a local file, else read.

    Args:
        stream: As the evidence opened it. Never the file's path: that may lead elsewhere by now.
        limit: Bytes of a line.
        local: True if the bytes behind the stream's descriptor are its content.
    """
    return map_blocks(stream, limit) if local and _has_descriptor(stream) else read_blocks(stream, limit)


def _has_descriptor(stream: BinaryIO) -> bool:
    try:
        return stream.fileno() >= 0
    except (AttributeError, OSError):
        return False


def map_blocks(file: BinaryIO, limit: int) -> Iterator[Block]:
    """The same blocks of a local file, mapped instead of copied, in windows so that little of it counts as ours."""
    size = os.fstat(file.fileno()).st_size
    position = too_long = 0
    while position < size:
        base = max(0, position - 1) // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
        length = min(_WINDOW + limit, size - base)
        with (
            mmap.mmap(file.fileno(), length, offset=base, access=mmap.ACCESS_READ) as data,
            memoryview(data) as view,
        ):
            start, last = position - base, base + length == size
            stop = length if last else max(start + 1, length - limit)
            while start < stop:
                end = data.rfind(b"\n", start, min(start + BLOCK, length)) + 1
                if end == 0:
                    end = data.find(b"\n", start, min(start + limit + 1, length)) + 1
                if end == 0:
                    break
                yield Block(data, view, start, end, base + start, too_long)
                start, too_long = end, 0
            rest = bytes(view[start:]) if last and length - start <= limit else None
        position = base + start
        if position >= size:
            break
        if rest is not None:
            tail = bytearray(b"\n" + rest + b"\n")
            yield Block(tail, memoryview(tail), 1, len(tail), position, too_long)
            return
        if start < stop:
            position, too_long = _after_long_line(file, position), too_long + 1
    if too_long:
        yield Block(bytearray(1), memoryview(b"\n"), 1, 1, size, too_long)


def _after_long_line(file: BinaryIO, position: int) -> int:
    """Where the line that starts here ends, read in pieces."""
    file.seek(position)
    while piece := file.read(BLOCK):
        found = piece.find(b"\n")
        if found >= 0:
            return position + found + 1
        position += len(piece)
    return position


def _read(stream: BinaryIO, into: memoryview) -> int:
    reader = getattr(stream, "readinto", None)
    if reader is not None:
        return int(reader(into) or 0)
    data = stream.read(len(into))
    into[: len(data)] = data
    return len(data)


def read_blocks(stream: BinaryIO, limit: int) -> Iterator[Block]:
    """Blocks of about a megabyte; the last line gets a line feed if the file has none at its end."""
    room = BLOCK + limit + 2
    data = bytearray(room)
    view = memoryview(data)
    data[0] = 10
    kept, offset, too_long, skipping = 0, 0, 0, False
    while True:
        count = _read(stream, view[1 + kept : 1 + kept + BLOCK])
        end = 1 + kept + count
        if count == 0:
            if skipping:
                offset, kept, too_long = offset + kept, 0, too_long + 1
            if kept:
                data[end] = 10
            if kept or too_long:
                yield Block(data, view, 1, end + 1 if kept else 1, offset, too_long)
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
