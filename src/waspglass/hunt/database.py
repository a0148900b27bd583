"""Needles as one Hyperscan database, kept in the cache under the digest of its expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import hyperscan

from waspglass.hunt.cache import Cache, digest
from waspglass.hunt.needles import REGEX

__all__ = ["Database", "OnHit"]

OnHit = Callable[[int, int, int, int, object], bool | None]
"""Called with the expression's number, start (0), end offset, flags and context."""

_SPECIAL = re.compile(rb"[^A-Za-z0-9 /_]")


def _expression(needle: bytes) -> bytes:
    if needle.startswith(REGEX):
        return needle[len(REGEX) :]
    return _SPECIAL.sub(lambda found: b"\\x%02x" % found[0][0], needle)


class Database:
    """Finds needles in blocks of bytes, without regard to ASCII case."""

    def __init__(self, needles: Sequence[bytes], cache: Cache | None) -> None:
        expressions = [_expression(needle) for needle in needles]
        self.size = len(expressions)
        key = digest("hyperscan", *expressions)
        stored = cache.get(key) if cache is not None else None
        self._database = None if stored is None else _loaded(stored)
        if self._database is None and expressions:
            self._database = _compiled(expressions)
            if cache is not None:
                cache.put(key, hyperscan.dumpb(self._database))

    def scan(self, block: memoryview, on_hit: OnHit) -> None:
        """Reports each place where a needle ends, in the order of the places."""
        if self._database is not None:
            self._database.scan(block, on_hit)  # type: ignore[type-var]  # its stub does not know memoryview


def _compiled(expressions: list[bytes]) -> hyperscan.Database:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = [hyperscan.HS_FLAG_CASELESS] * len(expressions)
    database.compile(expressions=expressions, ids=list(range(len(expressions))), flags=flags)
    return database


def _loaded(stored: bytes) -> hyperscan.Database | None:
    """None for a database of another version or platform, which is compiled anew."""
    try:
        database = hyperscan.loadb(stored, hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
    except hyperscan.HyperscanError:
        return None
    return database
