"""Sigma correlation rules over what the scans of all files heard.

Logs are read one after the other, so events come unordered; they are kept small and bounded, sorted once, and each
group runs through a window. A window that satisfies the condition gives one match and starts anew, so that a long
series gives several matches and not one an event.
"""

from __future__ import annotations

import re
import statistics
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from waspglass.hunt.collect import Heard
from waspglass.hunt.rule import Correlation, Rule

__all__ = ["Match", "correlate"]

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "eq": lambda value, bound: value == bound,
    "neq": lambda value, bound: value != bound,
}
_WORDS = re.compile(r"[A-Za-z_]\w*|[()]")


@dataclass(frozen=True, slots=True)
class Match:
    """A correlation that came true.

    Attributes:
        correlation: Which.
        events: What it rests on, oldest first.
        key: Values of the group-by fields.
    """

    correlation: Correlation
    events: tuple[Heard, ...]
    key: tuple[str, ...]


def correlate(correlations: Sequence[Correlation], rules: Iterable[Rule], heard: Iterable[Heard]) -> list[Match]:
    """All matches; a correlation that feeds on correlations is evaluated after them."""
    names = {rule.id: rule.name for rule in rules}
    events: dict[int, list[Heard]] = defaultdict(list)
    for one in heard:
        events[one.correlation].append(one)
    result: list[Match] = []
    done: dict[str, list[Match]] = {}
    for index in _order(correlations):
        correlation = correlations[index]
        own = events[index] + list(_from_matches(index, correlation, done))
        found = list(_matches(correlation, own, names))
        done[correlation.id] = done[correlation.name] = found
        result += found
    return result


def _order(correlations: Sequence[Correlation]) -> list[int]:
    """Indices so that what feeds comes first; in a circle, as given."""
    by_name = {name: index for index, one in enumerate(correlations) for name in (one.id, one.name)}
    placed: dict[int, None] = {}

    def place(index: int, above: frozenset[int]) -> None:
        if index in placed or index in above:
            return
        for name in correlations[index].rules:
            if name in by_name:
                place(by_name[name], above | {index})
        placed[index] = None

    for index in range(len(correlations)):
        place(index, frozenset())
    return list(placed)


def _from_matches(index: int, correlation: Correlation, done: dict[str, list[Match]]) -> Iterator[Heard]:
    for name in correlation.rules:
        for match in done.get(name, ()):
            values = dict(zip(match.correlation.group_by, match.key, strict=True))
            wanted = [correlation.aliases.get(part, {}).get(name, part) for part in correlation.group_by]
            key = tuple(values.get(part, "") for part in wanted)
            if "" in key:
                continue
            last = match.events[-1]
            value = tuple(values.get(part, "") for part in correlation.fields)
            yield Heard(index, match.correlation.id, last.time, key, value, last.source, last.place)


def _matches(correlation: Correlation, heard: list[Heard], names: dict[str, str]) -> Iterator[Match]:
    order = {name: position for position, name in enumerate(correlation.rules)}

    def position(one: Heard) -> int:
        return order.get(one.rule, order.get(names.get(one.rule, ""), len(order)))

    groups: dict[tuple[str, ...], list[Heard]] = defaultdict(list)
    for one in sorted(heard, key=lambda one: (one.time, position(one), one.source, one.place.line or 0)):
        groups[one.key].append(one)
    for key, events in groups.items():
        if correlation.kind == "temporal_ordered" and correlation.expression is None:
            found = _ordered(correlation, events, position)
        else:
            found = _windows(correlation, events, position)
        for window in found:
            yield Match(correlation, tuple(window), key)


def _ordered(correlation: Correlation, events: list[Heard], position: Callable[[Heard], int]) -> Iterator[list[Heard]]:
    """Chains in the order of the rules; each prefix is kept with its latest start."""
    chains: list[list[Heard]] = [[] for _ in correlation.rules]
    for event in events:
        at = position(event)
        if at >= len(chains):
            continue
        before = [] if at == 0 else chains[at - 1]
        if at > 0 and (not before or event.time - before[0].time > correlation.timespan):
            continue
        chains[at] = [*before, event]
        if at == len(chains) - 1:
            yield chains[at]
            chains = [[] for _ in correlation.rules]


def _windows(correlation: Correlation, events: list[Heard], position: Callable[[Heard], int]) -> Iterator[list[Heard]]:
    """Growing conditions are tested at each event; the others when a window is complete."""
    holds = _condition(correlation, position)
    growing = correlation.kind in ("event_count", "value_count", "temporal", "temporal_ordered") and (
        correlation.operator in ("gt", "gte") and "not" not in (correlation.expression or "").split()
    )
    window: deque[Heard] = deque()
    for event in events:
        while window and event.time - window[0].time > correlation.timespan:
            if not growing:
                if holds(window):
                    yield list(window)
                window.clear()
                break
            window.popleft()
        window.append(event)
        if growing and holds(window):
            yield list(window)
            window.clear()
    if not growing and window and holds(window):
        yield list(window)


def _condition(correlation: Correlation, position: Callable[[Heard], int]) -> Callable[[deque[Heard]], bool]:
    compare, threshold = _OPERATORS[correlation.operator], correlation.threshold
    if correlation.expression is not None:
        return lambda window: _expression(correlation, {position(event) for event in window})
    match correlation.kind:
        case "event_count":
            return lambda window: compare(len(window), threshold)
        case "value_count":
            return lambda window: compare(len({event.value for event in window if any(event.value)}), threshold)
        case "temporal" | "temporal_ordered":
            return lambda window: compare(len({position(event) for event in window}), threshold)
    measure = _measure(correlation)

    def holds(window: deque[Heard]) -> bool:
        numbers = [number for event in window for number in _numbers(event)]
        return bool(numbers) and compare(measure(numbers), threshold)

    return holds


def _numbers(event: Heard) -> Iterator[float]:
    for text in event.value:
        try:
            yield float(text)
        except ValueError:
            continue


def _measure(correlation: Correlation) -> Callable[[list[float]], float]:
    match correlation.kind:
        case "value_sum":
            return sum
        case "value_avg":
            return statistics.fmean
        case "value_median":
            return statistics.median
    share = (correlation.percentile or 50) / 100

    def percentile(numbers: list[float]) -> float:
        """Linear interpolation between the closest ranks."""
        ranked = sorted(numbers)
        place = share * (len(ranked) - 1)
        low = int(place)
        high = min(low + 1, len(ranked) - 1)
        return ranked[low] + (ranked[high] - ranked[low]) * (place - low)

    return percentile


def _expression(correlation: Correlation, present: set[int]) -> bool:
    """`and`, `or`, `not` and parentheses over rule names; pySigma has checked the syntax."""
    words = _WORDS.findall(correlation.expression or "")
    at = 0

    def either() -> bool:
        nonlocal at
        value = both()
        while at < len(words) and words[at] == "or":
            at += 1
            value = both() or value
        return value

    def both() -> bool:
        nonlocal at
        value = single()
        while at < len(words) and words[at] == "and":
            at += 1
            value = single() and value
        return value

    def single() -> bool:
        nonlocal at
        word = words[at] if at < len(words) else ""
        at += 1
        if word == "not":
            return not single()
        if word == "(":
            value = either()
            at += 1
            return value
        return word in correlation.rules and correlation.rules.index(word) in present

    return either()
