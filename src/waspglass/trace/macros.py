"""The source of macros in Office files, where it stands compressed ([MS-OVBA] 2.4.1); decompresses, runs nothing.

Each module is a stream of its own that begins with `Attribute VB_Name`, which no compression shortens. It is found by
that, without a look at how the file is laid out: a stream that lies in pieces is read as far as its first one goes.
"""

from __future__ import annotations

import re

__all__ = ["macros_in"]

_MODULE = re.compile(rb"\x01.[\xb0-\xbf]\x00Attribut", re.DOTALL)
_ATTRIBUTE = re.compile(rb"^Attribute VB_[^\r\n]*\r?\n?", re.MULTILINE)
"""What Office writes into every module."""
_CHUNK = 4096
"""Bytes that a chunk has when it is decompressed."""


def macros_in(raw: bytes, limit: int) -> bytes:
    """The modules one after the other, up to so many bytes together; nothing if there are none."""
    modules: list[bytes] = []
    for match in _MODULE.finditer(raw):
        module = _decompressed(raw, match.start() + 1, limit)
        modules.append(_ATTRIBUTE.sub(b"", module))
        limit -= len(module)  # with what is left out: it took as long
        if limit <= 0:
            break
    return b"\n".join(module for module in modules if module.strip())


def _decompressed(raw: bytes, place: int, limit: int) -> bytes:
    """The chunks from a place on, as far as they are sound."""
    found = bytearray()
    while len(found) < limit:
        header = int.from_bytes(raw[place : place + 2], "little")
        if header >> 12 != 0b1011:  # the end, or a chunk as it is, of which there is none in a text
            break
        end = place + 3 + (header & 0xFFF)
        chunk = _chunk(raw[place + 2 : end])
        found += chunk
        place = end
        if len(chunk) < _CHUNK:
            break
    return bytes(found[:limit])


def _chunk(packed: bytes) -> bytes:
    """Groups of eight, each behind a byte whose bits tell literals (0) from copies of what stands before (1)."""
    found, place = bytearray(), 0
    while place < len(packed) and len(found) < _CHUNK:
        flags, place = packed[place], place + 1
        for bit in range(8):
            if not flags >> bit & 1:
                found += packed[place : place + 1]
                place += 1
                continue
            token = int.from_bytes(packed[place : place + 2], "little")
            place += 2
            width = max(4, (len(found) - 1).bit_length())
            back, length = (token >> (16 - width)) + 1, (token & (0xFFFF >> width)) + 3
            if back > len(found):
                return bytes(found)
            for _ in range(length):
                found.append(found[-back])
    return bytes(found[:_CHUNK])
