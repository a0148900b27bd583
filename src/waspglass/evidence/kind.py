"""What recognition and coverage ask of a kind of artefact; `packs.pack.ArtefactKind` answers it."""

from __future__ import annotations

from typing import Protocol

from waspglass.model.finding import Rung

__all__ = ["CoveredKind", "KindPattern"]


class KindPattern(Protocol):
    """How a kind is recognised and which format its files have."""

    @property
    def kind(self) -> str:
        """Name."""
        ...

    @property
    def format(self) -> str:
        """Line format or record reader."""
        ...

    @property
    def paths(self) -> tuple[str, ...]:
        """Globs; see `globs`."""
        ...

    @property
    def content(self) -> str | None:
        """Regular expression over the first 64 KiB."""
        ...


class CoveredKind(Protocol):
    """What a kind is able to show, and when its silence is a gap."""

    @property
    def kind(self) -> str:
        """Name."""
        ...

    @property
    def shows(self) -> tuple[Rung, ...]:
        """Rungs that it is able to show."""
        ...

    @property
    def entry(self) -> bool:
        """Whether it would have shown an entry."""
        ...

    @property
    def gap_hours(self) -> float | None:
        """A silence longer than this is a gap; None: silence means nothing."""
        ...
