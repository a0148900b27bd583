"""Event logs (EVTX), through the Rust parser of the `evtx` package, which survives damaged chunks.

`records` gives flat records with Sigma's field names; `json_lines` gives the parser's JSON unparsed, for a scanner that
looks at the few events that hold one of its needles.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import BinaryIO, Protocol, TypedDict, cast

import orjson
from evtx import PyEvtxParser

from waspglass.evidence.artefact import Artefact, Place, Record
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.evtx_chunks import FILE_HEADER_BYTES
from waspglass.evidence.formats.event_json import flatten_event
from waspglass.evidence.limits import DEFAULT_LIMITS
from waspglass.evidence.spool import Spool
from waspglass.evidence.stream import slice_stream
from waspglass.model.errors import Location
from waspglass.model.skip import SkipReason

__all__ = ["EvtxReader", "plain_event", "seekable"]

_SYSTEM = ("EventID", "Channel", "Computer", "EventRecordID", "Level", "Task", "Opcode", "Keywords")
_ATTRIBUTES = (
    ("Provider_Name", "Provider", "Name"),
    ("SystemTime", "TimeCreated", "SystemTime"),
    ("UserID", "Security", "UserID"),
)
_RENAMED = frozenset(
    {"SourceName", "ProviderName", "provider_name", "Hostname", "computer_name", "RecordNumber", "record_id"}
    | {"event_id", "channel", "message", "#attributes"}
)
"""Names that `flatten_event` gives another name, or leaves out."""
_THREADS = 1
"""One thread a file: files are what is spread over cores, and a thread pool a file costs more than it gives."""


class _Entry(TypedDict):
    """What the parser gives for one event."""

    event_record_id: int
    timestamp: str
    data: str


class _Parser(Protocol):
    def records_json(self) -> Iterator[_Entry]: ...


class EvtxReader:
    """`evtx`."""

    name = "evtx"

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record an event, in the order of the file.

        Raises:
            EvidenceReadError: At the start if this is no event log; at the end if events could not be read, saying how
                many.
        """
        for entry in _entries(artefact):
            document = orjson.loads(entry["data"])
            record = plain_event(document) or flatten_event(document)
            yield Place(record=entry["event_record_id"]), _moment(entry["timestamp"]), record

    def json_lines(self, artefact: Artefact) -> Iterator[tuple[int, datetime | None, str]]:
        """Record id, moment and JSON text of each event; the text of one event is one line.

        Raises:
            EvidenceReadError: As `records`.
        """
        for entry in _entries(artefact):
            yield entry["event_record_id"], _moment(entry["timestamp"]), entry["data"]


def plain_event(document: Mapping[str, object]) -> dict[str, str] | None:
    """What `flatten_event` makes of an event of the usual shape, in a third of the time; None for any other shape."""
    event = document.get("Event")
    if type(event) is not dict or "UserData" in event:
        return None
    system, data = event.get("System"), event.get("EventData")
    if type(system) is not dict or (data is not None and type(data) is not dict):
        return None
    record: dict[str, str] = {}
    for name, value in data.items() if data else ():
        if name in _RENAMED:
            return None
        if type(value) is str:
            record[name] = value
        elif type(value) is int:
            record[name] = str(value)
        elif value is not None:
            return None
    return record if _take_system(system, record) else None


def _take_system(system: Mapping[str, object], record: dict[str, str]) -> bool:
    """Adds the event's header; False if it has another shape than the usual."""
    for name in _SYSTEM:
        value = system.get(name)
        if type(value) is int or type(value) is str:
            record[name] = str(value)
        elif value is not None:
            return False
    for name, holder, attribute in _ATTRIBUTES:
        value = system.get(holder)
        if value is None or name in record:
            continue
        attributes = value.get("#attributes") if type(value) is dict else None
        found = attributes.get(attribute) if type(attributes) is dict else None
        if type(found) is not str:
            return False
        record[name] = found
    return True


def _entries(artefact: Artefact) -> Iterator[_Entry]:
    """What the parser yields; events and chunks that it cannot read are counted and told at the end."""
    place = Location(artefact.file.path)
    unreadable = 0
    with seekable(artefact) as stream:
        try:
            parser = cast("_Parser", PyEvtxParser(stream, number_of_threads=_THREADS))
            source = parser.records_json()
        except (RuntimeError, ValueError, OSError) as fault:
            message = f"this is not an event log ({fault})"
            raise EvidenceReadError(message, reason=SkipReason.DAMAGED, location=place) from fault
        while True:
            try:
                yield from source
            except (RuntimeError, ValueError, OSError):
                unreadable += 1
            else:
                break
    if unreadable:
        message = f"{unreadable} events or chunks are damaged; the others were read"
        raise EvidenceReadError(message, reason=SkipReason.DAMAGED, location=place)


def seekable(artefact: Artefact) -> BinaryIO:
    """The file as a stream with random access; members of archives go through a spool."""
    try:
        stream = artefact.file.open()
        if stream.seekable():
            return stream
    except OSError as fault:
        message = f"it cannot be read ({fault.strerror})"
        raise EvidenceReadError(message, reason=SkipReason.UNREADABLE, location=Location(artefact.file.path)) from fault
    spool = Spool(stream, DEFAULT_LIMITS, artefact.file.path)
    size = spool.size()
    if size < FILE_HEADER_BYTES:
        spool.close()
        return io.BytesIO()
    return slice_stream(spool.pread, 0, size, artefact.file.path)


def _moment(text: str) -> datetime | None:
    """`2021-03-14 01:39:32.609000 UTC`, as the parser writes it."""
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    return moment if moment.tzinfo is UTC else moment.replace(tzinfo=UTC)
