"""Compressed bytes, up to a bound: gzip, zlib, raw deflate, bzip2, xz."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Inflated", "inflated"]

_LZMA_MEMORY = 64 << 20


@dataclass(frozen=True, slots=True)
class Inflated:
    """What was compressed.

    Attributes:
        kind: `gzip`, `zlib`, `deflate`, `bzip2` or `xz`.
        raw: The content, up to the bound.
        cut: There is more of it.
        marked: The compressed bytes began with the mark of their kind; raw deflate has none.
    """

    kind: str
    raw: bytes
    cut: bool
    marked: bool


def inflated(raw: bytes, limit: int) -> Inflated | None:
    """At most `limit` bytes of what is compressed in `raw`; None if it is none of the known kinds."""
    for kind, begins, open_, marked in _KINDS:
        if not begins(raw):
            continue
        try:
            content = open_(raw, limit + 1)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
            continue
        if content:
            return Inflated(kind, content[:limit], len(content) > limit, marked)
    return None


def _zlib(width: int) -> Callable[[bytes, int], bytes]:
    return lambda raw, limit: zlib.decompressobj(width).decompress(raw, limit)


def _bzip2(raw: bytes, limit: int) -> bytes:
    return bz2.BZ2Decompressor().decompress(raw, limit)


def _xz(raw: bytes, limit: int) -> bytes:
    return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY).decompress(raw, limit)


def _begins_zlib(raw: bytes) -> bool:
    """The two bytes of a zlib header (RFC 1950): deflate, and a check over both."""
    return len(raw) > 1 and raw[0] & 15 == 8 and int.from_bytes(raw[:2], "big") % 31 == 0


_KINDS: tuple[tuple[str, Callable[[bytes], bool], Callable[[bytes, int], bytes], bool], ...] = (
    ("gzip", lambda raw: raw[:2] == b"\x1f\x8b", _zlib(31), True),
    ("bzip2", lambda raw: raw[:3] == b"BZh", _bzip2, True),
    ("xz", lambda raw: raw[:6] == b"\xfd7zXZ\0", _xz, True),
    ("zlib", _begins_zlib, _zlib(15), True),
    ("deflate", lambda _: True, _zlib(-15), False),
)
