"""How members of a zip are packed, and their content.

Python's `zipfile` lists them, but does not read Deflate64, by which Windows Explorer packs files above 2 GB, and
unpacks bzip2 and LZMA (of 7-Zip) without a bound: a few hundred bytes of either may stand for gigabytes.

Format: PKWARE APPNOTE 6.3, 4.3.7 (local file header), 4.4.5 (methods), 5.8 (LZMA in zips).
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, Protocol, cast

from isal import igzip_lib

from waspglass.evidence.stream import Pread, slice_stream

__all__ = ["DEFLATED", "LOCAL_HEADER", "LOCAL_MAGIC", "STORED", "unpacked", "unpacked_member"]

LOCAL_HEADER = struct.Struct("<4s5H3I2H")
LOCAL_MAGIC = b"PK\x03\x04"
_UTF8_NAME = 0x800
STORED, DEFLATED = 0, 8
_DEFLATE64, _BZIP2, _LZMA = 9, 12, 14
_STEP = 256 * 1024
_FEED64 = 1024
"""Packed bytes given to Deflate64 at once: 18 bits may stand for 64 KiB, so some 30 MB come out at most."""
_MAX_DICTIONARY = 128 * 1024 * 1024
"""Of LZMA; a header may ask for 4 GB."""
_LZMA_HEADER = struct.Struct("<2xH")
_LZMA_PROPERTIES, _UNKNOWN_LENGTH = 5, b"\xff" * 8


class _Bounded(Protocol):
    """A decompressor that gives no more than it is asked for."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def unpacked_member(pread: Pread, info: zipfile.ZipInfo, end: int, path: str) -> Iterator[bytes]:
    """The content of a member, in pieces; at their end is said if they are too few or not those that were packed.

    Args:
        pread: Reads the archive.
        info: What its directory says of the member.
        end: Where the next member begins, or the directory: a bomb lets thousands of members share their data.
        path: For messages.

    Raises:
        EvidenceReadError: If nothing can be read there.
        EOFError: If the data end too early.
        zipfile.BadZipFile: If the member does not lie where the directory says, or other bytes come out.
        NotImplementedError: If it is packed by another method, or its LZMA asks for too much memory.
    """
    header = slice_stream(pread, info.header_offset, LOCAL_HEADER.size, path)  # the place may be before the archive
    raw = header.read(LOCAL_HEADER.size)
    if len(raw) < LOCAL_HEADER.size or not raw.startswith(LOCAL_MAGIC):
        raise zipfile.BadZipFile("no member begins there")
    _, _, flags, *_, name_length, extra_length = LOCAL_HEADER.unpack(raw)
    start = info.header_offset + LOCAL_HEADER.size + name_length + extra_length
    name = pread(name_length, info.header_offset + LOCAL_HEADER.size)
    if name.decode("utf-8" if flags & _UTF8_NAME else "cp437", "replace") != info.orig_filename:
        raise zipfile.BadZipFile("another member begins there")
    if start + info.compress_size > end:
        raise zipfile.BadZipFile("its data reach into the next member")
    pieces = unpacked(slice_stream(pread, start, info.compress_size, path), info.compress_type)
    left, checksum = info.file_size, 0
    while left:
        if (piece := next(pieces, None)) is None:
            raise zipfile.BadZipFile("fewer bytes come out than the directory says")
        piece = piece[:left]
        left -= len(piece)
        checksum = zlib.crc32(piece, checksum)
        yield piece
    if checksum != info.CRC:
        raise zipfile.BadZipFile("the checksum is another")


def unpacked(packed: BinaryIO, method: int) -> Iterator[bytes]:
    """What was packed by that method, in pieces.

    Raises:
        EOFError: If the data end too early.
        NotImplementedError: If that method is not known.
    """
    if method == STORED:
        return iter(partial(packed.read, _STEP), b"")
    if method == _DEFLATE64:
        return _deflate64(packed)
    if method == DEFLATED:
        return _bounded(packed, cast("_Bounded", igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)))
    if method == _BZIP2:
        return _bounded(packed, bz2.BZ2Decompressor())
    if method == _LZMA:
        return _bounded(packed, _lzma(packed))
    raise NotImplementedError


def _deflate64(packed: BinaryIO) -> Iterator[bytes]:
    import inflate64  # here, for it takes 10 ms of each start and few zips need it

    inflater = inflate64.Inflater()
    while not inflater.eof:
        if not (block := packed.read(_FEED64)):
            raise EOFError
        yield inflater.inflate(block)


def _bounded(packed: BinaryIO, decompressor: _Bounded) -> Iterator[bytes]:
    while not decompressor.eof:
        block = packed.read(_STEP) if decompressor.needs_input else b""
        if decompressor.needs_input and not block:
            raise EOFError
        yield decompressor.decompress(block, _STEP)


def _lzma(packed: BinaryIO) -> _Bounded:
    """The properties stand before the data; in a file of LZMA alone a length follows them, which may be unknown."""
    header = packed.read(_LZMA_HEADER.size)
    length = _LZMA_HEADER.unpack(header)[0] if len(header) == _LZMA_HEADER.size else 0
    properties = packed.read(length)
    if length != _LZMA_PROPERTIES or len(properties) != length:
        raise zipfile.BadZipFile("the properties of LZMA are damaged")
    if int.from_bytes(properties[1:], "little") > _MAX_DICTIONARY:
        raise NotImplementedError
    decompressor = lzma.LZMADecompressor(lzma.FORMAT_ALONE)
    decompressor.decompress(properties + _UNKNOWN_LENGTH)
    return decompressor
