"""Opens gzip and Zstandard streams under the limits."""

from __future__ import annotations

import io
from typing import BinaryIO, cast

import zstandard
from isal import igzip

from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import Limits
from waspglass.evidence.signature import SIGNATURE_BYTES, Signature, signature
from waspglass.evidence.stream import bounded_stream

__all__ = ["decompressed", "inner_signature"]

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


class _Owning(io.RawIOBase):
    """A decompressor that closes what lies under it: neither gzip nor zstandard does."""

    def __init__(self, decompressor: BinaryIO, source: io.IOBase) -> None:
        super().__init__()
        self._decompressor, self._source = decompressor, source

    def read(self, size: int = -1) -> bytes:
        return self._decompressor.read(size)

    def close(self) -> None:
        if not self.closed:
            self._decompressor.close()
            self._source.close()
        super().close()


def decompressed(source: BinaryIO, kind: Signature, limits: Limits, path: str) -> BinaryIO:
    """The content of a gzip or Zstandard stream; several members or frames one after another are one content.

    Raises:
        EvidenceReadError: While reading: truncated, damaged, or a bomb.
    """
    counting = _Counting(source)
    buffered = io.BufferedReader(counting, 128 * 1024)
    if kind is Signature.GZIP:
        inner = cast("BinaryIO", igzip.open(buffered, "rb"))  # type: ignore[no-untyped-call]  # isal has no types
    else:
        context = zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW)
        inner = cast("BinaryIO", context.stream_reader(buffered, read_across_frames=True, closefd=False))
    return bounded_stream(cast("BinaryIO", _Owning(inner, buffered)), lambda: counting.taken, limits, path)


def inner_signature(source: BinaryIO, kind: Signature, limits: Limits, path: str) -> Signature:
    """What is inside of a compressed stream: a tar, or a plain file."""
    with decompressed(source, kind, limits, path) as content:
        try:
            return signature(content.read(SIGNATURE_BYTES))
        except EvidenceReadError:
            return Signature.OTHER
