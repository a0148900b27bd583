"""Faults of single files and lines; callers turn them into counted skips."""

from __future__ import annotations

from waspglass.model.errors import EvidenceError, Location
from waspglass.model.skip import SkipReason

__all__ = ["EvidenceReadError", "MalformedLineError"]


class EvidenceReadError(EvidenceError):
    """One file of the evidence cannot be read (on).

    Attributes:
        reason: What the skip will say.
    """

    def __init__(self, message: str, *, reason: SkipReason, location: Location | None = None) -> None:
        super().__init__(message, location=location)
        self.reason = reason


class MalformedLineError(Exception):
    """A line does not fit the header in force; raised often, so it carries only its message."""
