"""Which host and which builds the evidence shows: program files whole, logs by their beginning, pages by path."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from waspglass.evidence.artefact import Artefact, Record, RecordReader
from waspglass.evidence.build_sightings import BUILD_FIELD, REPLACED_FIELD, build_sightings
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.format import format_of
from waspglass.evidence.formats.registry import is_line_format, line_format
from waspglass.evidence.readers.web_file import name_fields
from waspglass.evidence.server_name import HOSTNAME_FIELD, short_name
from waspglass.examine.installations import of_what_runs
from waspglass.examine.log_head import beginning, spread
from waspglass.hunt.matching.binding import deriver
from waspglass.hunt.outcome.result import Scanned
from waspglass.model.escape import printable
from waspglass.model.facts import BuildSighting, Facts
from waspglass.packs.pack import ArtefactKind, Pack

__all__ = ["Identity", "identity_of"]

_BUILD_PARTS = ("build_major", "build_minor", "build_number", "build_revision")
"""Derived fields of a pack whose product writes the parts of its build into columns of their own."""

_LOGS_PER_KIND = 3
_FIRST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Identity:
    """What the evidence says about the host itself.

    Attributes:
        hostname: The name that most records give it, or all events if nothing else does; None if none does. Of events
            by several servers, the one that wrote most if they lack the one that the facts name.
        sightings: Builds, each with its certainty.
        writers: Servers that wrote logs of the same kind, or of kinds that go together, without their domain; empty if
            there is one writer.
        in_events: Servers that events name, without their domain; not the former names of one.
    """

    hostname: str | None
    sightings: tuple[BuildSighting, ...]
    writers: tuple[str, ...] = ()
    in_events: frozenset[str] = frozenset()


def identity_of(
    artefacts: Iterable[Artefact],
    pack: Pack,
    readers: Mapping[str, RecordReader],
    facts: Facts,
    scanned: Iterable[Scanned] = (),
    in_events: frozenset[str] = frozenset(),
) -> Identity:
    """Reads as much as is needed to name the host and its builds.

    Logs only hint at a build, so the beginnings of the first, the middle and the last log of a kind are enough.

    Args:
        artefacts: What was recognised.
        pack: Its kinds say where build and name stand (derived fields `build`, whole or in four parts, and `hostname`).
        readers: Record readers by format.
        facts: When the evidence was collected, which is the moment that program files speak for, which build ran, and
            the name of the server.
        scanned: The files that the hunt read, which say who wrote them.
        in_events: Servers that wrote the events of EVTX files and exports, without their domain.
    """
    kinds = {kind.kind: kind for kind in pack.kinds}
    groups: dict[str, list[Artefact]] = defaultdict(list)
    for artefact in artefacts:
        groups[artefact.kind].append(artefact)
    builds: list[tuple[Artefact, datetime | None, Record]] = []
    names: Counter[str] = Counter()
    events: Counter[str] = Counter()
    for kind, group in groups.items():
        for artefact, moment, found in _records(kinds[kind], group, readers):
            record = _with_build(found)
            if record.keys() & {BUILD_FIELD, REPLACED_FIELD}:
                builds.append((artefact, moment, record))
            if record.get(HOSTNAME_FIELD):
                (events if format_of(kinds[kind].format).events else names)[record[HOSTNAME_FIELD][:253]] += 1
    events.update(sorted(in_events))
    in_events, stated = frozenset(map(short_name, events)), short_name(facts.hostname or "")
    if not names and (len(in_events) == 1 or (stated and stated not in in_events)):
        names = events  # where they name several, none of them need be the one that was collected
    hostname = printable(names.most_common(1)[0][0]) if names else None
    every = [artefact for group in groups.values() for artefact in group]
    by_time = sorted(facts.builds, key=lambda one: one.from_.timestamp() if one.from_ else -math.inf)
    running = by_time[-1].build if by_time else None
    sightings = of_what_runs(build_sightings(builds, seen_at=facts.collected_at), every, kinds, running)
    return Identity(hostname, sightings, tuple(sorted(_writers(kinds, scanned, in_events))), in_events)


def _with_build(record: Record) -> Record:
    """The record with its build in one piece."""
    if BUILD_FIELD in record or any(part not in record for part in _BUILD_PARTS):
        return record
    return {**record, BUILD_FIELD: ".".join(record[part] for part in _BUILD_PARTS)}


def _writers(kinds: Mapping[str, ArtefactKind], scanned: Iterable[Scanned], in_events: frozenset[str]) -> set[str]:
    """Servers that wrote logs of one kind, or of kinds that go together; empty if that is one server for each.

    Event logs do not count: they keep the names that a server had before, and what others forwarded.
    """
    wrote: dict[str, set[str]] = defaultdict(set)
    for one in scanned:
        if one.kind in kinds and not format_of(kinds[one.kind].format).events:
            wrote[one.kind].update(printable(short_name(each.server)) for each in one.servers)
    told = set[str]().union(*wrote.values(), in_events if len(in_events) == 1 else ())
    for kind, names in wrote.items():
        if names and format_of(kinds[kind].format).telemetry:
            names |= told
    # Logs that show the ways in together only are of one server, too.
    groups = [names.union(*(wrote.get(other, ()) for other in kinds[kind].together)) for kind, names in wrote.items()]
    return set[str]().union(*(names for names in groups if len(names) > 1))


def _records(
    kind: ArtefactKind, group: list[Artefact], readers: Mapping[str, RecordReader]
) -> Iterator[tuple[Artefact, datetime | None, Record]]:
    derive = deriver(kind)
    tells = any(one.name in (BUILD_FIELD, HOSTNAME_FIELD, *_BUILD_PARTS) for one in kind.derive)
    whole = format_of(kind.format).build is not None
    for artefact in group if whole or kind.format == "web_file" else spread(group, _LOGS_PER_KIND):
        if whole and artefact.format in readers:
            yield from ((artefact, moment, derive(record)) for moment, record in _whole(artefact, readers))
        elif tells and artefact.format == "web_file":
            yield artefact, artefact.file.modified, derive(name_fields(artefact.file.path))
        elif tells and is_line_format(artefact.format):
            for moment, record in beginning(artefact, line_format(artefact.format)):
                yield artefact, moment, derive(record)
        elif tells and format_of(kind.format).gathered:
            for moment, record in islice(_whole(artefact, readers), _FIRST_ROWS):
                yield artefact, moment, derive(record)


def _whole(artefact: Artefact, readers: Mapping[str, RecordReader]) -> Iterator[tuple[datetime | None, Record]]:
    try:
        for _, moment, record in readers[artefact.format].records(artefact):
            yield moment, record
    except EvidenceReadError:
        return  # The hunt reads the same file and has counted the skip.
