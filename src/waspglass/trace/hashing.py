"""Hashes that are the same on every machine and in every run, so that an index can be kept."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["GOLDEN", "Features", "Hashes", "hash_text", "joined", "look_up", "mix", "polynomials", "window_hashes"]

Hashes = npt.NDArray[np.uint64]
Features = npt.NDArray[np.uint32]
"""Upper halves of hashes: what is kept of a program. Of five million, one in a thousand meets another by chance."""

Number = TypeVar("Number", np.uint32, np.uint64, np.int64)

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""An odd number without a pattern in its bits (2**64 over the golden ratio), by which places are told apart."""
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


def polynomials(values: Hashes, width: int) -> Hashes:
    """A polynomial over each window of `width` neighbours, modulo 2**64, doubled up from halves.

    The result has `max(0, len(values) - width + 1)` entries; overflow is meant, so callers silence NumPy's warning.
    """
    power, block, size = GOLDEN, values, 1
    total: Hashes | None = None
    taken = 0
    while True:
        if width & size:
            if total is None:
                total = block
            else:
                shifted = block[taken:]
                total = total[: len(shifted)] * power + shifted[: len(total)]
            taken += size
        if taken == width:
            return total if total is not None else block
        block = block[: max(0, len(block) - size)] * power + block[size:]
        power, size = power * power, 2 * size


def window_hashes(values: Hashes, width: int) -> Hashes:
    """One hash for each window of `width` neighbours; none of fewer."""
    with np.errstate(over="ignore"):
        return mix(polynomials(mix(values), width))


def joined(features: Iterable[Features]) -> Features:
    """All in one array, one after the other; also of none."""
    return np.concatenate([np.empty(0, dtype=np.uint32), *features])
