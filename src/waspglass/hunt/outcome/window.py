"""The events of one group that lie within a correlation's timespan, with what is counted of them kept up to date."""

from __future__ import annotations

import math
import statistics
from collections import Counter, deque
from collections.abc import Callable, Iterator

from waspglass.hunt.outcome.collect import Heard
from waspglass.hunt.rules.occurrence import compared, growing, occurring
from waspglass.hunt.rules.rule import Correlation

__all__ = ["windows"]


def windows(correlation: Correlation, events: list[Heard], position: Callable[[Heard], int]) -> Iterator[list[Heard]]:
    """The windows that satisfy the condition, each ending with the event that did.

    Conditions that grow are tested at each event, in a window that slides; the others when a window is complete.

    Args:
        correlation: What is asked for.
        events: Of one group, oldest first.
        position: Place of an event's rule among those of the correlation.
    """
    slides = growing(correlation)
    window = _Window(correlation, position)
    for event in events:
        while window.events and event.time - window.events[0].time > correlation.timespan:
            if not slides:
                if window.holds():
                    yield list(window.events)
                window.clear()
                break
            window.drop_first()
        window.add(event)
        if slides and window.holds():
            yield list(window.events)
            window.clear()
    if not slides and window.events and window.holds():
        yield list(window.events)


class _Window:
    """Events come at the end and leave at the beginning; what is asked after each of them is not counted anew."""

    def __init__(self, correlation: Correlation, position: Callable[[Heard], int]) -> None:
        self._correlation = correlation
        self._position = position
        self.clear()

    def clear(self) -> None:
        """No events."""
        self.events: deque[Heard] = deque()
        self._values: Counter[tuple[str, ...]] = Counter()
        self._rules: Counter[int] = Counter()
        self._sum, self._numbers = 0.0, 0

    def add(self, event: Heard) -> None:
        """One more, the latest."""
        self.events.append(event)
        self._count(event, 1)

    def drop_first(self) -> None:
        """The oldest is too old."""
        self._count(self.events.popleft(), -1)

    def _count(self, event: Heard, step: int) -> None:
        if any(event.value):
            self._values[event.value] += step
            if not self._values[event.value]:
                del self._values[event.value]
        rule = self._position(event)
        self._rules[rule] += step
        if not self._rules[rule]:
            del self._rules[rule]
        for number in _numbers(event):
            self._sum += step * number
            self._numbers += step

    def holds(self) -> bool:
        """Whether the events satisfy the condition."""
        wanted = self._correlation
        match wanted.kind:
            case "event_count":
                return compared(wanted, len(self.events))
            case "value_count":
                return compared(wanted, len(self._values))
            case "temporal":
                return occurring(wanted, set(self._rules))
            case "value_sum":
                return self._numbers > 0 and compared(wanted, self._sum)
        numbers = [number for event in self.events for number in _numbers(event)]
        return bool(numbers) and compared(wanted, _measured(wanted, numbers))


def _numbers(event: Heard) -> Iterator[float]:
    for text in event.value:
        try:
            number = float(text)
        except ValueError:
            continue
        if math.isfinite(number):  # one `inf` would stay in the sum
            yield number


def _measured(correlation: Correlation, numbers: list[float]) -> float:
    """The average, the median, or a percentile by linear interpolation between the closest ranks."""
    match correlation.kind:
        case "value_avg":
            return statistics.fmean(numbers)
        case "value_median":
            return statistics.median(numbers)
    ranked = sorted(numbers)
    place = (correlation.percentile or 0) / 100 * (len(ranked) - 1)
    low = int(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)
