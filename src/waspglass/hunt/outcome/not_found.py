"""When a server told somebody that something is not there: a server that does so does not answer everything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from waspglass.hunt.outcome.collect import Heard
from waspglass.hunt.rules.rule import RuleSet
from waspglass.model.finding import Effect

__all__ = ["NotFound", "not_found"]

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class NotFound:
    """Something was asked for and was not there.

    Attributes:
        source: The log that says so.
        time: When; of several times within an hour, the first.
    """

    source: str
    time: datetime


def not_found(rules: RuleSet, heard: Iterable[Heard]) -> tuple[NotFound, ...]:
    """What ends of implants were listened for, whatever was asked for: the last event of correlations that tell of one.

    Args:
        rules: Their correlations of effect `ends`, in order.
        heard: What all correlations heard.
    """
    names = {rule.name: rule.id for rule in rules.rules}
    last = {
        index: {one.rules[-1], names.get(one.rules[-1])}
        for index, one in enumerate(rules.correlations)
        if one.kind == "temporal_ordered" and one.meaning.effect is Effect.ENDS
    }
    hours: dict[tuple[str, float], float] = {}
    for one in heard:
        if one.rule in last.get(one.correlation, ()):
            hour = one.source, one.time // _HOUR
            hours[hour] = min(one.time, hours.get(hour, one.time))
    return tuple(NotFound(source, datetime.fromtimestamp(time, UTC)) for (source, _), time in sorted(hours.items()))
