"""Runs rules over the records of a reader: events, configurations, tasks, web files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from waspglass.evidence.artefact import Artefact, Place, Record
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.format import format_of
from waspglass.hunt.matching.binding import Bindings, Bound
from waspglass.hunt.outcome.channels import Channels
from waspglass.hunt.outcome.collect import Collector
from waspglass.hunt.outcome.result import Scanned
from waspglass.hunt.outcome.servers import Servers
from waspglass.packs.pack import ArtefactKind

__all__ = ["Enrich", "Moments", "excerpt", "scan_records"]


_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_USUAL_HOURS = 24.0
_MOST_STRETCHES = 100_000
"""270 years of days; a file with more is a made one, and loses what comes after."""

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
    events = format_of(kind.format).events
    by_id: dict[str | None, tuple[Bound, ...]] = {}
    source, count, moments = artefact.file.path, 0, Moments(kind.gap_hours)
    channels, servers = Channels(), Servers()
    try:
        for place, time, raw in records:
            count += 1
            moments.note(time)
            record = bindings.derive(raw if enrich is None else enrich(artefact, raw))
            if events:
                channels.note(record)
                servers.note(raw.get("Computer"), time)
            else:
                servers.note(bindings.server(record), time)
            key = record.get("EventID") if events else None
            candidates = by_id.get(key)
            if candidates is None:
                wanted = [b for b in bindings.bound if not events or b.event_ids is None or key in b.event_ids]
                candidates = by_id[key] = tuple(wanted)
            for bound in candidates:
                if bound.predicate(record):
                    collector.add(bound, place, time, record, excerpt(record))
    except EvidenceReadError as error:
        collector.skip_of_fault(error)
    told = channels.known() if events else None
    return Scanned(
        kind.kind, source, artefact.file.size or 0, count, moments.spread(), channels=told, servers=servers.told()
    )


class Moments:
    """The earliest and the latest moment of each stretch of time that a stream of records tells of.

    Stretches are as long as a silence may be, so every longer silence lies between two of these moments, whatever the
    order of the records: event logs overwrite their oldest chunks.

    Args:
        gap_hours: A silence longer than this is a gap; None looks for none.
    """

    def __init__(self, gap_hours: float | None = None) -> None:
        self._length = timedelta(hours=gap_hours or _USUAL_HOURS)
        self._edges: dict[int, tuple[datetime, datetime]] = {}

    def note(self, moment: datetime | None) -> None:
        """Takes the next moment of the stream."""
        if moment is None:
            return
        number = self._number(moment)
        if edges := self._edges.get(number):
            self._edges[number] = min(edges[0], moment), max(edges[1], moment)
        elif len(self._edges) < _MOST_STRETCHES:
            with suppress(OverflowError):  # of a stretch that no calendar holds whole
                _ = _EPOCH + number * self._length + self._length
                self._edges[number] = moment, moment

    def note_all(self, moments: Iterable[datetime | None]) -> None:
        """Takes the next moments of the stream: of those in one stretch the earliest and the latest say it all."""
        known = [moment for moment in moments if moment is not None]
        if known and self._number(first := min(known)) == self._number(last := max(known)):
            known = [first, last]
        for moment in known:
            self.note(moment)

    def _number(self, moment: datetime) -> int:
        return (moment - _EPOCH) // self._length

    def spread(self) -> tuple[datetime, ...]:
        """The moments kept, in order of time."""
        return tuple(sorted({edge for edges in self._edges.values() for edge in edges}))
