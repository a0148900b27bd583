"""How much hostile evidence may cost: every bound that opening and listing it obeys."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_LIMITS", "Limits"]

_MIB = 1024 * 1024
_GIB = 1024 * _MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what is listed and unpacked; whatever lies beyond one becomes a counted skip.

    The ratio is judged only above `ratio_floor`, because real logs that were preallocated with zero bytes compress a
    thousandfold and are small.

    Attributes:
        files: Files that one evidence may hold, members of archives included.
        depth: Folders below one another.
        nesting: Archives inside archives; the evidence itself does not count.
        total_bytes: Uncompressed bytes of all archive members together, by what the archives declare or yield.
        member_bytes: Uncompressed bytes of one member.
        ratio: Uncompressed to compressed bytes of one member.
        ratio_floor: Uncompressed bytes that any ratio may produce.
        spool_bytes: Bytes that one compressed tar, or an archive inside an archive, may take in a temporary file.
    """

    files: int = 2_000_000
    depth: int = 64
    nesting: int = 2
    total_bytes: int = 1024 * _GIB
    member_bytes: int = 128 * _GIB
    ratio: int = 300
    ratio_floor: int = 256 * _MIB
    spool_bytes: int = 200 * _GIB

    def bomb(self, unpacked: int, packed: int) -> bool:
        """Whether so many bytes out of so few are a compression bomb."""
        return unpacked > self.ratio_floor and unpacked > self.ratio * max(packed, 1)


DEFAULT_LIMITS = Limits()
