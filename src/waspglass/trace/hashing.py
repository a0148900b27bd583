"""Hashes that are the same on every machine and in every run, so that an index can be kept."""

from __future__ import annotations

from hashlib import blake2b
from typing import TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["Features", "Hashes", "hash_text", "look_up", "mix", "window_hashes"]

Hashes = npt.NDArray[np.uint64]
Features = npt.NDArray[np.uint32]
"""Upper halves of hashes: what is kept of a program. Of five million, one in a thousand meets another by chance."""

Number = TypeVar("Number", np.uint32, np.uint64, np.int64)

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_KNOWN: dict[bytes, int] = {}
_KNOWN_LIMIT = 1_000_000


def hash_text(text: bytes | str) -> int:
    """A 64-bit hash of one token's text; remembered, because programs repeat their words."""
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    known = _KNOWN.get(raw)
    if known is None:
        if len(_KNOWN) >= _KNOWN_LIMIT:
            _KNOWN.clear()
        known = _KNOWN[raw] = int.from_bytes(blake2b(raw, digest_size=8).digest(), "little")
    return known


def look_up(
    known: npt.NDArray[Number], wanted: npt.NDArray[Number]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Where each wanted value stands in an ascending array, and whether it does; the place of others means nothing."""
    if not len(known):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.bool_)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return place, known[place] == wanted


def mix(values: Hashes) -> Hashes:
    """Spreads each value over 64 bits, one to one (the finaliser of splitmix64, Steele et al. 2014)."""
    values = values ^ (values >> np.uint64(30))
    values = values * np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def window_hashes(values: Hashes, width: int) -> Hashes:
    """One hash for each window of `width` neighbours: a polynomial modulo 2**64, doubled up from halves, then mixed.

    The result has `max(0, len(values) - width + 1)` entries.
    """
    if len(values) < width:
        return np.empty(0, dtype=np.uint64)
    done, total = 0, np.zeros(len(values), dtype=np.uint64)
    power, block, size = np.uint64(_MULTIPLIER), mix(values), 1
    remaining = width
    with np.errstate(over="ignore"):
        while remaining:
            if remaining & 1:
                shifted = block[done : done + len(total)]
                total = total[: len(shifted)] * power + shifted
                done += size
            remaining >>= 1
            if remaining:
                block = block[:-size] * power + block[size:]
                power = power * power
                size *= 2
    return mix(total[: len(values) - width + 1])
