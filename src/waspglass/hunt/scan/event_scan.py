"""Runs rules over logs whose reader gives each record as JSON text: only those that hold a needle are parsed.

The text of a record is to its rules what a line of a log is: the needles are those of `event_json`, and the exact
condition has the last word. `scan_records` over the same reader's records is the slow twin.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate

import orjson

from waspglass.evidence.artefact import Artefact, Columns, Place
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.format import format_of
from waspglass.evidence.formats.event_json import flatten_event
from waspglass.evidence.formats.registry import line_format
from waspglass.hunt.cache import Cache
from waspglass.hunt.matching.binding import Bindings, Bound
from waspglass.hunt.matching.choice_store import ChoiceStore
from waspglass.hunt.matching.plan import Choice, Plan, Prong, choose, derived_names, make_plan
from waspglass.hunt.matching.sample import Sample
from waspglass.hunt.outcome.channels import Channels
from waspglass.hunt.outcome.collect import Collector
from waspglass.hunt.outcome.records import Moments, excerpt
from waspglass.hunt.outcome.result import Scanned
from waspglass.hunt.outcome.servers import Servers
from waspglass.model.skip import SkipReason
from waspglass.packs.pack import ArtefactKind

__all__ = ["TextPlans", "scan_event_texts"]

Text = tuple[int, datetime | None, str]
"""Line or number, moment, and JSON: of an event in any known shape, of another record its fields."""

_BATCH = 128
"""Events that are searched at once."""
_MOST_CHARACTERS = 8 << 20
"""Of a batch; one event of an export may be of megabytes."""
_PATIENCE = 4096
"""Candidates that cost about as much as to choose needles by what is rare in the evidence."""
_PIECE, _PIECES = 64 << 10, 8
"""Bytes of a batch, and batches, that such a choice is made by."""


class TextPlans:
    """Plans for the texts of events, one for each set of rules, for all files of a pass.

    The first needles are those that were rare in other evidence, or else chosen by length. Where many events turn out
    to be candidates, needles are chosen anew, by what is rare in the events met last.
    """

    def __init__(self, cache: Cache | None) -> None:
        self._cache = cache
        self._known: dict[int, _Searching] = {}

    def search(self, bindings: Bindings, kind: ArtefactKind, text: bytes) -> _Search:
        """What to look for in these events, each on a line."""
        known = self._known.get(id(bindings))
        if known is None:
            choice = self._store(bindings, kind).get() or self._choice(bindings, kind, None)
            patience = _PATIENCE if choice.expected is None else 4 * _PATIENCE
            known = self._known[id(bindings)] = _Searching(bindings, self._search(choice, bindings), patience)
        known.recent.append(text[: text.rfind(b"\n", 0, _PIECE) + 1])
        if known.search.looked_at >= known.patience and not known.search.plan.choice.everywhere:
            choice = self._choice(bindings, kind, Sample(b"".join(known.recent)))
            self._store(bindings, kind).put(choice)
            known.search, known.patience = self._search(choice, bindings), 4 * known.patience
        return known.search

    def _choice(self, bindings: Bindings, kind: ArtefactKind, sample: Sample | None) -> Choice:
        return choose(bindings, line_format("event_json"), Columns(), derived_names(kind), sample, self._cache)

    def _search(self, choice: Choice, bindings: Bindings) -> _Search:
        return _Search(make_plan(choice, bindings, line_format("event_json"), self._cache))

    def _store(self, bindings: Bindings, kind: ArtefactKind) -> ChoiceStore:
        return ChoiceStore(self._cache, bindings, line_format("event_json"), Columns(), derived_names(kind))


@dataclass(slots=True)
class _Searching:
    """How a set of rules is looked for at present.

    Attributes:
        bindings: The rules; kept, so that no others get their identity.
        search: The needles.
        patience: Candidates after which needles are chosen anew; each further choice promises less.
        recent: Events of the last batches.
    """

    bindings: Bindings
    search: _Search
    patience: int
    recent: deque[bytes] = field(default_factory=lambda: deque(maxlen=_PIECES))


@dataclass(slots=True)
class _Group:
    """What a set of needles in the same event asks for.

    Attributes:
        certain: Rules to test without further ado.
        prongs: Alternatives of rules whose further needles are looked for first.
    """

    certain: frozenset[Bound]
    prongs: tuple[Prong, ...]

    def wanted(self, low: bytes) -> set[Bound]:
        """The rules that can match an event with this lower-case text."""
        found = set(self.certain)
        for prong in self.prongs:
            if prong.bound not in found and all(any(n in low for n in clause) for clause in prong.checks):
                found.add(prong.bound)
        return found


@dataclass(slots=True)
class _Search:
    """A plan, with what its needles ask for, and how many events were candidates."""

    plan: Plan
    groups: dict[frozenset[int], _Group] = field(default_factory=dict)
    looked_at: int = 0

    def candidates(self, text: bytes, starts: list[int]) -> Iterator[tuple[int, _Group]]:
        """Index of each event (of those that begin at `starts`) that can match, in order, and what to test on it."""
        found: dict[int, set[int]] = {}
        base = 0
        for database in self.plan.databases:
            shift = base

            def on_hit(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
                event = bisect_right(starts, end - 1) - 1
                found.setdefault(event, set()).add(number + shift)  # noqa: B023 - called before the loop goes on

            database.scan(memoryview(text), on_hit)
            base += database.size
        events = range(len(starts)) if self.plan.choice.everywhere else sorted(found)
        self.looked_at += len(events)
        for event in events:
            yield event, self._group(frozenset(found.get(event, ())))

    def _group(self, needles: frozenset[int]) -> _Group:
        group = self.groups.get(needles)
        if group is None:
            if len(self.groups) >= 4096:
                self.groups.clear()
            group = self.groups[needles] = self._asked(needles)
        return group

    def _asked(self, needles: frozenset[int]) -> _Group:
        plan = self.plan
        if plan.wild is not None and plan.wild in needles:
            return _Group(frozenset(plan.bindings.bound), ())
        prongs = dict.fromkeys(prong for needle in sorted(needles) for prong in plan.prongs[needle])
        certain = frozenset((*plan.choice.everywhere, *(prong.bound for prong in prongs if not prong.checks)))
        return _Group(certain, tuple(prong for prong in prongs if prong.bound not in certain))


def _batches(texts: Iterable[Text], collector: Collector) -> Iterator[list[Text]]:
    """The events in lists; a reader that fails half way leaves a skip, and what came before stands."""
    batch: list[Text] = []
    length = 0
    try:
        for text in texts:
            batch.append(text)
            length += len(text[2])
            if len(batch) >= _BATCH or length >= _MOST_CHARACTERS:
                yield batch
                batch, length = [], 0
    except EvidenceReadError as error:
        collector.skip_of_fault(error)
    if batch:
        yield batch


def _joined(events: list[str]) -> tuple[bytes, list[int]]:
    """The events as lines, with a line break before and behind each, and where each begins."""
    joined = "\n".join(("", *events, "")).encode()
    ascii_only = len(joined) == sum(map(len, events)) + len(events) + 1
    lengths = map(len, events) if ascii_only else (len(event.encode()) for event in events)
    return joined, list(accumulate((length + 1 for length in lengths), initial=1))[:-1]


def scan_event_texts(
    artefact: Artefact,
    kind: ArtefactKind,
    texts: Iterable[Text],
    bindings: Bindings,
    collector: Collector,
    plans: TextPlans,
) -> Scanned:
    """Tests the rules on each event that can match; gives what `scan_records` gives for the reader's records."""
    order = {bound: place for place, bound in enumerate(bindings.bound)}
    count, numbered, gathered = 0, format_of(artefact.format).numbered, bool(format_of(artefact.format).gathered)
    moments, channels = Moments(kind.gap_hours), Channels() if format_of(kind.format).events else None
    servers = Servers()
    for batch in _batches(texts, collector):
        events, times = [text for _, _, text in batch], [time for _, time, _ in batch]
        joined, starts = _joined(events)
        count += len(batch)
        if channels is not None:
            channels.note_texts(events)
            servers.note_texts(events, times)
        else:
            _note_servers(batch if gathered else (batch[0], batch[-1]), bindings, servers)
        moments.note_all(times)
        for event, group in plans.search(bindings, kind, joined).candidates(joined, starts):
            raw = events[event].encode()
            wanted = group.wanted(raw.lower()) if group.prongs else group.certain
            if not wanted:
                continue
            number, time, _ = batch[event]
            place = Place(record=number) if numbered else Place(line=number)
            try:
                read = orjson.loads(raw)
            except orjson.JSONDecodeError:  # the parser writes names of elements as an intruder made them
                collector.skip(SkipReason.DAMAGED, "an event that may concern a rule is damaged")
                continue
            record = bindings.derive(read if channels is None else flatten_event(read))
            for bound in sorted(wanted, key=order.__getitem__):
                if bound.predicate(record):
                    collector.add(bound, place, time, record, excerpt(record))
    told = None if channels is None else channels.known()
    size, wrote = artefact.file.size or 0, servers.told()
    return Scanned(kind.kind, artefact.file.path, size, count, moments.spread(), channels=told, servers=wrote)


def _note_servers(texts: Iterable[Text], bindings: Bindings, servers: Servers) -> None:
    for _, time, text in texts:
        with suppress(orjson.JSONDecodeError):  # counted where a rule asks for the record
            servers.note(bindings.server(orjson.loads(text)), time)
