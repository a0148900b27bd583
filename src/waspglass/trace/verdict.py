"""The three answers."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Verdict"]


class Verdict(StrEnum):
    """What can be said of a pair; users' scripts branch on these words."""

    DERIVED = "derived"
    INDEPENDENT = "independent"
    CANNOT_TELL = "inconclusive"
    """Shown to people as *cannot tell*."""
