"""Needles as one Hyperscan database, kept in the cache under the digest of its expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import hyperscan

from waspglass.hunt.cache import Cache, digest
from waspglass.hunt.matching.needles import JOINED, REGEX

__all__ = ["Database", "OnHit"]

OnHit = Callable[[int, int, int, int, object], bool | None]
"""Called with the expression's number, start (0), end offset, flags and context."""

_SPECIAL = re.compile(rb"[^A-Za-z0-9 /_]")
_ENOUGH = 850
"""Between some 250 and 800 literals Hyperscan (5.4) looks at every fourth place only, and has to check far more of them
than at every second place: 1,350 against 2,750 MB per CPU-second for 600 needles on an HttpProxy log. For few literals
it takes another way, which is slow where their ends are common in logs: 1,100 against 3,000 MB for 40 addresses and
paths on an IIS log. More literals, that no log has, bring it to look at every second."""


def _expression(needle: bytes) -> bytes:
    if needle.startswith((REGEX, JOINED)):
        return needle[1:]
    return _SPECIAL.sub(lambda found: b"\\x%02x" % found[0][0], needle)


def _filler(count: int) -> list[bytes]:
    """Literals of bytes that are text in no encoding of logs."""
    places = (0, 3, 6, 9)
    return [b"\\x00\\x01" + b"".join(b"\\x%02x" % (0xF8 + (one >> at & 7)) for at in places) for one in range(count)]


class Database:
    """Finds needles in blocks of bytes, without regard to ASCII case."""

    def __init__(self, needles: Sequence[bytes], cache: Cache | None, *, padded: bool = True) -> None:
        """Compiles the needles, or takes them from the cache.

        Args:
            needles: Literals and expressions.
            cache: None to compile anew.
            padded: True for what will search megabytes: it takes longer to compile, and is faster then.
        """
        expressions = [_expression(needle) for needle in needles]
        self.size = len(expressions)
        if padded and not all(needle.startswith(REGEX) for needle in needles):
            expressions += _filler(_ENOUGH - self.size)  # none if there are more
        key = digest("hyperscan", str(self.size), *expressions)
        stored = cache.get(key) if cache is not None else None
        self._database = None if stored is None else _loaded(stored)
        if self._database is None and expressions:
            self._database = _compiled(expressions, self.size)
            if cache is not None:
                cache.put(key, hyperscan.dumpb(self._database))

    def scan(self, block: memoryview, on_hit: OnHit) -> None:
        """Reports each place where a needle ends, in the order of the places; the first needle's may be false."""
        if self._database is not None:
            self._database.scan(block, on_hit)  # type: ignore[type-var]  # its stub does not know memoryview


def _compiled(expressions: list[bytes], real: int) -> hyperscan.Database:
    """The filler beyond the real ones counts as the first: a false candidate costs time, and nothing else."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = [hyperscan.HS_FLAG_CASELESS] * len(expressions)
    ids = [number if number < real else 0 for number in range(len(expressions))]
    database.compile(expressions=expressions, ids=ids, flags=flags)
    return database


def _loaded(stored: bytes) -> hyperscan.Database | None:
    """None for a database of another version or platform, which is compiled anew."""
    try:
        database = hyperscan.loadb(stored, hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
    except hyperscan.HyperscanError:
        return None
    return database
