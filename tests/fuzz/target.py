"""What is fuzzed: a function of bytes that may only end in our errors, with inputs to begin from."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import Limits
from waspglass.model.errors import WaspglassError
from waspglass.model.skip import Skipped

PROJECT = Path(__file__).resolve().parents[2]
SAMPLES = PROJECT / "src" / "waspglass" / "packs"
EXAMPLES = PROJECT / "examples"
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
LIMITS = Limits(
    files=2000, total_bytes=64 << 20, member_bytes=16 << 20, ratio=300, ratio_floor=4 << 20, spool_bytes=32 << 20
)
"""Small, so that a bomb ends soon; the default ones are tested elsewhere."""


@dataclass(frozen=True)
class Target:
    """One reader.

    Attributes:
        name: Its name on the command line, and of the folder of its crashes.
        run: Reads the bytes; an error of ours is a good end, any other exception is a fault.
        seeds: Inputs that the reader understands, to begin from.
        words: Byte strings that mean something to it.
    """

    name: str
    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[bytes, ...] = ()

    def try_one(self, data: bytes) -> None:
        """Runs it; errors of ours are checked and swallowed."""
        try:
            self.run(data)
        except EvidenceReadError as fault:
            Skipped(source="x", reason=fault.reason, detail=fault.message)
        except WaspglassError as fault:
            assert fault.message


def shown(text: str | None, *, allowed: str = "") -> None:
    """Fails if a text that goes into results holds a character that acts on a display."""
    hidden = {c for c in text or "" if unicodedata.category(c) in HIDDEN and c not in allowed}
    assert not hidden, f"unescaped {hidden!r} in {text!r}"


def shown_skips(skips: Iterable[Skipped]) -> None:
    """As `shown`, for skips."""
    for skip in skips:
        shown(skip.source)
        shown(skip.detail)
        assert skip.count > 0


def sample_files(*patterns: str, root: Path = SAMPLES, most: int = 20_000) -> list[bytes]:
    """The contents of files that match, the small ones only, each content once."""
    found = sorted(path for pattern in patterns for path in root.glob(pattern) if path.is_file())
    return list(dict.fromkeys(path.read_bytes() for path in found if path.stat().st_size <= most))
