"""Places the labels of dated events above an axis so that no label covers another, nor another's leader line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["PlacedLabel", "place_labels", "text_width"]

_GAP = 8.0
_CHARACTER = 6.1


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """A label beside a leader line that goes from its row down to the axis.

    Attributes:
        index: Which of the events it is.
        x: Of the leader.
        row: 0 is nearest to the axis.
        start: Left end of the text.
        end: Right end of the text.
    """

    index: int
    x: float
    row: int
    start: float
    end: float

    def clashes(self, other: PlacedLabel) -> bool:
        """True if the texts overlap, or the leader of one runs through the text of the other."""
        if self.row == other.row:
            return self.start < other.end + _GAP and other.start < self.end + _GAP
        upper, lower = (self, other) if self.row > other.row else (other, self)
        return lower.start - _GAP / 2 < upper.x < lower.end + _GAP / 2


def text_width(text: str) -> float:
    """Estimated width at 11 px in a sans-serif face; wide characters count double."""
    return sum(_CHARACTER * (2 if ord(character) > 0x2E80 else 1) for character in text)


def place_labels(
    events: Sequence[tuple[float, str]], order: Sequence[int], rows: int, left: float, right: float
) -> tuple[PlacedLabel, ...]:
    """Finds a row and a side for as many labels as fit, the first of `order` before others.

    A label is kept if all that were kept before it still find a place beside it.

    Args:
        events: x of each event and its text.
        order: Indexes of the events, the most important first.
        rows: How many rows there are.
        left: Texts may not begin before this.
        right: Texts may not end after this.
    """
    kept: list[int] = []
    placed: tuple[PlacedLabel, ...] = ()
    for index in order:
        attempt = _layout(events, [*kept, index], rows, left, right)
        if attempt is not None:
            kept.append(index)
            placed = attempt
    return placed


def _layout(
    events: Sequence[tuple[float, str]], chosen: Sequence[int], rows: int, left: float, right: float
) -> tuple[PlacedLabel, ...] | None:
    """A place for each of the chosen, or None.

    Texts point to the nearer edge. Going from the middle outwards, each further leader stands clear of
    the texts below it, so that dense events become a staircase.
    """
    middle = (left + right) / 2
    placed: list[PlacedLabel] = []
    for index in sorted(chosen, key=lambda index: (events[index][0] < middle, abs(events[index][0] - middle), index)):
        label = _first_fit(index, *events[index], rows, left, right, placed)
        if label is None:
            return None
        placed.append(label)
    return tuple(placed)


def _first_fit(
    index: int, x: float, text: str, rows: int, left: float, right: float, placed: Sequence[PlacedLabel]
) -> PlacedLabel | None:
    width = text_width(text)
    after, before = (x + 4, x + 4 + width), (x - 4 - width, x - 4)
    sides = (after, before) if x < (left + right) / 2 else (before, after)
    for row in range(rows):
        for start, end in sides:
            label = PlacedLabel(index, x, row, round(start, 1), round(end, 1))
            if left <= start and end <= right and not any(label.clashes(other) for other in placed):
                return label
    return None
