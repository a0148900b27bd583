"""Numbers and lists of things in words of the report's language, as a person would say them."""

from __future__ import annotations

from collections.abc import Sequence

from waspglass.examine.observations import Observations
from waspglass.model.finding import Finding
from waspglass.model.language import Catalogue

__all__ = ["counted", "duration", "listed", "recorded"]

_WITH_DAYS = 72
_NAMED = 2


def duration(hours: float, catalogue: Catalogue) -> str:
    """Hours in words: `1 hour`, `25 hours`, `2880 hours (120 days)`. Less than an hour is said to be one."""
    shown = counted("hours", max(1, round(hours)) if hours else 0, catalogue)
    if hours < _WITH_DAYS:
        return shown
    return f"{shown} ({counted('days', round(hours / 24), catalogue)})"


def counted(what: str, number: int, catalogue: Catalogue) -> str:
    """A number with its noun; `what` is a key below `count`."""
    return catalogue.text(f"count.{what}_one" if number == 1 else f"count.{what}", number=number)


def recorded(found: Sequence[Finding], observations: Observations, catalogue: Catalogue) -> str:
    """How many log records were found; where there were more than are kept, that there are at least so many."""
    shown = counted("records", len(found), catalogue)
    return catalogue.text("count.at_least", counted=shown) if observations.are_some_of(found) else shown


def listed(names: Sequence[str], catalogue: Catalogue, most: int = _NAMED) -> str:
    """The first names, and how many more there are."""
    if len(names) <= most:
        return ", ".join(names)
    return catalogue.text("sentence.and_more", shown=", ".join(names[:most]), more=len(names) - most)
