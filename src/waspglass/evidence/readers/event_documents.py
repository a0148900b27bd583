"""Splits an export of events into its documents: JSON of any layout, texts, or the rows of a table, each as an object.

JSON comes as one array, as objects over many lines one after the other (`ConvertTo-Json`, `evtx_dump -o json` with a
line `Record 7` before each), or as objects in one line each. A search engine's answer has its events in a list inside.
XML and the text of Splunk's agent are left to `event_texts`, the Event Viewer's own table to `event_viewer`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import BinaryIO, TextIO

from waspglass.evidence.errors import read_error
from waspglass.evidence.readers.event_faults import LONGEST_EVENT, MOST_FAULTS, PIECE, tell_faults
from waspglass.evidence.readers.event_texts import are_event_texts, event_texts
from waspglass.evidence.readers.event_viewer import event_of_row
from waspglass.evidence.readers.local_times import local_moment
from waspglass.model.skip import SkipReason

__all__ = ["documents"]

Document = Mapping[str, object]

_CUT = 32
"""Characters before the end of what was read; a fault there may be for lack of the rest."""
_BEGIN = re.compile(r"\{")
_NEXT = re.compile(r"\n[ \t]*(?:[\[,][ \t]*)?\{")
_LONGEST_NAME = 256
"""Characters of a column's name, which is looked at anew for each row."""
_MOST_PARTS = 1_000_000
"""Objects and lists of one document: 16 MB of nothing but `{}` would take 800 MB when they are read."""
_ANSWERS = ("value", "results", "Results", "records", "events", "rows", "documents")
_FRAME = frozenset({"preview", "offset", "lastrow", "messages"})
"""What an object of Splunk's search has that has no event."""
_TYPE_LINE = "#TYPE"
_DAMAGED = ()
"""A row that cannot be read; the ones behind it can."""
_TABLES = frozenset({"EventData", "UserData", "System"})
"""Columns in which an object stands as JSON."""
_UTC = " [UTC]"
"""Behind the name of a column in tables of Log Analytics, whose times are written as in the United States."""


def documents(stream: BinaryIO, path: str) -> Iterator[Document]:
    """The documents of an export in UTF-8, in its order. The stream is closed behind the last.

    Raises:
        EvidenceReadError: At the end, if some of it could not be read; what was given before stands.
    """
    with io.TextIOWrapper(stream, "utf-8", "replace", newline="") as text:  # `\xfc` for a byte would be no JSON
        start = text.read(PIECE)
        plain = start.lstrip("\ufeff \t\r\n")
        if are_event_texts(plain):
            yield from event_texts(text, plain, path)
        elif plain.startswith(("{", "[")) or re.match(r"Record \d+\s", plain):
            yield from _objects(text, plain, path)
        else:
            yield from _rows(text, start.lstrip("\ufeff"), path)


def _objects(text: TextIO, held: str, path: str) -> Iterator[Document]:
    decoder = json.JSONDecoder(strict=False)
    at, faults, ended, swarm = 0, 0, False, False
    while True:
        begin = _BEGIN.search(held, at)
        if begin is None or begin.start() > PIECE:  # what was read is let go
            held, at = held[len(held) if begin is None else begin.start() :], 0
            begin, swarm = _BEGIN.search(held), swarm and _is_swarm(held)
        if begin is None:
            if ended:
                break
            held = text.read(PIECE)
            ended = not held
            continue
        try:
            if swarm:
                raise ValueError("more parts than an event has")
            found, at = decoder.raw_decode(held, begin.start())
        except (ValueError, RecursionError) as fault:
            if not ended and len(held) - begin.start() < LONGEST_EVENT and _is_cut(fault, len(held)):
                more = text.read(max(PIECE, len(held)))
                held, at, ended = held[begin.start() :] + more, 0, not more
                swarm = _is_swarm(held)  # not for each event: there may be many small ones behind a long one
                continue
            faults += 1
            following = _NEXT.search(held, begin.end())
            if faults > MOST_FAULTS or (following is None and ended):
                break
            at = len(held) if following is None else following.start()
        else:
            yield from _events_in(found)
    tell_faults(faults, path)


def _is_swarm(held: str) -> bool:
    """Whether a document in there may have too many parts; what is short cannot."""
    return len(held) > 2 * PIECE and held.count("{") + held.count("[") > _MOST_PARTS


def _is_cut(fault: ValueError | RecursionError, length: int) -> bool:
    """Whether the fault is that the text ends."""
    if not isinstance(fault, json.JSONDecodeError):
        return False
    return fault.pos >= length - _CUT or fault.msg.startswith("Unterminated string")


def _events_in(found: object) -> Iterator[Document]:
    """The document, or those in the list of an answer."""
    if not isinstance(found, Mapping) or found.keys() <= _FRAME:
        return
    hits = found.get("hits")
    inside = hits.get("hits") if isinstance(hits, Mapping) else None
    for name in _ANSWERS:
        if inside is None and isinstance(found.get(name), list) and "EventID" not in found:
            inside = found[name]
    if isinstance(inside, list):
        yield from (one for one in inside if isinstance(one, Mapping))
    else:
        yield found


def _rows(text: TextIO, start: str, path: str) -> Iterator[Document]:
    lines = _lines(text, start)
    head = next(lines, "")
    if head.startswith(_TYPE_LINE):
        head = next(lines, "")
    separator = max(",;\t", key=head.count)
    header = _row(csv.reader([head], delimiter=separator))
    names = [name.strip()[:_LONGEST_NAME] for name in header or ()]
    rows, faults, overfull = csv.reader(lines, delimiter=separator), int(header is _DAMAGED), 0
    while faults <= MOST_FAULTS and (row := _row(rows)) is not None:
        faults += row is _DAMAGED
        if row and (event := event_of_row(names, row)) is not None:
            yield event
        elif row:
            overfull += any(row[len(names) :])
            yield {
                name.removesuffix(_UTC): _cell(name, value) for name, value in zip(names, row, strict=False) if value
            }
    tell_faults(faults, path)
    if overfull:
        message = (
            f"rows with more cells than the table has columns, so that cells may stand under a wrong name: {overfull}"
        )
        raise read_error(path, SkipReason.MALFORMED_LINE, message)


def _row(rows: Iterator[list[str]]) -> Sequence[str] | None:
    """The next row, None at the end; the library's bound on cells is everybody's, so it is put back."""
    usual = csv.field_size_limit(LONGEST_EVENT)
    try:
        return next(rows, None)
    except csv.Error:
        return _DAMAGED
    finally:
        csv.field_size_limit(usual)


def _cell(name: str, value: str) -> object:
    if name.endswith(_UTC) and (read := local_moment(value, UTC)) is not None:
        return read.isoformat()
    if name in _TABLES and value.startswith("{"):
        try:
            found: object = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return found
    return value


def _lines(text: TextIO, held: str) -> Iterator[str]:
    """Lines with their ends; one that is longer than an event may be comes in pieces, which no row survives."""
    while True:
        *whole, held = held.split("\n")
        yield from (line + "\n" for line in whole)
        more = text.read(PIECE)
        if held and (not more or len(held) > LONGEST_EVENT):
            yield held
            held = ""
        if not more:
            return
        held += more
