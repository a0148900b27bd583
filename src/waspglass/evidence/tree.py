"""The read-only tree of Windows paths that evidence is seen as, wherever it really lies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol, Self

from waspglass.model.skip import Skipped

__all__ = ["Evidence", "EvidenceFile"]


class EvidenceFile(Protocol):
    r"""One file of the evidence.

    Attributes:
        path: Windows path with backslashes as the evidence spells it, with a drive where one is known
            (`C:\inetpub\logs\LogFiles\W3SVC1\u_ex210301.log`). A member of an archive inside the evidence is
            `C:\logs\old.zip\u_ex210301.log`; a loose file is its name.
        size: Bytes of content as `open` will give them; None if that is not known before reading.
        modified: Last write, in UTC, if the evidence keeps it.
        local: A real file on this machine that can be memory-mapped and whose bytes are the content; None otherwise.
            Map the `fileno()` of what `open` gives rather than opening this path: `open` refuses a file that was
            exchanged for a link after it was listed, a path does not.
        forkable: Whether forked processes may read it side by side: False where all would move one and the same reading
            position.
        above: The folders of the collection that the drive of `path` stands for, as they are spelt (`MX01`, `C`); empty
            where the path has no drive, or the evidence is the drive.
    """

    @property
    def path(self) -> str: ...
    @property
    def size(self) -> int | None: ...
    @property
    def modified(self) -> datetime | None: ...
    @property
    def local(self) -> Path | None: ...
    @property
    def forkable(self) -> bool: ...
    @property
    def above(self) -> tuple[str, ...]: ...

    def open(self) -> BinaryIO:
        """The content (decompressed where the file is a compressed log), as a read-only stream.

        Raises:
            EvidenceReadError: If the bytes cannot be had; reading may raise it too. Carries a `SkipReason`.
        """
        ...

    def seekable(self) -> BinaryIO:
        """The content with random access; what can be read forwards only is unpacked until the stream is closed.

        Raises:
            EvidenceReadError: As `open`.
        """
        ...


class Evidence(Protocol):
    """What was collected from one host; a context manager that owns the handles it needs."""

    @property
    def root(self) -> Path: ...

    def files(self) -> Iterator[EvidenceFile]:
        """All files, in an order that does not depend on the file system, found while iterating (never all at once)."""
        ...

    def skipped(self) -> tuple[Skipped, ...]:
        """What could not be listed so far; complete once `files` has ended."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
