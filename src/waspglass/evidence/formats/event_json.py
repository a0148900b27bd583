"""Windows events as JSON lines; `event_shapes` and `event_exports` know what an event looks like.

Result: `EventID`, `Channel`, `Provider_Name`, `Computer`, `EventRecordID`, `Level`, and each item of the event's data
under its own name. A list of unnamed data becomes `Data`, one item a line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

import orjson

from waspglass.evidence.artefact import Columns, LineFormat, Record
from waspglass.evidence.errors import MalformedLineError
from waspglass.evidence.formats.event_ecs import add_what_was_moved
from waspglass.evidence.formats.event_exports import export_of, unwrapped
from waspglass.evidence.formats.event_shapes import RENAMED, Json, event_of_beats, event_of_parser, flat_event
from waspglass.evidence.formats.moments import json_date, moment, since_1970

__all__ = ["TIME_NAMES", "EventJson", "event_time", "flatten_event", "line_format"]

TIME_NAMES = (
    *("SystemTime", "UtcTime", "@timestamp", "EventTime", "TimeCreated", "timestamp", "Timestamp", "_time"),
    "TimeGenerated",
)
"""Fields that tell when an event was made, the surest first.

Sysmon writes `UtcTime` itself; of `@timestamp` and `TimeCreated` exporters make local time with a Z, or half a day off
besides (in 50 of the 109 files of OTRF Security-Datasets that have both).
"""
_SINCE_1970 = re.compile(r"\d{9,11}(?:\.\d{1,9})?")
"""Seconds, as Velociraptor and Splunk write times."""
_LONGEST_TIME = 64
_BLANK_BEFORE_ZONE = re.compile(r" (?=[+-]\d\d:?\d\d$)")
_UNSAFE = re.compile(r"""[^ !#$%()*,.0-9:;?@A-Z\[\]^_`a-z{|}~-]+""")


def flatten_event(document: Json) -> dict[str, str]:
    """One event of any known shape as a flat record."""
    document = document if "Event" in document else unwrapped(document)
    event = document.get("Event")
    if isinstance(event, Mapping):
        return event_of_parser(event)
    winlog = document if _is_of_old_beats(document) else document.get("winlog")
    if isinstance(winlog, Mapping):
        return add_what_was_moved(event_of_beats(document, winlog), document)
    if isinstance(document.get("System"), Mapping):
        return event_of_parser(document)
    if "winlog.channel" in document:
        return add_what_was_moved(flat_event(document, RENAMED), document)
    exported = export_of(document)
    return flat_event(document, RENAMED) if exported is None else exported


def _is_of_old_beats(document: Json) -> bool:
    return "log_name" in document and any(
        isinstance(document.get(name), Mapping) for name in ("event_data", "user_data")
    )


def event_time(record: Record) -> datetime | None:
    """When the event was made; the moment of collection only where nothing else is said."""
    for name in TIME_NAMES:
        if name in record and (read := _read(record[name])) is not None:
            return read
    return None


def _read(text: str) -> datetime | None:
    if _SINCE_1970.fullmatch(text):
        return since_1970(float(text))
    if (read := json_date(text)) is not None:
        return read
    return (
        moment(_BLANK_BEFORE_ZONE.sub("", text.removesuffix(" UTC").removesuffix(" GMT")))
        if len(text) <= _LONGEST_TIME
        else None
    )


def _loaded(raw: bytes) -> object:
    """What the JSON says; a code page of the server, as Windows PowerShell writes, hides no more than its letters."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        text = raw.decode("utf-8", "replace")
        if "\ufffd" not in text:
            raise
        return orjson.loads(text)


def line_format(_name: str) -> LineFormat:
    """The one format of this module."""
    return EventJson()


class EventJson(LineFormat):
    """`event_json`: an event has no columns, and there are no header lines."""

    name = "event_json"
    implied = Columns()
    wild = rb"\\u00(?:2[0-589acdef]|3[0-9abf]|[4-7][0-9a-f])"
    """ASCII written as an escape (other than the few that HTML-safe writers escape) could hide any needle."""

    def record(self, line: bytes, columns: Columns) -> Record:
        """The flattened event; `null` is absent, an empty text is not, as in the event log itself."""
        del columns
        try:
            document = _loaded(line.strip(b" \t\r\n,").removeprefix(b"\xef\xbb\xbf"))
        except (orjson.JSONDecodeError, RecursionError) as error:
            raise MalformedLineError(f"not JSON: {error}") from None
        if not isinstance(document, dict):
            raise MalformedLineError("not a JSON object")
        return flatten_event(document)

    def time(self, record: Record, columns: Columns) -> datetime | None:
        """See `event_time`."""
        del columns
        return event_time(record)

    def raw_forms(self, literal: str) -> tuple[tuple[bytes, ...], ...]:
        r"""All runs of characters that no JSON writer in use escapes.

        Of `\Windows\Temp\cw.exe` the longest stands in most events, the last in none.
        """
        return tuple((run.encode("ascii"),) for run in _UNSAFE.split(literal) if run)
