"""Logs that an attacker who knows the rules fills with what they look for: no line is like another, so nothing can be
remembered. Synthetic; the lines are inert."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from bench.hunt.synthetic import IIS_FIELDS, indicator_values

__all__ = ["many_indicators", "many_pages", "write_flood"]

Rest = Callable[[random.Random], str]
"""Method to status of one row."""

_NAMED = [*indicator_values()[0], *indicator_values()[1]]


def many_indicators(chance: random.Random) -> str:
    """Eight indicators on the line, each time others."""
    return f"GET /x {'&'.join(chance.sample(_NAMED, 8))} 443 - {_address(chance)} Mozilla/5.0 - 200"


def many_pages(chance: random.Random) -> str:
    """A script below /ecp/ that is not there, as only the entrance of the attack has it."""
    mark = f"{chance.getrandbits(32):08x}"
    return f"POST /ecp/{mark}.js - 443 - {_address(chance)} Mozilla/5.0+{mark} - 404"


def _address(chance: random.Random) -> str:
    return f"192.0.2.{chance.randint(1, 254)}"


def write_flood(path: Path, size: int, rest: Rest, *, seed: int = 5) -> None:
    """Writes a log of about `size` bytes of which every row is of the flood."""
    chance = random.Random(seed)
    pool = [rest(chance) for _ in range(200_000)]  # repeats come too far apart for any memory of answers
    written = number = 0
    with path.open("w", encoding="ascii", newline="", buffering=1 << 20) as file:
        written += file.write(f"#Version: 1.0\r\n#Fields: {IIS_FIELDS}\r\n")
        while written < size:
            second = number // 40
            clock = f"{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
            written += file.write(f"2021-03-03 {clock} 10.1.2.3 {pool[number % len(pool)]} 0 0 {number % 997}\r\n")
            number += 1
