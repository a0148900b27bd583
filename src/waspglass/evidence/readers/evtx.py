"""Event logs (EVTX), through the Rust parser of the `evtx` package, which survives damaged chunks.

`records` gives flat records with Sigma's field names; `json_lines` gives the parser's JSON unparsed, for a scanner that
looks at the few events that hold one of its needles.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Protocol, cast

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

__all__ = ["EvtxReader", "seekable"]

_THREADS = 1
"""One thread a file: files are what is spread over cores, and a thread pool a file costs more than it gives."""


class _Parser(Protocol):
    def records_json(self) -> Iterator[dict[str, object] | Exception]: ...


class EvtxReader:
    """`evtx`."""

    name = "evtx"

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record an event, in the order of the file.

        Raises:
            EvidenceReadError: At the start if this is no event log; at the end if events could not be read, saying how
                many.
        """
        for number, moment, line in self.json_lines(artefact):
            document = orjson.loads(line)
            if isinstance(document, dict):
                yield Place(record=number), moment, flatten_event(document)

    def json_lines(self, artefact: Artefact) -> Iterator[tuple[int, datetime | None, str]]:
        """Record id, moment and JSON text of each event; the text of one event is one line.

        Raises:
            EvidenceReadError: As `records`.
        """
        unreadable = 0
        with seekable(artefact) as stream:
            for entry in _entries(stream, artefact.file.path):
                if isinstance(entry, dict):
                    number = cast("int", entry["event_record_id"])
                    yield number, _moment(cast("str", entry["timestamp"])), cast("str", entry["data"])
                else:
                    unreadable += 1
        if unreadable:
            message = f"{unreadable} events or chunks are damaged; the others were read"
            raise EvidenceReadError(message, reason=SkipReason.DAMAGED, location=Location(artefact.file.path))


def _entries(stream: BinaryIO, path: str) -> Iterator[dict[str, object] | None]:
    """What the parser yields; None stands for an event or a chunk that it could not read."""
    try:
        parser = cast("_Parser", PyEvtxParser(stream, number_of_threads=_THREADS))
        source = iter(parser.records_json())
    except (RuntimeError, ValueError, OSError) as fault:
        message = f"this is not an event log ({fault})"
        raise EvidenceReadError(message, reason=SkipReason.DAMAGED, location=Location(path)) from fault
    while True:
        try:
            entry = next(source)
        except StopIteration:
            return
        except EvidenceReadError:
            raise
        except (RuntimeError, ValueError, OSError):
            yield None
            continue
        yield entry if isinstance(entry, dict) else None


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
        return datetime.fromisoformat(text.removesuffix(" UTC")).replace(tzinfo=UTC)
    except ValueError:
        return None
