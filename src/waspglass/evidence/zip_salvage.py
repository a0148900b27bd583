"""A zip whose directory is lost (a download that broke off, a disk that was full): members found by their own headers.

Format: PKWARE APPNOTE 6.3, 4.3.7 (local file header), 4.3.9 (data descriptor) and 4.5.3 (lengths of zip64). Collectors
that write while they read put a member's length behind it, so its end is found by inflating it once.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from waspglass.evidence.errors import EvidenceReadError, read_error
from waspglass.evidence.limits import Limits
from waspglass.evidence.member import Container, Member
from waspglass.evidence.skip_log import SkipLog
from waspglass.evidence.stream import Pread, bounded_stream, slice_stream
from waspglass.evidence.windows_path import names_folder, split_name
from waspglass.evidence.zip_archive import ZipContainer
from waspglass.evidence.zip_method import DEFLATED, LOCAL_HEADER, LOCAL_MAGIC, STORED, unpacked
from waspglass.model.skip import SkipReason

__all__ = ["SalvagedZip", "open_zip"]

_ENCRYPTED, _LENGTH_FOLLOWS, _UTF8 = 0x1, 0x8, 0x800
_IN_EXTRA, _ZIP64 = 0xFFFFFFFF, 0x0001
_STEP = 256 * 1024
_VAIN_RATIO = 16
"""Bytes that may be unpacked in vain for each byte of the archive, beside what any ratio may produce."""


def open_zip(pread: Pread, size: int, limits: Limits, path: str) -> Container:
    """A zip by its directory, or what can be salvaged of it.

    Raises:
        EvidenceReadError: If there is nothing in it that could be read; ENCRYPTED if all of it is encrypted.
    """
    try:
        container = ZipContainer(pread, size, limits, path)
    except EvidenceReadError as fault:
        if fault.reason is not SkipReason.DAMAGED:
            raise
        salvaged = SalvagedZip(pread, size, limits, path)
        if next(salvaged.members(SkipLog(path)), None) is None:
            raise
        return salvaged
    if container.encrypted:
        raise read_error(path, SkipReason.ENCRYPTED, "all files in the zip are encrypted")
    return container


@dataclass(frozen=True, slots=True)
class _Entry:
    """A member as its local header tells; without lengths where they stand behind it or cannot be true."""

    name: str
    method: int
    flags: int
    start: int
    packed: int | None
    size: int | None


class SalvagedZip:
    """Members in the order in which they lie in the file.

    Args:
        pread: Reads the archive.
        size: Its length.
        limits: Bounds.
        path: For messages.
    """

    def __init__(self, pread: Pread, size: int, limits: Limits, path: str) -> None:
        self._pread, self._size, self._limits, self._path = pread, size, limits, path
        self._window = (0, b"")
        self._ends: dict[int, int] = {}
        self._vain = limits.ratio_floor + _VAIN_RATIO * size
        """Headers inside of what other headers call their data would else be unpacked once each: the square."""

    def members(self, skips: SkipLog) -> Iterator[Member]:
        """What can be found; that the directory is lost is a skip of the whole archive."""
        skips.add(self._path, SkipReason.DAMAGED, "the directory of the zip is lost; members were found one by one")
        at = self._next_header(0)
        while at is not None:
            entry = self._entry(at)
            if entry is None:
                at = self._next_header(at + 4)
                continue
            end = self._end_of(entry) if entry.packed is None else entry.start + entry.packed
            if not names_folder(entry.name):
                yield from self._member(entry, end, skips)
            at = self._next_header(max(end, at + 4))
        if self._vain < 0:
            skips.add(self._path, SkipReason.LIMIT_REACHED, "too much was unpacked in vain; members may be cut short")

    def _member(self, entry: _Entry, end: int, skips: SkipLog) -> Iterator[Member]:
        path = f"{self._path}\\{entry.name}"
        packed, size = end - entry.start, entry.size
        if entry.flags & _ENCRYPTED:
            skips.add(path, SkipReason.ENCRYPTED, "encrypted member")
        elif entry.method not in {STORED, DEFLATED}:
            skips.add(path, SkipReason.UNREADABLE, f"compression method {entry.method}")
        elif size is not None and self._limits.bomb(size, packed):
            skips.add(path, SkipReason.COMPRESSION_BOMB, f"{size} bytes out of {packed}")
        else:
            yield Member(split_name(entry.name), size, None, None, partial(self._open, entry, packed, path))

    def _open(self, entry: _Entry, packed: int, path: str) -> BinaryIO:
        raw = slice_stream(self._pread, entry.start, packed, path)
        if entry.method == STORED:
            return raw
        return bounded_stream(unpacked(raw, DEFLATED), raw.tell, self._limits, path)

    def _next_header(self, start: int) -> int | None:
        """Offset of the next local header; headers may lie close together, so the block that was read is kept."""
        while start < self._size:
            place, block = self._window
            if not place <= start <= place + len(block) - len(LOCAL_MAGIC):
                place, block = self._window = start, self._pread(_STEP, start)
            at = block.find(LOCAL_MAGIC, start - place)
            if at >= 0:
                return place + at
            if len(block) < _STEP:
                return None
            start = place + len(block) - len(LOCAL_MAGIC) + 1
        return None

    def _entry(self, at: int) -> _Entry | None:
        raw = self._pread(LOCAL_HEADER.size, at)
        if len(raw) < LOCAL_HEADER.size:
            return None
        _, _, flags, method, _, _, _, packed, size, name_length, extra_length = LOCAL_HEADER.unpack(raw)
        tail = self._pread(name_length + extra_length, at + LOCAL_HEADER.size)
        name, extra = tail[:name_length], tail[name_length:]
        if len(name) < name_length or not name or b"\0" in name:
            return None
        text = name.decode("utf-8" if flags & _UTF8 else "cp437", "surrogateescape")
        start = at + LOCAL_HEADER.size + name_length + extra_length
        lengths = _zip64_lengths(extra) if _IN_EXTRA in {packed, size} else (size, packed)
        if flags & _LENGTH_FOLLOWS or lengths is None:
            return _Entry(text, method, flags, start, None, None)
        size, packed = lengths
        if method == DEFLATED and not 0 < packed <= self._size - start:  # cut, or false: its end can be found out
            return _Entry(text, method, flags, start, None, None)
        return _Entry(text, method, flags, start, packed, size)

    def _end_of(self, entry: _Entry) -> int:
        """Where the packed data end, for a member whose length is not known; looked for once."""
        if entry.start not in self._ends:
            inflated = entry.method == DEFLATED and not entry.flags & _ENCRYPTED and self._vain >= 0
            end = self._end_of_deflated(entry.start) if inflated else None
            self._ends[entry.start] = (self._next_header(entry.start) or self._size) if end is None else end
        return self._ends[entry.start]

    def _end_of_deflated(self, start: int) -> int | None:
        """The end of the deflate stream that begins there; that of the file if it is cut; None if it is none."""
        inflater, at, given = zlib.decompressobj(-zlib.MAX_WBITS), start, 0
        while at < self._size:
            block = self._pread(_STEP, at)
            try:
                while block and not inflater.eof:
                    given += len(inflater.decompress(block, _STEP))
                    block = inflater.unconsumed_tail
                    if given > self._limits.member_bytes or self._limits.bomb(given, at - start + _STEP):
                        raise zlib.error
            except zlib.error:
                self._vain -= given + at - start + _STEP
                return None
            at = min(at + _STEP, self._size)
            if inflater.eof:
                return at - len(inflater.unused_data)
        return self._size


def _zip64_lengths(extra: bytes) -> tuple[int, int] | None:
    """Length and packed length, which the extra field 0x0001 of a local header has both; None before they were set."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == _ZIP64 and length >= 16 and at + 20 <= len(extra):
            size, packed = struct.unpack_from("<QQ", extra, at + 4)
            return (size, packed) if packed else None
        at += 4 + length
    return None
