"""What recognition and coverage ask of a kind of artefact; `packs.pack.ArtefactKind` answers it."""

from __future__ import annotations

from typing import Protocol

from waspglass.model.finding import Rung

__all__ = ["CoveredKind", "KindPattern"]


class KindPattern(Protocol):
    """How a kind is recognised and which format its files have.

    Attributes:
        kind: Name.
        format: Line format or record reader.
        paths: Globs; see `globs`.
        content: Regular expression over the first 64 KiB.
    """

    @property
    def kind(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def paths(self) -> tuple[str, ...]: ...
    @property
    def content(self) -> str | None: ...


class CoveredKind(Protocol):
    """What a kind is able to show, and when its silence is a gap.

    Attributes:
        kind: Name.
        shows: Rungs that it is able to show.
        entry: Whether it would have shown an entry.
        gap_hours: A silence longer than this is a gap; None: silence means nothing.
    """

    @property
    def kind(self) -> str: ...
    @property
    def shows(self) -> tuple[Rung, ...]: ...
    @property
    def entry(self) -> bool: ...
    @property
    def gap_hours(self) -> float | None: ...
