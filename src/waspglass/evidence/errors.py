"""Faults of single files and lines; callers turn them into counted skips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from waspglass.model.errors import EvidenceError, Location
from waspglass.model.skip import SkipReason

__all__ = ["EvidenceReadError", "MalformedLineError", "raise_together", "read_error", "reading"]


class EvidenceReadError(EvidenceError):
    """One file of the evidence cannot be read (on).

    Attributes:
        reason: What the skip will say.
        also: What else could not be read of the file, each a skip of its own.
    """

    def __init__(self, message: str, *, reason: SkipReason, location: Location | None = None) -> None:
        super().__init__(message, location=location)
        self.reason = reason
        self.also: tuple[EvidenceReadError, ...] = ()


def read_error(path: str, reason: SkipReason, message: str, line: int | None = None) -> EvidenceReadError:
    """The error that says so of a file."""
    return EvidenceReadError(message, reason=reason, location=Location(path, line))


def raise_together(faults: Sequence[EvidenceReadError]) -> None:
    """Raises the first, which brings the others with it; nothing if there are none."""
    if faults:
        faults[0].also = tuple(faults[1:])
        raise faults[0]


class MalformedLineError(Exception):
    """A line does not fit the header in force; raised often, so it carries only its message."""


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Around what reads one file of the evidence.

    Raises:
        EvidenceReadError: UNREADABLE, where the system refuses.
    """
    try:
        yield
    except OSError as fault:
        raise read_error(path, SkipReason.UNREADABLE, f"it cannot be read ({fault.strerror})") from fault
