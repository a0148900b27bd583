"""What is common in a sample of the evidence: how many lines contain a needle, and which three bytes are rare.

Hyperscan looks for the last bytes of a literal first. A needle that ends in three bytes that are common in the log
costs a check at each of them; cut back to an end that is rare, the same needle is found two to three times as fast.
Literals share eight tables that tell which bytes stand at their last eight places. So the last byte counts by itself
too, and addresses are best cut behind a dot: the end of an address fits any other number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from waspglass.hunt.cache import Cache
from waspglass.hunt.matching.database import Database
from waspglass.hunt.matching.needles import JOINED, REGEX, Clause

__all__ = ["Sample"]

_GRAM_BYTES = 512 << 10
_SHORTEST = 6
"""Needles are not cut below this length, so that a cut needle is hardly more common than the whole."""
_MOST_SHARED = 8
"""Needles that are cut to the same part: where a line has it, the rules of all of them are asked."""
_ADDRESS = re.compile(rb"([ \t,]?(?:\d{1,3}\.){3})\d{1,3}[ \t,]?")
_NUMERIC = re.compile(rb"[0-9.: ]+")
"""Of other numbers each end is as common as the others."""


class Sample:
    """Whole lines out of the evidence."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._masks: dict[bytes, int] = {}

    @cached_property
    def lines(self) -> int:
        """How many lines it has."""
        return max(1, self.text.count(b"\n"))

    @cached_property
    def _counts(self) -> tuple[list[int], list[int]]:
        """How often each byte comes, and each three, by a hash of 16 bits that lets rare ones collide now and then."""
        import numpy as np  # loaded with the first sample: small evidence has none

        low = np.frombuffer(self.text[:_GRAM_BYTES].lower(), dtype=np.uint8).astype(np.uint32)
        triples = (low[:-2] * 961 + low[1:-1] * 31 + low[2:]) & 0xFFFF
        return np.bincount(low, minlength=256).tolist(), np.bincount(triples, minlength=1 << 16).tolist()

    def measure(self, needles: Iterable[bytes], cache: Cache | None) -> None:
        """Finds the lines of each needle."""
        import numpy as np

        wanted = sorted(set(needles) - self._masks.keys())
        if not wanted:
            return
        hits: list[tuple[int, int]] = []

        def note(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            hits.append((number, end))

        Database(wanted, cache, padded=False).scan(memoryview(self.text), note)
        self._masks.update(dict.fromkeys(wanted, 0))
        if not hits:
            return
        found = np.array(hits, dtype=np.int64)
        ends = np.flatnonzero(np.frombuffer(self.text, dtype=np.uint8) == 10)
        line = np.searchsorted(ends, found[:, 1] - 1)
        for number in np.unique(found[:, 0]).tolist():
            bits = np.zeros(self.lines + 8, dtype=np.uint8)
            bits[line[found[:, 0] == number]] = 1
            self._masks[wanted[number]] = int.from_bytes(np.packbits(bits).tobytes(), "big")

    def mask(self, clause: Clause) -> int:
        """The lines that contain a needle of the clause, as bits."""
        result = 0
        for needle in clause:
            result |= self._masks.get(needle, 0)
        return result

    def share(self, clause: Clause) -> float:
        """The share of lines that contain a needle of the clause."""
        return self.mask(clause).bit_count() / self.lines

    def ends(self, needles: Iterable[bytes], cache: Cache | None) -> dict[bytes, bytes]:
        """Each needle, and the part of it to look for: an address's network, else what ends where bytes are rarest.

        The whole needle, if other lines of the sample have the part too, or if too many needles share it.
        """
        parts = {needle: self._part(needle) for needle in needles}
        shared = Counter(parts.values())
        parts = {one: part if shared[part] <= _MOST_SHARED else one for one, part in parts.items()}
        self.measure({*parts, *parts.values()}, cache)
        return {one: part if self._masks[part] == self._masks[one] else one for one, part in parts.items()}

    def _part(self, needle: bytes) -> bytes:
        address = _ADDRESS.fullmatch(needle)
        if address is not None:
            return address[1]
        if needle.startswith((JOINED, REGEX)) or len(needle) <= _SHORTEST or _NUMERIC.fullmatch(needle):
            return needle
        bytes_, grams = self._counts

        def commonness(end: int) -> float:
            a, b, c, d, e = needle[end - 5 : end]
            last, before = grams[(c * 961 + d * 31 + e) & 0xFFFF], grams[(b * 961 + c * 31 + d) & 0xFFFF]
            return last + 0.3 * before + 0.1 * grams[(a * 961 + b * 31 + c) & 0xFFFF] + 0.02 * bytes_[e]

        return needle[: min(range(_SHORTEST, len(needle) + 1), key=lambda end: (commonness(end), -end))]
