"""What the caller knows and a reader may need; each reader takes of it what it wants."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, tzinfo

__all__ = ["ReaderSettings"]


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """Settings of all readers.

    Attributes:
        known_good: The SHA-256 (lower-case hex) of the files that the vendor shipped; only asked whether it holds one.
        zone: Time zone of the server, for times that were written without one.
        zone_known: Whether somebody named it; it is UTC otherwise.
        keys: Registry keys that are read besides those of Windows.
    """

    known_good: Container[str] | None = None
    zone: tzinfo = UTC
    keys: tuple[str, ...] = ()
    zone_known: bool = False
