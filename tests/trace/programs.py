"""Small harmless programs, some of them made from one another, for the tests of trace."""

from __future__ import annotations

import random
import re
from pathlib import Path

from waspglass.trace.program import Source

_EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "trace-readings"
ORIGINAL = (_EXAMPLE / "shared" / "readings.py").read_text(encoding="utf-8")
INDEPENDENT = tuple(path.read_text(encoding="utf-8") for path in sorted((_EXAMPLE / "background").glob("*.py")))

_NAMES = {
    "read_readings": "fetch", "total_by_station": "aggregate", "moving_mean": "smooth", "report": "show_all",
    "readings": "items", "station": "key", "litres": "amount", "totals": "acc", "worst": "peak", "window": "buf",
    "stream": "fh", "values": "seq", "value": "v", "width": "n", "least": "floor", "path": "p", "row": "r",
}  # fmt: skip


def renamed(text: str) -> str:
    """All names changed; column names in strings too."""
    return re.sub(r"\b[a-z_]+\b", lambda match: _NAMES.get(match.group(), match.group()), text)


def reordered(text: str) -> str:
    """The functions in another order."""
    parts = text.split("\n\n\n")
    return "\n\n\n".join([parts[0], *reversed(parts[1:-1]), parts[-1]])


def source(name: str, text: str) -> Source:
    """A source in UTF-8."""
    return Source(name, text.encode())


def background(count: int = 12) -> list[Source]:
    """Independent programs; beyond the three written ones, each is a different mix of their lines (synthetic)."""
    made = [source(f"other{i}.py", text) for i, text in enumerate(INDEPENDENT)]
    for index in range(len(made), count):
        lines = INDEPENDENT[index % 3].splitlines()
        made.append(source(f"other{index}.py", "\n".join([*lines[index % 5 :], f"print({index} * {index + 1})"])))
    return made


def unlike(number: int) -> str:
    """A program that shares hardly anything with those of other numbers."""
    draw = random.Random(number)

    def expression(depth: int) -> str:
        if depth == 0:
            return f"v{draw.randrange(10**6)}"
        one, other = expression(depth - 1), expression(depth - 1 - draw.randrange(depth))
        forms = (
            f"({one} - {other})",
            f"{one}[{other}]",
            f"f{draw.randrange(10**6)}({other}, {one})",
            f"({one} or {other})",
        )
        return draw.choice(forms)

    return "\n".join(f"x{draw.randrange(10**6)} = {expression(4)}" for _ in range(12)) + "\n"
