"""Members of a zip that Python's `zipfile` does not read (Deflate64), or unpacks without a bound (bzip2, LZMA).

Windows Explorer packs files above 2 GB with Deflate64. bzip2 and LZMA are met in zips of 7-Zip; `zipfile` unpacks at
once whatever it read of them, and a few hundred bytes of either may stand for gigabytes.

Format: PKWARE APPNOTE 6.3, 4.3.7 (local file header), 4.4.5 (methods), 5.8 (LZMA in zips).
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

from waspglass.evidence.stream import Pread, slice_stream

__all__ = ["LOCAL_HEADER", "LOCAL_MAGIC", "OWN_METHODS", "UnpackedMember", "unpacked_member"]

LOCAL_HEADER = struct.Struct("<4s5H3I2H")
LOCAL_MAGIC = b"PK\x03\x04"
_DEFLATE64, _BZIP2, _LZMA = 9, 12, 14
OWN_METHODS = frozenset({_DEFLATE64, _BZIP2, _LZMA})
_STEP = 256 * 1024
_FEED64 = 1024
"""Packed bytes given to Deflate64 at once: 18 bits may stand for 64 KiB, so some 30 MB come out at most."""
_MAX_DICTIONARY = 128 * 1024 * 1024
"""Of LZMA; a header may ask for 4 GB."""
_LZMA_HEADER = struct.Struct("<2xH")
_LZMA_PROPERTIES = struct.Struct("<BI")


class _Bounded(Protocol):
    """A decompressor that gives no more than it is asked for."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def unpacked_member(pread: Pread, info: zipfile.ZipInfo, path: str) -> UnpackedMember:
    """The content of a member with one of `OWN_METHODS`.

    Raises:
        EvidenceReadError: If nothing can be read there.
        zipfile.BadZipFile: If the member does not begin where the directory says.
        NotImplementedError: If its LZMA asks for too much memory.
    """
    header = slice_stream(pread, info.header_offset, LOCAL_HEADER.size, path)  # the place may be before the archive
    raw = header.read(LOCAL_HEADER.size)
    if len(raw) < LOCAL_HEADER.size or not raw.startswith(LOCAL_MAGIC):
        raise zipfile.BadZipFile("no member begins there")
    name_length, extra_length = LOCAL_HEADER.unpack(raw)[-2:]
    start = info.header_offset + LOCAL_HEADER.size + name_length + extra_length
    packed = slice_stream(pread, start, info.compress_size, path)
    return UnpackedMember(_pieces_of(packed, info.compress_type), info.file_size, info.CRC)


class UnpackedMember:
    """Gives a member's bytes, and at their end says if they are too few or not those that were packed.

    Args:
        pieces: Gives the next unpacked bytes; none at the end.
        size: Length, by the directory of the archive.
        crc: Checksum of the content.
    """

    def __init__(self, pieces: Callable[[], bytes | None], size: int, crc: int) -> None:
        self._pieces, self._left, self._crc = pieces, size, crc
        self._have, self._at, self._sum = b"", 0, 0

    def read(self, size: int) -> bytes:
        """Up to so many bytes; nothing at the end.

        Raises:
            EOFError: If the data end too early.
            zipfile.BadZipFile: If the checksum is another.
        """
        while self._at >= len(self._have):
            if self._left == 0:
                if self._sum != self._crc:
                    raise zipfile.BadZipFile("the checksum is another")
                return b""
            piece = self._pieces()
            if piece is None:
                raise EOFError
            self._have, self._at = piece[: self._left], 0
            self._left -= len(self._have)
            self._sum = zlib.crc32(self._have, self._sum)
        data = self._have[self._at : self._at + size]
        self._at += len(data)
        return data

    def close(self) -> None:
        """Nothing is held."""


def _pieces_of(packed: BinaryIO, method: int) -> Callable[[], bytes | None]:
    if method == _DEFLATE64:
        return _deflate64(packed)
    return _bounded(packed, bz2.BZ2Decompressor() if method == _BZIP2 else _lzma(packed))


def _deflate64(packed: BinaryIO) -> Callable[[], bytes | None]:
    import inflate64  # here, for it takes 10 ms of each start and few zips need it

    inflater = inflate64.Inflater()

    def piece() -> bytes | None:
        if inflater.eof or not (block := packed.read(_FEED64)):
            return None
        data: bytes = inflater.inflate(block)
        return data

    return piece


def _bounded(packed: BinaryIO, decompressor: _Bounded) -> Callable[[], bytes | None]:
    def piece() -> bytes | None:
        if decompressor.eof:
            return None
        block = packed.read(_STEP) if decompressor.needs_input else b""
        if decompressor.needs_input and not block:
            return None
        return decompressor.decompress(block, _STEP)

    return piece


def _lzma(packed: BinaryIO) -> _Bounded:
    """The properties stand before the data: a byte for `lc`, `lp` and `pb`, and the size of the dictionary."""
    header = packed.read(_LZMA_HEADER.size)
    length = _LZMA_HEADER.unpack(header)[0] if len(header) == _LZMA_HEADER.size else 0
    properties = packed.read(length)
    if length != _LZMA_PROPERTIES.size or len(properties) != length:
        raise zipfile.BadZipFile("the properties of LZMA are damaged")
    packed_parameters, dictionary = _LZMA_PROPERTIES.unpack(properties)
    if dictionary > _MAX_DICTIONARY:
        raise NotImplementedError
    rest, literal_context = divmod(packed_parameters, 9)
    position, literal_position = divmod(rest, 5)
    chain = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": dictionary,
        "lc": literal_context,
        "lp": literal_position,
        "pb": position,
    }
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chain])
