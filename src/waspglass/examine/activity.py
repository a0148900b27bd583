"""When the server was entered for the first time, and when somebody was last active in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from waspglass.examine.file_times import act_time
from waspglass.examine.observations import Observations
from waspglass.model.finding import Effect, Finding
from waspglass.packs.pack import Pack

__all__ = ["first_entry", "last_activity"]


def first_entry(observations: Observations, pack: Pack) -> datetime | None:
    """The earliest moment at which something shows that access was gained or more; None if none is dated."""
    return min(_acts(observations.beyond_probes(), observations, pack), default=None)


def last_activity(observations: Observations, pack: Pack) -> datetime | None:
    """The latest such moment, of what did not fail."""
    found = (one for one in observations.beyond_probes() if one.effect is Effect.SHOWS)
    return max(_acts(found, observations, pack), default=None)


def _acts(found: Iterable[Finding], observations: Observations, pack: Pack) -> Iterator[datetime]:
    moments = (act_time(one, observations, pack) for one in found)
    return (moment for moment in moments if moment is not None)
