"""The errors of the census."""

from __future__ import annotations

from typing import ClassVar

from waspglass.model.errors import WaspglassError

__all__ = ["CensusError", "ExportError", "StoreError", "reason_of"]


class CensusError(WaspglassError):
    """A question that the census cannot answer from what it holds."""

    exit_code: ClassVar[int] = 3


class ExportError(CensusError):
    """A scan export that cannot be used as a whole; nothing of it was added. A single bad record is a counted skip."""


class StoreError(CensusError):
    """The store cannot be read, or somebody else is writing to it."""


def reason_of(error: Exception) -> str:
    """Why something could not be read or written; of a fault of the system without its number."""
    return str(getattr(error, "strerror", None) or error)
