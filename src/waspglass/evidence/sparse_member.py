"""A sparse member of a tar: pieces of data, packed one after the other, and holes of zeros between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from waspglass.evidence.stream import Pread

__all__ = ["packed_size", "sparse_pread"]

_LONGEST_HOLE = 1 << 20
"""Zeros that one read gives; who wants more reads again."""


def packed_size(pieces: Sequence[tuple[int, int]], size: int) -> int | None:
    """Bytes of data in the archive; None if the map contradicts itself.

    Args:
        pieces: Offset in the file and length of each piece, as the archive lists them; none is empty.
        size: Of the file with its holes.
    """
    end = total = 0
    for offset, length in pieces:
        if length < 0 or offset < end or offset + length > size:
            return None
        end, total = offset + length, total + length
    return total


def sparse_pread(pread: Pread, start: int, pieces: Sequence[tuple[int, int]], size: int) -> Pread:
    """Reads the file with its holes; no read gives more than it was asked for, some give less.

    Args:
        pread: Reads the archive.
        start: Where the packed data begins.
        pieces: A map that `packed_size` accepts.
        size: Of the file with its holes.
    """
    offsets = [offset for offset, _ in pieces]
    places = list(accumulate((length for _, length in pieces), initial=start))

    def read_at(length: int, offset: int) -> bytes:
        piece = bisect_right(offsets, offset) - 1
        if piece >= 0 and (inside := offset - offsets[piece]) < pieces[piece][1]:
            return pread(min(length, pieces[piece][1] - inside), places[piece] + inside)
        following = offsets[piece + 1] if piece + 1 < len(offsets) else size
        return bytes(max(0, min(length, following - offset, _LONGEST_HOLE)))

    return read_at
