"""Places of records that are told by the line that they begin in."""

from __future__ import annotations

from collections import Counter

from waspglass.evidence.artefact import Place

__all__ = ["LinePlaces"]


class LinePlaces:
    """Gives each record of a file a place of its own: a file without line breaks has all of them in its first line."""

    def __init__(self) -> None:
        self._given: Counter[int] = Counter()

    def at(self, line: int) -> Place:
        """The line; for a second record in it, and the ones behind, also which of them it is."""
        self._given[line] += 1
        number = self._given[line]
        return Place(line=line, record=number if number > 1 else None)
