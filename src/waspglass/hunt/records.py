"""Runs rules over the records of a reader: events, configurations, tasks, web files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from waspglass.evidence.artefact import Artefact, Place, Record
from waspglass.evidence.errors import EvidenceReadError
from waspglass.hunt.binding import Bindings, Bound
from waspglass.hunt.collect import Collector
from waspglass.hunt.result import Scanned
from waspglass.hunt.windows_events import EVENT_FORMATS
from waspglass.packs.pack import ArtefactKind

__all__ = ["Enrich", "Moments", "excerpt", "scan_records"]


Enrich = Callable[[Artefact, Record], Record]
"""Adds fields to a record (names of YARA rules that match the file)."""


def excerpt(record: Record) -> bytes:
    """The record as `name=value; name=value`, for the excerpt of a finding: paths stay readable."""
    return "; ".join(f"{name}={record[name]}" for name in sorted(record)).encode("utf-8", "backslashreplace")


def scan_records(
    artefact: Artefact,
    kind: ArtefactKind,
    records: Iterable[tuple[Place, datetime | None, Record]],
    bindings: Bindings,
    collector: Collector,
    enrich: Enrich | None = None,
) -> Scanned:
    """Tests the rules on each record; a reader that fails half way leaves a skip, and what came before stands."""
    events = kind.format in EVENT_FORMATS
    by_id: dict[str | None, tuple[Bound, ...]] = {}
    source, count, moments = artefact.file.path, 0, Moments()
    try:
        for place, time, raw in records:
            count += 1
            moments.note(time)
            record = bindings.derive(raw if enrich is None else enrich(artefact, raw))
            key = record.get("EventID") if events else None
            candidates = by_id.get(key)
            if candidates is None:
                wanted = [b for b in bindings.bound if not events or b.event_ids is None or key in b.event_ids]
                candidates = by_id[key] = tuple(wanted)
            for bound in candidates:
                if bound.predicate(record):
                    collector.add(bound, place, time, record, excerpt(record))
    except EvidenceReadError as error:
        collector.skip(error.reason, error.message)
    return Scanned(kind.kind, source, artefact.file.size or 0, count, moments.spread())


class Moments:
    """A bounded, evenly spread sample of the moments of a stream."""

    def __init__(self) -> None:
        self._kept: list[datetime] = []
        self._last: datetime | None = None
        self._every, self._seen = 1, 0

    def note(self, moment: datetime | None) -> None:
        """Takes the next moment of the stream."""
        if moment is None:
            return
        self._last = moment
        if self._seen % self._every == 0:
            self._kept.append(moment)
            if len(self._kept) > 4096:
                self._kept = self._kept[::2]
                self._every *= 2
        self._seen += 1

    def spread(self) -> tuple[datetime, ...]:
        """The kept moments, and the last one."""
        return (*self._kept, self._last) if self._last is not None else ()
