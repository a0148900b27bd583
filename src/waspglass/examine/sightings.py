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
from waspglass.evidence.server_name import short_name
from waspglass.examine.installations import of_what_runs
from waspglass.examine.log_head import beginning, spread
from waspglass.hunt.matching.binding import deriver
from waspglass.model.escape import printable
from waspglass.model.facts import BuildSighting, Facts
from waspglass.packs.pack import ArtefactKind, Pack

__all__ = ["Identity", "identity_of"]

HOSTNAME_FIELD = "hostname"
"""Name of the field, given by a reader or derived by a pack, that names the server."""

_BUILD_PARTS = ("build_major", "build_minor", "build_number", "build_revision")
"""Derived fields of a pack whose product writes the parts of its build into columns of their own."""

_LOGS_PER_KIND = 3
_LOGS_FOR_WRITERS = 50
_ROWS_FOR_WRITERS = 1000
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
    wrote = {kind: frozenset(_writers(kinds[kind], group, readers)) for kind, group in groups.items()}
    told = frozenset().union(*wrote.values(), in_events if len(in_events) == 1 else ())
    wrote |= {kind: told for kind, of in wrote.items() if of and format_of(kinds[kind].format).telemetry}
    # Logs that show the ways in together only are of one server, too.
    writers = (names.union(*(wrote.get(other, ()) for other in kinds[kind].together)) for kind, names in wrote.items())
    mixed = {name for names_of_kinds in writers if len(names_of_kinds) > 1 for name in names_of_kinds}
    every = [artefact for group in groups.values() for artefact in group]
    by_time = sorted(facts.builds, key=lambda one: one.from_.timestamp() if one.from_ else -math.inf)
    running = by_time[-1].build if by_time else None
    sightings = of_what_runs(build_sightings(builds, seen_at=facts.collected_at), every, kinds, running)
    return Identity(hostname, sightings, tuple(sorted(mixed)), in_events)


def _with_build(record: Record) -> Record:
    """The record with its build in one piece."""
    if BUILD_FIELD in record or any(part not in record for part in _BUILD_PARTS):
        return record
    return {**record, BUILD_FIELD: ".".join(record[part] for part in _BUILD_PARTS)}


def _writers(kind: ArtefactKind, group: list[Artefact], readers: Mapping[str, RecordReader]) -> Iterator[str]:
    """Who wrote logs of a kind, by the beginnings of some of them; of what was gathered, by every record.

    A line that was written by one server names it behind what its clients sent, so the first that has a name is enough.
    Event logs do not count: they keep the names that a server had before, and what others forwarded.
    """
    form, naming = format_of(kind.format), tuple(one for one in kind.derive if one.name == HOSTNAME_FIELD)
    if form.events or not naming:
        return
    derive = deriver(kind.model_copy(update={"derive": naming}))  # a table may have a million rows
    for artefact in group if form.gathered else spread(group, _LOGS_FOR_WRITERS):
        if is_line_format(artefact.format):
            rows = beginning(artefact, line_format(artefact.format))
        else:
            rows = islice(_whole(artefact, readers), None if form.gathered else _ROWS_FOR_WRITERS)
        names = (derive(record).get(HOSTNAME_FIELD) for _, record in rows)
        told = (printable(short_name(name)) for name in names if name)
        yield from islice(told, 1) if is_line_format(artefact.format) else told


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
