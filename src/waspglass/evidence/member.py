"""What a container (folder, archive, image) offers to the tree: members that can be opened, and how to list them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from waspglass.evidence.limits import DEFAULT_LIMITS, Limits
from waspglass.evidence.skip_log import SkipLog
from waspglass.evidence.spool import Spool

__all__ = ["Container", "Member", "TreeFile", "file_time"]

_FIRST_YEAR, _LAST_YEAR = 1602, 9000


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file inside a container.

    Attributes:
        parts: Components of its path below the container's root, as the container spells them.
        size: Uncompressed bytes, if known.
        modified: Last write in UTC, if known.
        local: The real file, if there is one.
        opener: Opens the content; raises EvidenceReadError.
        forkable: Whether forked processes may read it side by side: False where all would move one and the same reading
            position.
    """

    parts: tuple[str, ...]
    size: int | None
    modified: datetime | None
    local: Path | None
    opener: Callable[[], BinaryIO]
    forkable: bool = True


class Container(Protocol):
    """Something that holds files; what it reads from belongs to whoever opened that."""

    def members(self, skips: SkipLog) -> Iterator[Member]:
        """Lists the regular files in a stable order; whatever else it meets goes to `skips`."""
        ...


@dataclass(frozen=True, slots=True)
class TreeFile:
    """The EvidenceFile that the tree hands out."""

    path: str
    size: int | None
    modified: datetime | None
    local: Path | None
    opener: Callable[[], BinaryIO]
    forkable: bool = True
    above: tuple[str, ...] = ()
    limits: Limits = DEFAULT_LIMITS

    def open(self) -> BinaryIO:
        """The content as a read-only stream of its own, so that several can be open at once.

        Raises:
            EvidenceReadError: If the bytes cannot be had.
        """
        return self.opener()

    def seekable(self) -> BinaryIO:
        """The content with random access; what can be read forwards only is unpacked until the stream is closed.

        Raises:
            EvidenceReadError: If the bytes cannot be had.
        """
        stream = self.opener()
        if stream.seekable():
            return stream
        spool = Spool(stream, self.limits, self.path)
        return spool.stream()


def file_time(seconds: float) -> datetime | None:
    """A POSIX time in UTC, or None where it is none: outside of what a calendar holds, or not set (1601 in NTFS).

    Who reckons with it may add or take off some years without leaving the calendar.
    """
    try:
        read = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return read if _FIRST_YEAR <= read.year <= _LAST_YEAR else None
