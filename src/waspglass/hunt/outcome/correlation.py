"""Sigma correlation rules over what the scans of all files heard.

Logs are read one after the other, so events come unordered; they are kept small and bounded, sorted once, and each
group runs through a window. A window that satisfies the condition gives one match and starts anew, so that a long
series gives several matches and not one an event.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from waspglass.evidence.artefact import Place
from waspglass.hunt.outcome.collect import Heard
from waspglass.hunt.outcome.window import windows
from waspglass.hunt.rules.occurrence import sequences
from waspglass.hunt.rules.rule import Correlation, Rule

__all__ = ["Match", "correlate"]


@dataclass(frozen=True, slots=True)
class Match:
    """A correlation that came true.

    Attributes:
        correlation: Which.
        events: What it rests on, oldest first.
    """

    correlation: Correlation
    events: tuple[Heard, ...]

    @property
    def values(self) -> dict[str, str]:
        """Of the fields that the events are grouped by."""
        return dict(zip(self.correlation.group_by, self.events[0].key, strict=True))


def correlate(
    correlations: Sequence[Correlation], rules: Iterable[Rule], heard: Iterable[Heard]
) -> tuple[list[Match], Counter[str]]:
    """All matches, and of each correlation how many servers' rows were joined with no other log: too many servers.

    What feeds a correlation stands before it.
    """
    names = {rule.id: rule.name for rule in rules} | {one.id: one.name for one in correlations}
    events: dict[int, list[Heard]] = defaultdict(list)
    for one in heard:
        events[one.correlation].append(one)
    result: list[Match] = []
    alone: Counter[str] = Counter()
    done: dict[str, list[Match]] = {}
    for index, correlation in enumerate(correlations):
        own = [*_distinct(correlation, events[index]), *_from_matches(index, correlation, done)]
        found = list(_matches(correlation, own, names, alone))
        done[correlation.id] = done[correlation.name] = found
        result += found
    return result, alone


def _distinct(correlation: Correlation, heard: list[Heard]) -> Iterable[Heard]:
    """What is counted: a record that several of the rules match is one event, not several."""
    if correlation.kind.startswith("temporal"):
        return heard
    return {(one.source, one.place, one.key, one.value): one for one in heard}.values()


def _from_matches(index: int, correlation: Correlation, done: dict[str, list[Match]]) -> Iterator[Heard]:
    for name in correlation.rules:
        for match in done.get(name, ()):
            values = match.values
            key = tuple(values.get(part, "") for part in correlation.fields_of(name, correlation.group_by))
            if "" in key:
                continue
            last = match.events[-1]
            value = tuple(values.get(part, "") for part in correlation.fields_of(name, correlation.fields))
            server = next((one.server for one in match.events if one.server), "")
            yield Heard(index, match.correlation.id, last.time, key, value, last.source, last.place, server=server)


def _matches(
    correlation: Correlation, heard: list[Heard], names: dict[str, str], alone: Counter[str]
) -> Iterator[Match]:
    order = {name: position for position, name in enumerate(correlation.rules)}

    def position(one: Heard) -> int:
        return order.get(one.rule, order.get(names.get(one.rule, ""), len(order)))

    groups: dict[tuple[str, ...], list[Heard]] = defaultdict(list)
    for one in sorted(heard, key=lambda one: (one.time, position(one), one.source, *_where(one.place))):
        groups[one.key].append(one)
    for events in groups.values():
        for server, own in _by_server(events, correlation.id, alone):
            found = (_ordered if correlation.kind == "temporal_ordered" else windows)(correlation, own, position)
            for window in found:
                if server is None or any(one.server == server for one in window):
                    yield Match(correlation, tuple(window))


_MOST_SERVERS = 50
"""Servers of a group whose events are joined with those of no known server: all of these are gone through for each."""


def _by_server(events: list[Heard], name: str, alone: Counter[str]) -> Iterator[tuple[str | None, list[Heard]]]:
    """A group; if it has events of several servers, those of each, with those whose server is not known.

    What happened on one server says nothing of another, even if one visitor did it.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(events):
        places[one.server].append(at)
    unnamed = places.pop("", [])
    if len(places) <= 1:
        yield None, events
        return
    alone[name] += max(0, len(places) - _MOST_SERVERS) if unnamed else 0
    yield "", [events[at] for at in unnamed]
    for number, (server, own) in enumerate(places.items()):
        mixed = sorted(own + unnamed) if number < _MOST_SERVERS else own
        yield server, [events[at] for at in mixed]


_FURTHER_NAMED = 50
"""Other things that one chain may end in besides the first, if it tells what its last record names."""
_WHOLE_FILE = Place(offset=0)
"""Where a record stands that is a file, such as a page: no file gives two."""


def _where(place: Place) -> tuple[int, int, int]:
    return place.line or 0, place.record or 0, place.offset or 0


def _ordered(correlation: Correlation, events: list[Heard], position: Callable[[Heard], int]) -> Iterator[list[Heard]]:
    """Chains in the order of the rules; each prefix is kept with its latest start.

    A chain that was told ends in further whole files, too: of several pages written after a break-in, each is one. One
    that names what it ends in, such as a page that answered, names each other one once, up to a bound: whoever calls
    one page all day hides no second one by it.
    """
    wanted = sequences(correlation)
    further = _FURTHER_NAMED if correlation.meaning.subject is not None else 0
    told: dict[int, list[Heard]] = {}
    named: dict[int, set[str]] = defaultdict(set)

    def fresh() -> list[list[list[Heard]]]:
        return [[[] for _ in sequence] for sequence in wanted]

    chains = fresh()
    for event in events:
        at = position(event)
        for number, (sequence, prefixes) in enumerate(zip(wanted, chains, strict=True)):
            if at not in sequence:
                continue
            step = sequence.index(at)
            last = step == len(sequence) - 1
            before = prefixes[step - 1] if step else []
            name = event.subject or f"{event.source}:{event.place}"
            if last and before:
                named[number] = {name}
            elif last and (event.place == _WHOLE_FILE or (name not in named[number] and len(named[number]) <= further)):
                before = told.get(number, [])
                named[number].add(name)
            if step and (not before or event.time - before[0].time > correlation.timespan):
                continue
            prefixes[step] = [*before, event]
            if last:
                yield prefixes[step]
                told[number] = before
                chains = fresh()
                break
