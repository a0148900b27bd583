"""Collects skips while evidence is listed; a million hostile entries cost a few numbers, not a million objects."""

from __future__ import annotations

from collections import Counter

from waspglass.model.escape import bounded, printable
from waspglass.model.skip import Skipped, SkipReason

__all__ = ["DEEP_FOLDER", "DEVICE", "LINK", "SkipLog", "shown_source", "skip_of"]

LINK = SkipReason.OUTSIDE_ROOT, "a link; links are not followed"
DEVICE = SkipReason.SPECIAL_FILE, "a device, pipe or socket"
DEEP_FOLDER = SkipReason.TOO_DEEP, "folders below folders"
"""Entries that no container opens."""

_NAMED_PER_REASON = 200
_FOLDERS = 1000
_SOURCE_CHARACTERS = 1000


def shown_source(path: str) -> str:
    r"""A path as a skip carries it: one visible line, its separators kept as they are.

    Control and format characters become escapes; the backslash is not doubled, because it separates folders.
    """
    return bounded("\\".join(printable(part) for part in path.split("\\")), _SOURCE_CHARACTERS)


def skip_of(path: str, reason: SkipReason, detail: str | None = None, count: int = 1) -> Skipped:
    """A skip of a file of the evidence; its path and the detail are escaped here."""
    shown = None if detail is None else bounded(printable(detail), _SOURCE_CHARACTERS)
    return Skipped(source=shown_source(path), reason=reason, count=count, detail=shown)


class SkipLog:
    """Keeps the first skips of each reason by name and counts the others by folder, as far as these are few.

    Args:
        owner: Source of the skips of too many folders: the evidence as a whole.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._named: list[Skipped] = []
        self._by_reason: Counter[SkipReason] = Counter()
        self._by_folder: Counter[tuple[SkipReason, str]] = Counter()

    def add(self, source: str, reason: SkipReason, detail: str | None = None) -> None:
        """Notes one skipped entry; source and detail are escaped here."""
        self._by_reason[reason] += 1
        if self._by_reason[reason] <= _NAMED_PER_REASON:
            self._named.append(skip_of(source, reason, detail))
            return
        key = (reason, source.replace("/", "\\").rpartition("\\")[0])
        if key not in self._by_folder and len(self._by_folder) >= _FOLDERS:
            key = (reason, self._owner)
        self._by_folder[key] += 1

    def total(self) -> tuple[Skipped, ...]:
        """All skips: the named ones in the order they were met, then one with a count for each folder with more."""
        rest = [
            skip_of(folder, reason, "further entries", number) for (reason, folder), number in self._by_folder.items()
        ]
        return (*self._named, *rest)
