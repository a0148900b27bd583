"""Opens gzip and Zstandard streams under the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
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
_ZSTD_STEP = 4 * 1024 * 1024
"""Bytes by which its output grows: where that copies it (Windows), 128 MB took a minute in steps of 128 KiB."""
_MAX_ZSTD_WINDOW = 128 * 1024 * 1024
"""A frame may ask for gigabytes of memory; `zstd --ultra` itself stops at this window unless told otherwise."""


class _Frame(Protocol):
    """A decompressor of one gzip member or Zstandard frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def decompressed(source: BinaryIO, kind: Signature, limits: Limits, path: str) -> BinaryIO:
    """The content of a gzip or Zstandard stream; several members or frames one after another are one content.

    All that lies before a cut or damaged place is given. The stream readers of the libraries lose up to a block there,
    and that of zstandard does not notice a cut.

    Raises:
        EvidenceReadError: While reading: truncated, damaged, or a bomb.
    """
    taken = 0

    def frames() -> Iterator[bytes]:
        nonlocal taken
        make, frame, packed = _decompressors(kind), None, b""
        while packed := packed or source.read(_FEED[kind]):
            if frame is None and not (packed := packed.lstrip(b"\0")):
                continue  # block devices fill the last block with zeros
            taken += len(packed)
            frame = frame or make()
            yield frame.decompress(packed)
            packed = frame.unused_data if frame.eof else b""
            taken -= len(packed)
            frame = None if frame.eof else frame
        if frame is not None:
            raise EOFError

    return bounded_stream(frames(), lambda: taken, limits, path, source.close)


def _decompressors(kind: Signature) -> Callable[[], _Frame]:
    """Makes one for each member or frame; of Zstandard in one context, which takes 20 microseconds to set up."""
    if kind is Signature.GZIP:
        return lambda: cast("_Frame", isal_zlib.decompressobj(wbits=_GZIP_WINDOW))
    context = zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW)
    return partial(context.decompressobj, write_size=_ZSTD_STEP)


def inner_signature(source: BinaryIO, kind: Signature, limits: Limits, path: str) -> Signature:
    """What is inside of a compressed stream: a tar, or a plain file."""
    with decompressed(source, kind, limits, path) as content:
        try:
            return signature(content.read(SIGNATURE_BYTES))
        except EvidenceReadError:
            return Signature.OTHER
