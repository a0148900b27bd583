"""Builds that the evidence shows: program files and setup logs whole, a few logs by their beginning, pages by path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from waspglass.evidence.artefact import Artefact, LineFormat, Record, RecordReader
from waspglass.evidence.build_sightings import BUILD_FIELD, build_sightings
from waspglass.evidence.errors import EvidenceReadError, MalformedLineError
from waspglass.evidence.formats.registry import is_line_format, line_format
from waspglass.evidence.readers.web_file import name_fields
from waspglass.hunt.binding import deriver
from waspglass.model.facts import BuildSighting
from waspglass.packs.pack import ArtefactKind, Pack

__all__ = ["sightings_of"]

_HEAD = 64 * 1024
_LOGS_PER_KIND = 3
_WHOLE = frozenset({"pe_version", "exchange_setup_log", "hive"})


def sightings_of(
    artefacts: Iterable[Artefact], pack: Pack, readers: Mapping[str, RecordReader], collected_at: datetime | None
) -> tuple[BuildSighting, ...]:
    """All builds that the evidence speaks of, each with its certainty.

    Logs only hint at a build, so the beginnings of the first, the middle and the last log of a kind are enough.

    Args:
        artefacts: What was recognised.
        pack: Its kinds say where a build stands (a derived field `build`).
        readers: Record readers by format.
        collected_at: The moment that program files speak for, if it is known.
    """
    kinds = {kind.kind: kind for kind in pack.kinds}
    groups: dict[str, list[Artefact]] = defaultdict(list)
    for artefact in artefacts:
        groups[artefact.kind].append(artefact)
    found = (record for name, group in groups.items() for record in _records(kinds[name], group, readers))
    return build_sightings(found, seen_at=collected_at)


def _records(
    kind: ArtefactKind, group: list[Artefact], readers: Mapping[str, RecordReader]
) -> Iterator[tuple[Artefact, datetime | None, Record]]:
    derive = deriver(kind)
    derives_build = any(one.name == BUILD_FIELD for one in kind.derive)
    for artefact in group if kind.format in _WHOLE or kind.format == "web_file" else _spread(group):
        if artefact.format in _WHOLE and artefact.format in readers:
            yield from ((artefact, moment, derive(record)) for moment, record in _whole(artefact, readers))
        elif derives_build and artefact.format == "web_file":
            yield artefact, artefact.file.modified, derive(name_fields(artefact.file.path))
        elif derives_build and is_line_format(artefact.format):
            for moment, record in _beginning(artefact, line_format(artefact.format)):
                yield artefact, moment, derive(record)


def _spread(group: list[Artefact]) -> list[Artefact]:
    """The first, the middle and the last by path, which for dated logs is by time."""
    ordered = sorted(group, key=lambda artefact: artefact.file.path)
    if len(ordered) <= _LOGS_PER_KIND:
        return ordered
    return [ordered[0], ordered[len(ordered) // 2], ordered[-1]]


def _whole(artefact: Artefact, readers: Mapping[str, RecordReader]) -> Iterator[tuple[datetime | None, Record]]:
    try:
        for _, moment, record in readers[artefact.format].records(artefact):
            yield moment, record
    except EvidenceReadError:
        return  # The hunt reads the same file and has counted the skip.


def _beginning(artefact: Artefact, form: LineFormat) -> Iterator[tuple[datetime | None, Record]]:
    """The records that stand whole in the first 64 KiB."""
    try:
        with artefact.file.open() as stream:
            head = stream.read(_HEAD)
    except (OSError, EvidenceReadError):
        return  # The hunt reads the same file and has counted the skip.
    columns = form.implied
    for line in head[: head.rfind(b"\n") + 1].splitlines():
        if line.startswith(form.header_starts):
            columns = form.header(line, columns)
        elif columns is not None:
            try:
                record = form.record(line, columns)
            except MalformedLineError:
                continue
            yield form.time(record, columns), record
