"""Exports of events that are not one line an event: arrays, objects over many lines, tables, timelines of Hayabusa."""

from __future__ import annotations

import csv
import gc
import html
import io
import json
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.formats.test_event_exports import COMMAND, DATA, MESSAGE, PAYLOAD, SHAPES, SYSMON, TIME
from tests.evidence.formats.test_event_message import CREATED as MESSAGES
from tests.hunt.evidence import TEXT, MemoryFile, pack, places, sigma
from waspglass.evidence.artefact import Artefact, ReaderSettings, Record
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.readers.event_documents import documents
from waspglass.evidence.readers.event_export import EventExportReader
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules.load import load_rules
from waspglass.model.skip import SkipReason
from waspglass.packs.pack import ArtefactKind, Logsource

EVENT = SHAPES["velociraptor EvtxHunter"]
assert isinstance(EVENT, Mapping)


def artefact(text: str | bytes) -> Artefact:
    raw = text.encode() if isinstance(text, str) else text
    return Artefact("exported", "event_export", MemoryFile("events.json", raw))


def read(text: str | bytes) -> tuple[list[tuple[datetime | None, Record]], SkipReason | None]:
    found = []
    try:
        for place, moment, record in EventExportReader(ReaderSettings(named_zone=UTC)).records(artefact(text)):
            found.append((moment, record))
            assert place.record == len(found)
    except EvidenceReadError as fault:
        return found, fault.reason
    return found, None


def table(rows: Sequence[Mapping[str, object]], *, separator: str = ",", first: str = "") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return first + out.getvalue()


EVTXECMD = {
    "RecordNumber": "12",
    "EventRecordId": "77",
    "TimeCreated": "2021-03-03 01:02:03.0000000",
    "EventId": "1",
    "Level": "Info",
    "Provider": "Microsoft-Windows-Sysmon",
    "Channel": SYSMON,
    "Computer": "EXCH01",
    "MapDescription": "Process creation",
    "Payload": json.dumps(PAYLOAD),
}
WINEVENT = {
    "Message": MESSAGE,
    "Id": "1",
    "RecordId": "77",
    "ProviderName": "Microsoft-Windows-Sysmon",
    "LogName": SYSMON,
    "MachineName": "EXCH01",
    "TimeCreated": "3/3/2021 1:02:03 AM",
    "Properties": "System.Collections.Generic.List`1[System.Diagnostics.Eventing.Reader.EventProperty]",
}
UNTIMED = {**WINEVENT, "Message": "without the time that Sysmon writes itself"}
GERMAN = {**WINEVENT, "TimeCreated": "03.03.2021 01:02:03"}
VELOCIRAPTOR = {**EVENT, "EventData": json.dumps(DATA), "UserData": ""}
SENTINEL = {
    "TimeGenerated [UTC]": "3/3/2021, 1:02:03.000 AM",
    "Source": "Microsoft-Windows-Sysmon",
    "EventLog": SYSMON,
    **{name: SHAPES["Log Analytics"][name] for name in ("Computer", "EventID", "EventRecordId", "EventData")},  # type: ignore[index]
}
EXPORTS = {
    "an array": json.dumps(list(SHAPES.values())),
    "an array over many lines": json.dumps(list(SHAPES.values()), indent=4),
    "objects over many lines": "\r\n".join(json.dumps(one, indent=2) for one in SHAPES.values()),
    "one a line": "\n".join(map(json.dumps, SHAPES.values())),
    "evtx_dump": "".join(f"Record {n}\n{json.dumps(one, indent=2)}\n" for n, one in enumerate(SHAPES.values(), 1)),
    "an answer of Elasticsearch": json.dumps({"took": 1, "hits": {"total": 9, "hits": list(SHAPES.values())}}),
    "an answer of Splunk": json.dumps({"preview": False, "results": list(SHAPES.values())}),
    "EvtxECmd's table": table([EVTXECMD] * len(SHAPES)),
    "Export-Csv": table([WINEVENT] * len(SHAPES), first="#TYPE Selected.EventLogRecord\r\n"),
    "Export-Csv of a German shell": table(
        [{**WINEVENT, "TimeCreated": "03.03.2021 01:02:03"}] * len(SHAPES), separator=";"
    ),
    "Velociraptor's table": table([VELOCIRAPTOR] * len(SHAPES)),
    "a table of Sentinel": table([SENTINEL] * len(SHAPES), first="\ufeff"),
    "a correlation of Chainsaw": json.dumps([{"kind": "aggregate", "documents": list(SHAPES.values())}]),
}

AGENT = "\n".join(
    (
        *("03/03/2021 02:02:03 AM", f"LogName={SYSMON}", "EventCode=1", "ComputerName=EXCH01", "RecordNumber=77"),
        *("SourceName=Microsoft-Windows-Sysmon", "Keywords=None", f"Message={MESSAGE.replace(chr(13), '')}"),
    )
)
SPLUNK = {"_time": "2021-03-03T01:02:03.000+0000", "host": "EXCH01", "index": "windows", "sourcetype": "x"}
XML = (
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
    "<Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID><TimeCreated SystemTime='2021-03-03T01:02:03Z'/>"
    f"<EventRecordID>77</EventRecordID><Channel>{SYSMON}</Channel><Computer>EXCH01</Computer></System><EventData>"
    + "".join(f"<Data Name='{name}'>{html.escape(value)}</Data>" for name, value in DATA.items())
    + "</EventData></Event>"
)
RAW = {
    f"Splunk's text alone, {form}, {kind}": written
    for kind, raw in (("XML", XML), ("of its agent", AGENT))
    for form, written in (
        ("table", table([{"_raw": raw} | SPLUNK] * len(SHAPES))),
        ("lines", "\n".join([json.dumps({"preview": False, "result": {"_raw": raw} | SPLUNK})] * len(SHAPES))),
        ("array", json.dumps([{"_raw": raw} | SPLUNK] * len(SHAPES), indent=1)),
    )
}
EXPORTS |= RAW
EXPORTS |= {
    "Splunk's text alone, as it stands, XML": "\n".join([XML] * len(SHAPES)),
    "Splunk's text alone, as it stands, of its agent": "\n".join([AGENT] * len(SHAPES)) + "\n",
    "Splunk's text alone, as it stands, both": "\n".join(([AGENT, XML] * len(SHAPES))[: len(SHAPES)]),
    "XML below a note": "# events of EXCH01\r\n" + "\r\n".join([XML] * len(SHAPES)),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("export", EXPORTS)
def test_each_event_is_a_record(export: str, encoding: str) -> None:
    found, fault = read(EXPORTS[export].encode(encoding))
    assert fault is None
    assert len(found) == len(SHAPES)
    header = {"EventID": "1", "Channel": SYSMON, "Computer": "EXCH01", "EventRecordID": "77"}
    for moment, record in found:
        assert record.items() >= (header | DATA).items()
        assert moment == TIME


CREATED = "\n".join(
    (
        *("03/13/2021 02:02:03 AM", "LogName=Security", "SourceName=Microsoft Windows security auditing."),
        *("EventCode=4688", "ComputerName=EXCH01", "RecordNumber=77", f"Message={MESSAGES['now']}"),
    )
)


@pytest.mark.parametrize("form", ["text", "rows", "rows with fields"])
def test_a_process_that_splunk_keeps_as_a_message_has_its_fields(form: str) -> None:
    row = {"_raw": CREATED, "_time": "2021-03-13T01:02:03.000+0000"}
    fields = {"EventCode": "4688", "Process_Command_Line": "x", "SourceName": "Microsoft Windows security auditing."}
    text = {"text": CREATED, "rows": json.dumps(row), "rows with fields": json.dumps({"result": row | fields})}[form]
    reader = EventExportReader(ReaderSettings(named_zone=ZoneInfo("Europe/Berlin")))
    ((_, moment, record),) = reader.records(artefact(text))
    assert moment == datetime(2021, 3, 13, 1, 2, 3, tzinfo=UTC)
    assert (
        record.items()
        >= {
            "EventID": "4688",
            "Channel": "Security",
            "Provider_Name": "Microsoft-Windows-Security-Auditing",
            "Computer": "EXCH01",
            "EventRecordID": "77",
            "NewProcessName": r"C:\Windows\System32\cmd.exe",
        }.items()
    )


def test_the_stream_of_a_search_of_splunk_holds_no_events_but_its_results() -> None:
    row = {"_raw": CREATED, "_time": "2021-03-13 01:02:03.000 GMT"}
    stream: tuple[object, ...] = (
        {"messages": []},
        {"preview": False, "offset": 0, "result": row},
        {"preview": False, "lastrow": True},
    )
    found, fault = read("\n\n".join(map(json.dumps, stream)))
    assert fault is None
    ((moment, record),) = found
    assert (moment, record["EventID"]) == (datetime(2021, 3, 13, 1, 2, 3, tzinfo=UTC), "4688")


def test_a_time_that_names_an_unknown_zone_does_not_go_before_the_one_of_the_agent() -> None:
    found, _ = read(json.dumps([{"_raw": CREATED, "_time": "2021-03-13 04:02:03.000 XST"}]))
    assert found[0][0] == datetime(2021, 3, 13, 2, 2, 3, tzinfo=UTC)


@given(st.lists(st.text("ab \t:=<>\n\r"), max_size=4))
def test_each_event_of_the_agent_ends_where_the_next_begins(messages: list[str]) -> None:
    text = "".join(f"01/13/2021 01:01:01 AM\nLogName=x\nEventCode=1\nMessage={message}\n" for message in messages)
    found, _ = read(text or " ")
    assert [record.get("Message", "") for _, record in found] == [message.rstrip() for message in messages]


def test_the_text_of_one_event_of_the_agent_may_hold_what_looks_like_xml() -> None:
    found, _ = read(f"{AGENT}\n\tx <Event xmlns='x'></Event>\n{XML}\n{AGENT}")
    assert [record["EventID"] for _, record in found] == ["1", "1", "1"]


def test_an_event_that_is_cut_hides_none_of_the_other_form_behind_it() -> None:
    cut = XML[: len(XML) // 2]
    found, fault = read("\n".join((XML, cut, AGENT, AGENT, XML, AGENT)))
    assert [record["EventID"] for _, record in found] == ["1"] * 5
    assert fault is SkipReason.DAMAGED


def test_half_of_a_surrogate_pair_in_the_text_of_splunk_is_no_crash() -> None:
    found, _ = read(json.dumps([{"_raw": XML.replace("EXCH01", "\ud801"), "_time": "2021-03-03T01:02:03Z"}]).encode())
    assert found[0][1]["EventID"] == "1"


def test_data_called_like_a_field_of_the_header_keep_their_name() -> None:
    event = {"System": {"Provider": {"Name": "p"}, "EventID": 1}, "EventData": {"ProviderName": "d"}}
    ((_, record),), _ = read(json.dumps([{"Event": event}]).encode())
    assert (record["Provider_Name"], record["ProviderName"]) == ("p", "d")


def test_local_times_are_those_of_the_server() -> None:
    reader = EventExportReader(ReaderSettings(named_zone=ZoneInfo("Europe/Berlin")))
    for text, utc in (
        ("7/3/2021 1:02:03 PM", datetime(2021, 7, 3, 11, 2, 3, tzinfo=UTC)),
        ("7/3/2021 1:02:03\u202fPM", datetime(2021, 7, 3, 11, 2, 3, tzinfo=UTC)),
        ("03.03.2021 01:02:03", datetime(2021, 3, 3, 0, 2, 3, tzinfo=UTC)),
        ("13/03/2021 01:02:03", datetime(2021, 3, 13, 0, 2, 3, tzinfo=UTC)),
        ("2021-03-03T01:02:03.1234567Z", datetime(2021, 3, 3, 1, 2, 3, 123456, tzinfo=UTC)),
        ("2021/7/3 13:02:03", datetime(2021, 7, 3, 11, 2, 3, tzinfo=UTC)),
        ("12/7/2021 12:02:03 AM", datetime(2021, 12, 6, 23, 2, 3, tzinfo=UTC)),
    ):
        ((_, moment, _),) = reader.records(artefact(table([{**UNTIMED, "TimeCreated": text}])))
        assert moment == utc, text
        ((_, moment, _),) = reader.records(artefact(table([{**WINEVENT, "TimeCreated": text}])))
        assert moment == TIME, "Sysmon's own time, in its message, needs no zone"


def _said(rows: Sequence[dict[str, str]], zone: ZoneInfo | None = None) -> str:
    try:
        list(EventExportReader(ReaderSettings(named_zone=zone)).records(artefact(table(rows))))
    except EvidenceReadError as fault:
        return fault.message
    return ""


def test_local_times_without_a_known_zone_are_told_with_what_sysmon_says_of_the_clock() -> None:
    local, sysmon = {**UNTIMED, "TimeCreated": "7/3/2021 1:02:03 PM"}, {**WINEVENT, "TimeCreated": "3.3.2021 03:02:04"}
    assert "events whose times name no zone, read as UTC: 2;" in _said([local, local])
    assert "clock was +2 hours from UTC" in _said([local, sysmon])
    assert _said([sysmon]) == _said([local], ZoneInfo("Europe/Berlin")) == ""


def test_the_times_of_nxlog_are_those_of_the_server() -> None:
    event = {"EventTime": "2021-03-03 02:02:03", "EventID": 4688, "Channel": "Security", "SourceModuleName": "in"}
    zoned = EventExportReader(ReaderSettings(named_zone=ZoneInfo("Europe/Berlin")))
    ((_, moment, _),) = zoned.records(artefact(json.dumps(event)))
    assert moment == TIME
    ((_, moment, _),) = zoned.records(artefact(json.dumps(event | {"@timestamp": "2021-03-03T01:02:03Z"})))
    assert moment == TIME
    with pytest.raises(EvidenceReadError, match="name the timezone in the facts"):
        list(EventExportReader().records(artefact(json.dumps(event))))


@pytest.mark.parametrize("raw", ["no event", XML[:200], "LogName=Security"])
def test_a_text_of_splunk_that_is_no_event_is_told_and_kept(raw: str) -> None:
    found, fault = read(json.dumps([SPLUNK | {"_raw": raw}, SPLUNK | {"_raw": XML}]))
    assert fault is SkipReason.DAMAGED
    assert [record.get("EventID") for _, record in found] == [None, "1"]
    assert found[0][1].get("_raw", raw) == raw


@pytest.mark.parametrize(
    ("others", "month"),
    [
        (("4/3/2021 1:02:03 AM",), 4),  # as in the United States
        (("4/3/2021 01:02:03",), 3),
        (("4/3/2021 1:02:03 AM", "13/3/2021 1:02:03 AM"), 3),  # as in Australia
        (("4/3/2021 01:02:03", "3/13/2021 01:02:03"), 4),
        (("4/3/2021 1:02:03 AM", "3/13/2021 1:02:03 AM"), 4),
    ],
)
def test_one_time_of_a_file_tells_how_all_of_them_are_written(others: Sequence[str], month: int) -> None:
    records = EventExportReader(ReaderSettings(named_zone=UTC)).records(
        artefact(table([{**UNTIMED, "TimeCreated": text} for text in others]))
    )
    moment = next(records)[1]
    assert moment is not None
    assert moment.month == month


def test_times_inside_of_what_a_search_engine_puts_around_an_event_tell_the_same() -> None:
    texts = ("4/3/2021 1:02:03 AM", "13/3/2021 1:02:03 AM")
    found, fault = read(json.dumps([{"_source": {**UNTIMED, "TimeCreated": text}} for text in texts], indent=1))
    assert [moment and (moment.day, moment.month) for moment, _ in found] == [(4, 3), (13, 3)]
    assert fault is None


@pytest.mark.parametrize("text", ["99/99/2021 01:02:03", "1/1/0001 1:02:03 AM", "13/3/2021 13:02:03 AM"])
def test_times_that_cannot_be_read_are_told(text: str) -> None:
    found, fault = read(table([{**UNTIMED, "TimeCreated": text}, UNTIMED]))
    assert found[0][0] is None
    assert (len(found), fault) == (2, SkipReason.BAD_TIME)


EVENT_VIEWER = {
    "English": "Level,Date and Time,Source,Event ID,Task Category\r\n"
    'Information,3/13/2021 1:02:03 AM,MSExchange CmdletLogs,1,General,"Cmdlet suceeded. Cmdlet Set-X,\r\n""a"""\r\n',
    "English, Security log": "Keywords,Date and Time,Source,Event ID,Task Category\r\n"
    'Audit Success,3/13/2021 1:02:03 AM,MSExchange CmdletLogs,1,None,"Cmdlet suceeded. Cmdlet Set-X,\r\n""a"""\r\n',
    "German": "Ebene,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie\r\n"
    'Informationen,13.03.2021 01:02:03,MSExchange CmdletLogs,1,Allgemein,"Cmdlet suceeded. Cmdlet Set-X,\r\n""a"""\r\n',
    "French": "Niveau,Date et heure,Source,ID de l’événement,Catégorie de la tâche\r\n"
    'Information,13/03/2021 01:02:03,MSExchange CmdletLogs,1,Général,"Cmdlet suceeded. Cmdlet Set-X,\r\n""a"""\r\n',
    "Swedish, with tabs": "Nivå\tDatum och tid\tKälla\tHändelse-ID\tAktivitetskategori\r\n"
    'Information\t2021-03-13 01:02:03\tMSExchange CmdletLogs\t1\tx\t"Cmdlet suceeded. Cmdlet Set-X,\r\n""a"""\r\n',
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("text", EVENT_VIEWER.values(), ids=EVENT_VIEWER)
def test_the_table_of_the_event_viewer_in_any_language(text: str, encoding: str) -> None:
    head, row = text.split("\r\n", 1)
    reader = EventExportReader(ReaderSettings(named_zone=ZoneInfo("Europe/Berlin")))
    found = list(reader.records(artefact(f"{head}\r\n{row}{row}".encode(encoding))))
    assert [place.record for place, _, _ in found] == [1, 2]
    for _, moment, record in found:
        assert moment == datetime(2021, 3, 13, 0, 2, 3, tzinfo=UTC)
        assert record["EventID"] == "1"
        assert (record["Channel"], record["Provider_Name"]) == ("MSExchange Management", "MSExchange CmdletLogs")
        assert record["Message"] == 'Cmdlet suceeded. Cmdlet Set-X,\r\n"a"'


def test_the_event_viewers_table_of_a_log_that_cannot_be_told_and_of_a_time_that_cannot_be_read() -> None:
    rows = (
        *("x,3/13/2021 1:02:03 AM,Other,7,y,z", "cut", "x,2021-03-13 오전 1:02:03,Sysmon,1,y,Image: a.exe"),
        "x,3/13/2021 1:02:03 AM,Windows Defender,1116,y,z",
        'x,3/13/2021 1:02:03 AM,Other,7,"y,y",one,two,three',
    )
    found, fault = read("\n".join(("Level,Date and Time,Source,Event ID,Task Category", *rows)))
    assert fault is SkipReason.BAD_TIME
    assert "Channel" not in found[0][1]
    sysmon = {"Channel": SYSMON, "Image": "a.exe", "Provider_Name": "Microsoft-Windows-Sysmon"}
    assert found[2][1].items() >= sysmon.items()
    assert (found[4][1]["TaskDisplayName"], found[4][1]["Message"]) == ("y,y", "one,two,three")
    assert found[3][1]["Channel"] == f"{found[3][1]['Provider_Name']}/Operational"


EVENT_XML = """<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>
  <System><Provider Name='Microsoft-Windows-Sysmon' Guid='{{0}}'/><EventID>1</EventID><Level>4</Level>
  <TimeCreated SystemTime='2021-03-03T01:02:03.0000000Z'/><EventRecordID>77</EventRecordID><Channel>{channel}</Channel>
  <Computer>EXCH01</Computer><Security UserID='S-1-5-18'/></System>
  <EventData>{data}</EventData><RenderingInfo Culture='en-US'><Message>rendered</Message></RenderingInfo></Event>"""


def in_xml(data: Mapping[str, str] = DATA) -> str:
    items = "".join(f"<Data Name='{name}'>{html.escape(value)}</Data>" for name, value in data.items())
    return EVENT_XML.format(channel=SYSMON, data=items)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [
        f"<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<Events>{in_xml()}{in_xml()}</Events>",
        f"{in_xml()}\r\n{in_xml()}\r\n",
        f"Record 1\n<?xml version='1.0'?>\n{in_xml()}\nRecord 2\n<?xml version='1.0'?>\n{in_xml()}\n",
    ],
    ids=["Event Viewer", "wevtutil", "evtx_dump"],
)
def test_xml(text: str, encoding: str) -> None:
    found, fault = read(text.encode(encoding))
    assert (len(found), fault) == (2, None)
    header = {"EventID": "1", "Channel": SYSMON, "Computer": "EXCH01", "EventRecordID": "77", "UserID": "S-1-5-18"}
    for moment, record in found:
        assert record.items() >= (header | DATA | {"Provider_Name": "Microsoft-Windows-Sysmon"}).items()
        assert (moment, record["Message"]) == (TIME, "rendered")


def test_xml_without_names_and_of_user_data() -> None:
    unnamed = EVENT_XML.format(channel="x", data="<Data>Set-OabVirtualDirectory</Data><Data>-ExternalUrl x</Data>")
    user = EVENT_XML.format(channel="x", data="")
    user = user.replace("<EventData>", "<UserData><LogFileCleared xmlns='y'><SubjectUserName>svc</SubjectUserName>")
    user = user.replace("</EventData>", "</LogFileCleared></UserData>")
    cut = in_xml()[:-30]
    broken = in_xml().replace("<Data", "<Data <", 1)
    found, fault = read(f"<Events>{unnamed}{broken}{user}{cut}")
    assert fault is SkipReason.DAMAGED
    assert [record.get("Data", record.get("SubjectUserName")) for _, record in found] == [
        "Set-OabVirtualDirectory\n-ExternalUrl x",
        "svc",
    ]


@pytest.mark.parametrize("odd", ["\x01", "\x1b", "\ufffe", "&#1;", "&#x1F;", "&#x0;", "&#27;"])
def test_a_character_that_xml_does_not_allow_hides_no_event(odd: str) -> None:
    """`evtx_dump` writes values as they are (a 4661 of EVTX-to-MITRE-Attack); a command line can hold any character."""
    found, fault = read(f"<Events>{in_xml().replace('</Data>', odd + '</Data>', 1)}{in_xml()}</Events>")
    assert fault is None
    (name, value), *rest = DATA.items()
    assert [record[name] for _, record in found] == [value + "\ufffd", value]
    assert all(found[0][1][name] == value for name, value in rest)


def test_the_own_time_of_sysmon_goes_before_what_an_exporter_made_of_it() -> None:
    """Exports of OTRF Security-Datasets bear local times with a Z, some of them half a day off."""
    event = {
        "EventID": 1,
        "@timestamp": "2021-03-02T18:02:03Z",
        "TimeCreated": "2021-03-02T18:02:03Z",
        "Channel": SYSMON,
    }
    ((moment, _),), _ = read(json.dumps([event | {"UtcTime": "2021-03-03 01:02:03.000"}]))
    assert moment == TIME


def test_an_empty_value_is_empty_however_it_is_laid_out() -> None:
    ((_, record),), _ = read(EVENT_XML.format(channel="x", data="<Data Name='a'>\n    </Data><Data>\n  </Data>"))
    assert not record.keys() & {"a", "Data"}


HAYABUSA = {
    "Timestamp": "2021-03-03 02:02:03.000 +01:00",
    "RuleTitle": "Proc Exec",
    "Level": "info",
    "Computer": "EXCH01",
    "Channel": "Sysmon",
    "EventID": 1,
    "RecordID": 77,
}
DETAILS = {"Cmdline": COMMAND, "Proc": DATA["Image"], "ParentCmdline": "w3wp.exe -ap x"}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({**HAYABUSA, "Details": DETAILS}),
        json.dumps([{**HAYABUSA, "Details": {"Cmdline": COMMAND}, "ExtraFieldInfo": DETAILS}], indent=4),
        table([{**HAYABUSA, "Details": " ¦ ".join(f"{name}: {value}" for name, value in DETAILS.items())}]),
    ],
    ids=["lines", "array", "table"],
)
def test_hayabusa_is_translated(text: str) -> None:
    ((moment, record),), fault = read(text)
    assert (moment, fault) == (TIME, None)
    named = {"CommandLine": COMMAND, "Image": DATA["Image"], "ParentCommandLine": "w3wp.exe -ap x"}
    assert record.items() >= (named | {"Channel": SYSMON, "EventID": "1", "EventRecordID": "77"}).items()


def test_the_log_of_events_of_get_eventlog_is_that_of_their_provider() -> None:
    event = {
        "EventID": 1,
        "ReplacementStrings": ["x"],
        "Source": "MSExchange CmdletLogs",
        "TimeGenerated": "2021-03-03",
    }
    ((_, record),), _ = read(json.dumps(event))
    assert record["Channel"] == "MSExchange Management"
    ((_, record),), _ = read(json.dumps(event | {"Source": "Of two logs"}))
    assert "Channel" not in record


def test_the_commands_of_exchange_are_data_in_hayabusa() -> None:
    event = {
        **HAYABUSA,
        "Channel": "Exchange",
        "Details": {"Data[1]": "Set-OabVirtualDirectory", "Data[2]": "-ExternalUrl"},
    }
    ((_, record),), _ = read(json.dumps([event]))
    assert (record["Channel"], record["Data"]) == ("MSExchange Management", "Set-OabVirtualDirectory\n-ExternalUrl")


KIND = ArtefactKind(kind="exported", format="event_export", logsources=(Logsource(product="windows"),), title=TEXT)
CREATION, OF_SYSMON = "product: windows, category: process_creation", "product: windows, service: sysmon"
RULES = (
    sigma("s: {CommandLine|contains: '/c net user'}\ncondition: s", logsource=CREATION, title="one"),
    sigma("s: {EventID: 1}\nf: {Image: null}\ncondition: s and not f", logsource=OF_SYSMON, title="two"),
)


@pytest.mark.parametrize("export", ["an array", "Export-Csv", "evtx_dump"])
def test_rules_and_indicators_find_the_same_fast_and_slow(export: str) -> None:
    made = pack(*RULES, indicators=["type,value\ndomain,w3wp.exe\n"])
    rules = load_rules(made.model_copy(update={"kinds": (KIND,)}))
    fast, slow = (
        hunt([artefact(EXPORTS[export])], rules, readers={"event_export": EventExportReader()}, naive=naive)
        for naive in (False, True)
    )
    assert fast.findings == slow.findings
    assert places(fast) == places(slow)
    assert len(fast.findings) == 2 * len(SHAPES) + 10, "of one indicator no more findings are kept"


def test_what_is_damaged_hides_nothing_else() -> None:
    good = json.dumps(EVENT, indent=2)
    found, fault = read(f'{good}\n{{\n  "EventID": oops,\n}}\n{good}\n{good[:200]}')
    assert (len(found), fault) == (2, SkipReason.DAMAGED)
    found, fault = read(f"<Events>{in_xml()}<Event xmlns='x'><System><EventID>1</Ev{in_xml()}{in_xml()}</Events>")
    assert (len(found), fault) == (3, SkipReason.DAMAGED)
    found, fault = read("EventID,EventData,Note\n1,a,b\n2,a\rb,c\n3,a,b\n")
    assert ([record["EventID"] for _, record in found], fault) == (["1", "3"], SkipReason.DAMAGED)
    assert read("EventID,EventData\r1,a\r") == ([], SkipReason.DAMAGED)
    assert read("\n") == ([], SkipReason.EMPTY)
    found, fault = read(table([WINEVENT, WINEVENT]) + '"' + "x" * 50)
    assert (len(found), fault) == (3, SkipReason.BAD_TIME)  # a cut row says what it says


@pytest.mark.parametrize(
    "text",
    [
        '{"a":"' * 400_000,
        "{" * 3_000_000,
        '[{"a":' + "[" * 2_000_000,
        '\n{"a":"' * 300_000,
        '{"n":' + "9" * 100_000 + "}",
        "{x" + "\n" * 3_000_000,
        "{x\n" + " " * 3_000_000,
        "<Event >" * 400_000,
        "01/01/2021 01:01:01 AM\nLogName=" * 100_000,
        "01/01/2021 01:01:01 AM\nLogName=x\n<Event xmlns=" * 100_000,
        "<Event>" + "<a>" * 1_000_000,
        "<Event><!DOCTYPE x></Event>" * 1000,
    ],
    ids=str.split("texts braces deep lines number empty-lines blanks no-end agent both deep-XML document-types"),
)
def test_a_hostile_export_costs_little_and_ends_as_damaged(text: str) -> None:
    begun = time.process_time()
    found, fault = read(text)
    assert (found, fault) == ([], SkipReason.DAMAGED)
    assert time.process_time() - begun < 10


def test_half_a_character_is_no_obstacle() -> None:
    ((_, record),), fault = read('[{"EventID": 1, "_time": "1614733323", "EventData": {"x": "a\\ud800b"}}]')
    assert (record["x"], fault) == ("a\ufffdb", None)
    ((_, _, line),) = EventExportReader().json_lines(
        artefact('[{"EventID": 1, "_time": "1614733323", "x": "\\udc00"}]')
    )
    assert "\ufffd" in json.loads(line)["Event"]["EventData"]["x"]
    ((_, _, line),) = EventExportReader().json_lines(
        artefact('[{"EventID": 1, "_time": "1614733323", "\\ud800": "x"}]')
    )
    assert json.loads(line)["Event"]["EventData"]["\ufffd"] == "x"


def test_an_export_in_the_code_page_of_the_server_is_read() -> None:
    """`Set-Content` and `Out-File -Encoding Default` of Windows PowerShell write so."""
    events = [{"EventID": 1, "EventTime": "2021-03-03", "Note": f"Müller {number}"} for number in range(200)]
    for text in (json.dumps(events, ensure_ascii=False), json.dumps(events, ensure_ascii=False, indent=1)):
        found, fault = read(text.encode("cp1252"))
        assert (len(found), fault) == (200, None)
        assert found[7][1]["Note"] == "M\ufffdller 7"


@given(st.binary(max_size=200) | st.text(max_size=200, alphabet='{}[]",:1aE \n\\ud8').map(str.encode))
def test_whatever_the_bytes_are_it_ends_in_records_or_one_of_our_faults(raw: bytes) -> None:
    for moment, record in read(raw)[0]:
        assert moment is None or moment.tzinfo is UTC
        assert "" not in record.values()


@pytest.mark.parametrize("text", [table([EVTXECMD]), "[]", "EventID,TimeGenerated\n" + '"' * 10_001])
@pytest.mark.parametrize("rows", [0, 1, 9])
def test_a_file_is_left_closed_and_none_is_closed_by_the_collector_of_garbage(
    tmp_path: Path, text: str, rows: int
) -> None:
    (tmp_path / "x.csv").write_text(text)
    with warnings.catch_warnings(record=True) as told, (tmp_path / "x.csv").open("rb") as stream:
        warnings.simplefilter("always")
        found = documents(stream, "x.csv")
        with suppress(EvidenceReadError):
            list(islice(found, rows))
        del found
        gc.collect()
    assert told == []
    assert stream.closed
