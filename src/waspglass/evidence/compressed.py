"""Opens gzip and Zstandard streams under the limits."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, Protocol, cast

import zstandard
from isal import isal_zlib

from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import Limits
from waspglass.evidence.signature import SIGNATURE_BYTES, Signature, signature
from waspglass.evidence.stream import bounded_stream

__all__ = ["decompressed", "inner_signature"]

_FEED = {Signature.GZIP: 32 * 1024, Signature.ZSTD: 4096}
"""Packed bytes given to a decompressor at once, so that what comes out stays below some 128 MB: deflate packs a byte a
thousandfold at most, but four bytes of Zstandard may stand for 128 KiB."""
_GZIP_WINDOW = 31
"""zlib's number for the largest window with a gzip header."""
_MAX_ZSTD_WINDOW = 128 * 1024 * 1024
"""A frame may ask for gigabytes of memory; `zstd --ultra` itself stops at this window unless told otherwise."""


class _Counting(io.RawIOBase):
    """Counts what the decompressor has taken."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants WriteableBuffer
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()


class _Frame(Protocol):
    """A decompressor of one gzip member or Zstandard frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class _Frames:
    """Members or frames one after another; gives all that lies before a cut or damaged place, then says so.

    The stream readers of the libraries lose up to a block there, and that of zstandard does not notice a cut.
    """

    def __init__(self, source: io.IOBase, kind: Signature) -> None:
        self._source = cast("BinaryIO", source)
        self._make = _gzip_member if kind is Signature.GZIP else _zstd_frames()
        self._feed = _FEED[kind]
        self._frame: _Frame | None = None
        self._packed, self._unpacked = b"", b""
        self._given = 0

    def read(self, size: int) -> bytes:
        while self._given >= len(self._unpacked):
            self._packed = self._packed or self._source.read(self._feed)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError
                return b""
            if self._frame is None and not (packed := self._packed.lstrip(b"\0")):
                self._packed = packed  # block devices fill the last block with zeros
                continue
            self._frame = self._frame or self._make()
            self._unpacked, self._given = self._frame.decompress(self._packed), 0
            self._packed = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = None
        # What is left stays where it is: a few packed bytes may give 128 MB, and to cut the head off copies all of it.
        data = self._unpacked[self._given : self._given + size]
        self._given += len(data)
        return data

    def close(self) -> None:
        self._source.close()


def _gzip_member() -> _Frame:
    return cast("_Frame", isal_zlib.decompressobj(wbits=_GZIP_WINDOW))


def _zstd_frames() -> Callable[[], _Frame]:
    """One context for all frames: a new one costs 20 microseconds, and a frame may have nine bytes."""
    return zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW).decompressobj


def decompressed(source: BinaryIO, kind: Signature, limits: Limits, path: str) -> BinaryIO:
    """The content of a gzip or Zstandard stream; several members or frames one after another are one content.

    Raises:
        EvidenceReadError: While reading: truncated, damaged, or a bomb.
    """
    counting = _Counting(source)
    buffered = io.BufferedReader(counting, 128 * 1024)
    frames = _Frames(buffered, kind)
    return bounded_stream(frames, lambda: counting.taken, limits, path)


def inner_signature(source: BinaryIO, kind: Signature, limits: Limits, path: str) -> Signature:
    """What is inside of a compressed stream: a tar, or a plain file."""
    with decompressed(source, kind, limits, path) as content:
        try:
            return signature(content.read(SIGNATURE_BYTES))
        except EvidenceReadError:
            return Signature.OTHER
