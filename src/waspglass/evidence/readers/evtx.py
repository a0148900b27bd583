"""Event logs (EVTX), through the Rust parser of the `evtx` package, which survives damaged chunks.

`records` gives flat records with Sigma's field names; `json_lines` gives the parser's JSON unparsed, for a scanner that
looks at the few events that hold one of its needles.

The time of an event is the one that it holds itself. The record around it may have another: in a log that somebody
exported (Event Viewer, `wevtutil epl`) that of the event behind it, and 1601 for the last; in a log of forwarded events
the moment of arrival. Of 618 public logs (EVTX-ATTACK-SAMPLES, EVTX-to-MITRE-Attack, hayabusa-sample-evtx and others)
312 end in 1601, and in 73 a record's time is more than a minute off.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import BinaryIO, Protocol, TypedDict, cast

import orjson
from evtx import PyEvtxParser

from waspglass.evidence.artefact import Artefact, LogReader, Place, Record
from waspglass.evidence.errors import read_error
from waspglass.evidence.formats.event_json import flatten_event
from waspglass.evidence.formats.moments import EARLIEST, LATEST, plausible
from waspglass.evidence.readers.evtx_chunks import CHUNK_BYTES, SafeChunks
from waspglass.model.skip import SkipReason

__all__ = ["EvtxReader", "reader"]

_CREATED = '"TimeCreated":{"#attributes":{"SystemTime":"'
"""Stands in an event's text once, as a quote inside of a value is escaped."""
_USUAL_TIME, _LONGEST_TIME = len("2021-03-14T01:39:32.609000Z"), 40
_LONGEST_EVENT, _MOST_LONG = 4 << 20, 16
"""Characters; an event has at most 64 KiB in its log. A template that names a long value again and again gives more,
and after some such events the log is not read on."""
_THREADS = 1
"""One thread a file: files are what is spread over cores, and a thread pool a file costs more than it gives."""


class _Entry(TypedDict):
    """What the parser gives for one event."""

    event_record_id: int
    timestamp: str
    data: str


class _Parser(Protocol):
    def records_json(self) -> Iterator[_Entry]: ...


class EvtxReader(LogReader):
    """`evtx`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record an event, in the order of the file.

        Raises:
            EvidenceReadError: At the start if this is no event log; at the end if events could not be read, saying how
                many.
        """
        damaged = 0
        for entry in _entries(artefact):
            try:
                document = orjson.loads(entry["data"])
            except orjson.JSONDecodeError:  # the parser writes names of elements as they are
                damaged += 1
                continue
            found = entry["data"].find(_CREATED)
            yield Place(record=entry["event_record_id"]), _moment(entry, found), flatten_event(document)
        if damaged:
            message = f"events that are damaged: {damaged}; the others were read"
            raise read_error(artefact.file.path, SkipReason.DAMAGED, message)

    def json_lines(self, artefact: Artefact) -> Iterator[tuple[int, datetime | None, str]]:
        """Record id, moment and JSON text of each event; the text of one event is one line.

        Raises:
            EvidenceReadError: As `records`.
        """
        found = 0
        for entry in _entries(artefact):
            text = entry["data"]
            if not text.startswith(_CREATED, found):  # it stands where it stood in the event before, mostly
                found = text.find(_CREATED)
            yield entry["event_record_id"], _moment(entry, found), text


reader = EvtxReader


def _entries(artefact: Artefact) -> Iterator[_Entry]:
    """What the parser yields; events and chunks that it cannot read are counted and told at the end."""
    path = artefact.file.path
    unreadable = long = 0
    with artefact.file.seekable() as stream:
        safe = SafeChunks(stream)
        try:
            buffered = io.BufferedReader(safe, CHUNK_BYTES)
            parser = cast("_Parser", PyEvtxParser(buffered, number_of_threads=_THREADS))
            source = parser.records_json()
        except (RuntimeError, ValueError, OSError) as fault:
            with suppress(OSError, ValueError):
                _raise_fault_at_end(stream)
            raise read_error(path, SkipReason.DAMAGED, f"this is not an event log ({fault})") from fault
        while long < _MOST_LONG:
            try:
                for entry in source:
                    if len(entry["data"]) > _LONGEST_EVENT:
                        long += 1
                        break
                    yield entry
                else:
                    break
            except (RuntimeError, ValueError, OSError):
                unreadable += 1
        is_cut = safe.is_cut()
        _raise_fault_at_end(stream)
        unreadable += long + safe.bombs + safe.emptied()
    if is_cut:
        raise read_error(path, SkipReason.TRUNCATED, "it is cut; the events before that were read")
    if unreadable:
        rest = "the others were read" if long < _MOST_LONG else "it was not read on"
        raise read_error(path, SkipReason.DAMAGED, f"events or chunks that are damaged: {unreadable}; {rest}")


def _raise_fault_at_end(stream: BinaryIO) -> None:
    """A stream that could not be unpacked to its end raises the fault there."""
    stream.seek(-1, io.SEEK_END)
    stream.read(1)


def _moment(entry: _Entry, found: int) -> datetime | None:
    """When the event was made, as it says there; when its record was written only if it does not say (-1)."""
    text = entry["data"]
    if found < 0:
        return _read(entry["timestamp"])
    at = found + len(_CREATED)
    try:
        created = datetime.fromisoformat(text[at : at + _USUAL_TIME])
    except ValueError:
        return _read(text[at : at + _LONGEST_TIME].partition('"')[0]) or _read(entry["timestamp"])
    if created.tzinfo is UTC and EARLIEST <= created < LATEST:
        return created
    return plausible(created) or _read(entry["timestamp"])


def _read(text: str) -> datetime | None:
    """`2021-03-14T01:39:32.609Z`, or with ` UTC` behind it, as the parser writes the times of records."""
    try:
        return plausible(datetime.fromisoformat(text.removesuffix(" UTC")))
    except ValueError:
        return None
