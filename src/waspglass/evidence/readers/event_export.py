"""Windows events that somebody exported with a tool: one array of JSON, objects over many lines, XML, or a table (CSV).

JSON with one event a line is a log and read as `event_json`; here is what is none, or what must be translated first:
`Get-WinEvent | ConvertTo-Json` and `| Export-Csv`, `Get-EventLog`, `evtx_dump -o json`, EvtxECmd's CSV, what the Event
Viewer saves, answers of Splunk, Elasticsearch and Sentinel, hits of Chainsaw, and timelines of Hayabusa, which has
names of its own for channels and some fields.

A record's place is its number in the file, from 1. Times written in the way of a language are those of the server.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import orjson

from waspglass.evidence.artefact import Artefact, LogReader, Place, Record
from waspglass.evidence.errors import EvidenceReadError, read_error, reading
from waspglass.evidence.formats.event_json import event_time, flatten_event
from waspglass.evidence.formats.event_providers import LOG_OF
from waspglass.evidence.formats.event_shapes import Json, items_of, text_of, whole_text
from waspglass.evidence.readers.event_documents import documents
from waspglass.evidence.readers.event_raw import event_of_raw
from waspglass.evidence.readers.local_times import day_stands_first, is_ambiguous, is_local, local_moment
from waspglass.evidence.utf16 import as_utf8
from waspglass.model.skip import SkipReason

__all__ = ["EventExportReader", "reader"]

_LOCAL_TIMES = ("TimeCreated", "TimeGenerated")
_NXLOG_TIME = "EventTime"
"""Local, and written `2021-03-03 05:12:11`; with `@timestamp` beside it, that is meant."""
_CHANNELS = {
    "App": "Application",
    "Defender": "Microsoft-Windows-Windows Defender/Operational",
    "Exchange": "MSExchange Management",
    "PwSh": "Microsoft-Windows-PowerShell/Operational",
    "PwShClassic": "Windows PowerShell",
    "Sec": "Security",
    "Sys": "System",
    "Sysmon": "Microsoft-Windows-Sysmon/Operational",
    "TaskSch": "Microsoft-Windows-TaskScheduler/Operational",
    "WMI": "Microsoft-Windows-WMI-Activity/Operational",
    "WinRM": "Microsoft-Windows-WinRM/Operational",
}
"""Hayabusa's short names (`rules/config/channel_abbreviations.txt`)."""
_FIELDS = {
    "Cmdline": "CommandLine",
    "ParentCmdline": "ParentCommandLine",
    "ScriptBlock": "ScriptBlockText",
    "Svc": "ServiceName",
    "SrcIP": "IpAddress",
    "TgtUser": "TargetUserName",
}
_PROCESS = {"Microsoft-Windows-Sysmon/Operational": "Image", "Security": "NewProcessName"}
_INFORMATION = ("Details", "ExtraFieldInfo", "AllFieldInfo")
_QUARTER = timedelta(minutes=15)
"""Zones differ by multiples of it."""
_MOST_OFFSETS = 3
_BAR = " \N{BROKEN BAR} "


class EventExportReader(LogReader):
    """`event_export`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record an event.

        Raises:
            EvidenceReadError: At the end, if some of it, or times of events, could not be read, or name no zone.
        """
        day_first, decided, number, unread, zoneless, strange = None, False, 0, 0, 0, 0
        ahead = set[timedelta]()
        for number, document in enumerate(_documents(artefact), 1):
            record = _event(document)
            written = _written(record)
            if not decided and is_ambiguous(written):
                day_first, decided = day_stands_first(_times_in(artefact)), True
            moment = event_time(record)
            if is_local(written):
                clock = local_moment(written, self._settings.zone, day_first)
                if "UtcTime" not in record:  # which Sysmon writes whatever the server's zone
                    moment, zoneless = clock, zoneless + 1
                elif clock is not None and moment is not None and len(ahead) < _MOST_OFFSETS:
                    ahead.add(round((clock - moment) / _QUARTER) * _QUARTER)
            unread += moment is None
            strange += "_raw" in record and "EventID" not in record
            yield Place(record=number), moment, record
        if not number:
            raise read_error(artefact.file.path, SkipReason.EMPTY, "no event is in it")
        if strange:
            message = f"rows whose text is no event: {strange}; export fields by name, each log by itself"
            raise read_error(artefact.file.path, SkipReason.DAMAGED, message)
        if unread:
            message = f"events without a time that can be read: {unread}; save the log as EVTX or XML instead"
            raise read_error(artefact.file.path, SkipReason.BAD_TIME, message)
        if zoneless and self._settings.named_zone is None:
            message = f"events whose times name no zone, read as UTC: {zoneless}; name the timezone in the facts"
            message += f" (by its Sysmon events the clock was {_shown(ahead)} hours from UTC)" if ahead else ""
            raise read_error(artefact.file.path, SkipReason.BAD_TIME, message)

    def json_lines(self, artefact: Artefact) -> Iterator[tuple[int, datetime | None, str]]:
        """Number, moment and JSON of each event, as `records` has it, in the shape of the `evtx` package.

        Raises:
            EvidenceReadError: As `records`.
        """
        for place, moment, record in self.records(artefact):
            yield place.record or 0, moment, orjson.dumps({"Event": {"EventData": record}}).decode()


reader = EventExportReader


def _shown(offsets: set[timedelta]) -> str:
    return " and ".join(f"{offset / timedelta(hours=1):+g}" for offset in sorted(offsets))


def _times_in(artefact: Artefact) -> Iterator[str]:
    """The times of all events, as far as the file can be read."""
    with suppress(EvidenceReadError):
        for document in _documents(artefact):
            yield _written(_event(document))


def _written(record: Record) -> str:
    """The time that may be a local one, as the file has it; empty if there is none."""
    if _NXLOG_TIME in record and "@timestamp" not in record:
        return record[_NXLOG_TIME].replace("-", "/")
    return next((record[name] for name in _LOCAL_TIMES if name in record), "")


def _documents(artefact: Artefact) -> Iterator[Json]:
    with reading(artefact.file.path), as_utf8(artefact.file).open() as stream:
        for document in documents(stream, artefact.file.path):
            yield event_of_raw(document, artefact.file.path)


def _event(document: Json) -> dict[str, str]:
    known = _of_hayabusa(document) if "RuleTitle" in document else flatten_event(document)
    record = {whole_text(name): whole_text(text) for name, text in known.items() if text and name != "#attributes"}
    if "Channel" not in record and (log := LOG_OF.get(record.get("Provider_Name", ""))) is not None:
        record["Channel"] = log
    return record


def _of_hayabusa(document: Json) -> dict[str, str]:
    """Names and values as the event had them, as far as they are known; `Data` holds all values for what is not."""
    channel = text_of(document.get("Channel") or "")
    channel = _CHANNELS.get(channel, channel)
    fields: dict[str, str] = {}
    for name in _INFORMATION:
        fields.update(_information(document.get(name)))
    record = {_FIELDS.get(name, name): value for name, value in fields.items()}
    if "Proc" in fields and channel in _PROCESS:
        record.setdefault(_PROCESS[channel], fields["Proc"])
    record.setdefault("Data", "\n".join(fields.values()))
    header = {
        "Channel": channel,
        "Computer": document.get("Computer"),
        "EventID": document.get("EventID"),
        "EventRecordID": document.get("RecordID"),
        "Timestamp": document.get("Timestamp"),
        "RuleTitle": document.get("RuleTitle"),
    }
    return record | {name: text_of(value) for name, value in header.items() if value is not None}


def _information(value: object) -> dict[str, str]:
    """The fields of an event: an object in JSON, `name: value` with bars between in a table."""
    if not isinstance(value, str):
        return items_of(value)
    pieces = (piece.partition(": ") for piece in value.split(_BAR))
    return {name: text for name, colon, text in pieces if colon}
