"""Windows events in the shapes of the tools that export them as JSON lines: fields, time, and the same fast as slow.

The events are made up; the shapes are those that the tools document or that were published.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.formats.test_event_message import CREATED as MESSAGES
from tests.hunt.evidence import MemoryFile, artefact, both, rules_of, sigma
from waspglass.evidence.artefact import Artefact, Record
from waspglass.evidence.formats.event_json import flatten_event
from waspglass.evidence.formats.registry import line_format
from waspglass.evidence.readers.registry import record_readers

EVENTS = line_format("event_json")
TIME = datetime(2021, 3, 3, 1, 2, 3, tzinfo=UTC)
COMMAND = r'"c:\windows\system32\cmd.exe" /c net user & echo "é"'
SYSMON = "Microsoft-Windows-Sysmon/Operational"
DATA = {"Image": r"C:\Windows\System32\cmd.exe", "CommandLine": COMMAND, "ParentImage": r"C:\w3wp.exe"}
PAYLOAD = {"EventData": {"Data": [{"@Name": name, "#text": value} for name, value in DATA.items()]}}
MESSAGE = "Process Create:\r\nUtcTime: 2021-03-03 01:02:03.000\r\n" + "".join(f"{n}: {v}\r\n" for n, v in DATA.items())

SHAPES: dict[str, object] = {
    "evtx_dump": {
        "Event": {
            "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
            "System": {
                "Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}},
                "EventID": {"#attributes": {"Qualifiers": 1}, "#text": 1},
                "TimeCreated": {"#attributes": {"SystemTime": "2021-03-03T01:02:03.000000Z"}},
                "EventRecordID": 77,
                "Channel": SYSMON,
                "Computer": "EXCH01",
            },
            "EventData": DATA,
        }
    },
    "winlogbeat": {
        "@timestamp": "2021-03-03T01:02:03.000Z",
        "winlog": {
            "event_id": 1,
            "channel": SYSMON,
            "computer_name": "EXCH01",
            "record_id": 77,
            "provider_name": "Microsoft-Windows-Sysmon",
            "event_data": DATA,
        },
    },
    "winlogbeat before version 7": {
        "@timestamp": "2021-03-03T01:02:03.000Z",
        "beat": {"hostname": "x", "version": "6.8.0"},
        "event_id": 1,
        "log_name": SYSMON,
        "computer_name": "EXCH01",
        "record_number": "77",
        "source_name": "Microsoft-Windows-Sysmon",
        "event_data": DATA,
    },
    "winlogbeat with its modules": {
        "@timestamp": "2021-03-03T01:02:03.000Z",
        "message": "Process Create:",
        "process": {
            "command_line": COMMAND,
            "executable": DATA["Image"],
            "name": "cmd.exe",
            "parent": {"executable": DATA["ParentImage"], "pid": 1},
        },
        "winlog": {
            "event_id": "1",
            "channel": SYSMON,
            "computer_name": "EXCH01",
            "record_id": "77",
            "provider_name": "Microsoft-Windows-Sysmon",
            "event_data": {"Description": "x"},
        },
    },
    "winlogbeat with its modules, flat": {
        "@timestamp": "2021-03-03T01:02:03.000Z",
        "process.command_line": COMMAND,
        "process.executable": DATA["Image"],
        "process.parent.executable": DATA["ParentImage"],
        "winlog.channel": SYSMON,
        "winlog.computer_name": "EXCH01",
        "winlog.event_id": 1,
        "winlog.provider_name": "Microsoft-Windows-Sysmon",
        "winlog.record_id": 77,
    },
    "Kibana": {
        "_index": "winlogbeat",
        "_id": "x",
        "fields": {
            "@timestamp": ["2021-03-03T01:02:03.000Z"],
            "process.command_line": [COMMAND],
            "process.executable": [DATA["Image"]],
            "process.parent.executable": [DATA["ParentImage"]],
            "winlog.channel": [SYSMON],
            "winlog.computer_name": ["EXCH01"],
            "winlog.event_id": ["1"],
            "winlog.provider_name": ["Microsoft-Windows-Sysmon"],
            "winlog.record_id": ["77"],
        },
    },
    "velociraptor parse_evtx": {
        "System": {
            "Provider": {"Name": "Microsoft-Windows-Sysmon", "Guid": "{0}"},
            "EventID": {"Value": 1},
            "TimeCreated": {"SystemTime": 1614733323.0},
            "EventRecordID": 77,
            "Channel": SYSMON,
            "Computer": "EXCH01",
        },
        "EventData": DATA,
    },
    "velociraptor EvtxHunter": {
        "EventTime": "2021-03-03T01:02:03Z",
        "Computer": "EXCH01",
        "Channel": SYSMON,
        "Provider": "Microsoft-Windows-Sysmon",
        "EventID": 1,
        "EventRecordID": 77,
        "UserSID": "S-1-5-18",
        "EventData": DATA,
        "UserData": None,
        "Message": "Process Create",
        "OSPath": r"C:\Windows\System32\winevt\Logs\x.evtx",
    },
    "EvtxECmd": {
        "PayloadData1": "ProcessID: 4",
        "MapDescription": "Process creation",
        "ChunkNumber": 0,
        "Computer": "EXCH01",
        "Payload": json.dumps(PAYLOAD),
        "Channel": SYSMON,
        "Provider": "Microsoft-Windows-Sysmon",
        "EventId": 1,
        "EventRecordId": "77",
        "RecordNumber": 12,
        "TimeCreated": "2021-03-03T01:02:03.0000000+00:00",
    },
    "Get-WinEvent": {
        "Id": 1,
        "ProviderName": "Microsoft-Windows-Sysmon",
        "LogName": SYSMON,
        "RecordId": 77,
        "MachineName": "EXCH01",
        "TimeCreated": "/Date(1614733323000)/",
        "Message": MESSAGE,
        "Properties": [{"Value": "-"}],
    },
    "Splunk": {
        "preview": False,
        "offset": 0,
        "result": {
            **DATA,
            "EventCode": "1",
            "LogName": SYSMON,
            "ComputerName": "EXCH01",
            "SourceName": "Microsoft-Windows-Sysmon",
            "RecordNumber": "77",
            "_time": "2021-03-03 01:02:03.000 UTC",
        },
    },
}
BESIDE = {
    "Event_attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
    "Event": {
        "System": {
            "Provider": None,
            "Provider_attributes": {"Name": "Microsoft-Windows-Sysmon"},
            "EventID": 1,
            "EventID_attributes": {"Qualifiers": 1},
            "TimeCreated": None,
            "TimeCreated_attributes": {"SystemTime": "2021-03-03T01:02:03.000000Z"},
            "EventRecordID": 77,
            "Channel": SYSMON,
            "Computer": "EXCH01",
        },
        "EventData": DATA,
    },
}
IN_XML = "".join(f'<Data Name="{name}">{escape(value)}</Data>' for name, value in DATA.items())
SHAPES["evtx_dump --separate-json-attributes"] = BESIDE
SHAPES["Chainsaw"] = {
    "group": "Sigma",
    "kind": "individual",
    "document": {"kind": "evtx", "path": "x.evtx", "data": BESIDE},
    "name": "A rule",
    "timestamp": "2021-03-03T01:02:03+00:00",
}
SHAPES["Log Analytics"] = {
    "TimeGenerated": "2021-03-03T01:02:03.000Z",
    "Source": "Microsoft-Windows-Sysmon",
    "EventLog": SYSMON,
    "Computer": "EXCH01",
    "EventID": 1,
    "EventRecordId": "77",
    "ParameterXml": "<Param>of another form</Param>",
    "EventData": f'<DataItem type="System.XmlData"><EventData xmlns="x">{IN_XML}</EventData></DataItem>',
    "RenderedDescription": "Process Create",
    "Type": "Event",
}
SHAPES["Elasticsearch"] = {"_index": "winlogbeat-1", "_id": "x", "_source": SHAPES["winlogbeat"]}
SHAPES["Splunk, epoch"] = {"result": {**SHAPES["Splunk"]["result"], "_time": "1614733323.000"}}  # type: ignore[index]


def read(document: object) -> tuple[Record, datetime | None]:
    columns = EVENTS.implied
    assert columns is not None
    record = EVENTS.record(json.dumps(document).encode(), columns)
    return record, EVENTS.time(record, columns)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_event_is_the_same_in_each_shape(shape: str) -> None:
    record, time = read(SHAPES[shape])
    header = {
        "EventID": "1",
        "Channel": SYSMON,
        "Computer": "EXCH01",
        "EventRecordID": "77",
        "Provider_Name": "Microsoft-Windows-Sysmon",
    }
    assert record.items() >= (header | DATA).items()
    assert time == TIME


RULES = (
    "s: {ParentImage|endswith: w3wp.exe, CommandLine|contains: '/c net user'}\ncondition: s",
    "s: {EventID: 1}\nf: {Computer|startswith: OTHER}\ncondition: s and not f",
    "s: {CommandLine|re: 'net[ ]user . echo'}\ncondition: s",
    "s: {Image: '*\\cmd.exe'}\ncondition: s",
)


@pytest.mark.parametrize("ascii_only", [True, False])
def test_rules_find_it_in_each_shape(ascii_only: bool) -> None:
    lines = [json.dumps(document, ensure_ascii=ascii_only) for document in SHAPES.values()]
    log = artefact("events", "\n".join(lines))
    logsource = "product: windows, category: process_creation"
    for text in RULES:
        found = both([log], rules_of(sigma(text, logsource=logsource)))
        assert [one.line for one in found.findings] == list(range(1, len(SHAPES) + 1))


@pytest.mark.parametrize("provider", ["Microsoft-Windows-PowerShell", "PowerShellCore"])
def test_what_powershell_writes_without_names_is_named_by_its_order(provider: str) -> None:
    script = "Set-OabVirtualDirectory -ExternalUrl x"
    document = {
        "Id": 4104,
        "ProviderName": provider,
        "LogName": f"{provider}/Operational",
        "Properties": [{"Value": 1}, {"Value": 1}, {"Value": script}, {"Value": "id"}, {"Value": ""}],
    }
    assert read(document)[0]["ScriptBlockText"] == script
    unknown = {**document, "Id": 9, "Properties": [{"Value": "a"}, {"Value": 2}]}
    assert read(unknown)[0]["Data"] == "a\n2"


def test_parameters_of_log_analytics_are_data() -> None:
    shape = {
        "TimeGenerated": "2021-03-03T01:02:03Z",
        "EventLog": "MSExchange Management",
        "Source": "MSExchange CmdletLogs",
    }
    for data in (
        {"ParameterXml": "<Param>New-X</Param><Param>-Y &quot;a&lt;b&quot;</Param>"},
        {"EventData": "<EventData><Data>New-X</Data><Data>-Y &quot;a&lt;b&quot;</Data></EventData>"},
    ):
        record, time = read(shape | {"EventID": 1} | data)
        assert (record["Data"], record["Channel"], time) == ('New-X\n-Y "a<b"', "MSExchange Management", TIME)


@pytest.mark.parametrize(
    ("channel", "number", "moved", "field"),
    [
        (SYSMON, 7, {"file": {"path": "a"}}, "ImageLoaded"),
        (SYSMON, 11, {"file": {"path": "a"}}, "TargetFilename"),
        (SYSMON, 13, {"registry": {"path": "a"}}, "TargetObject"),
        ("Security", 4688, {"process": {"executable": "a"}}, "NewProcessName"),
        ("Security", 4624, {"process": {"executable": "a"}}, "ProcessName"),
        (
            "Microsoft-Windows-PowerShell/Operational",
            4104,
            {"powershell": {"file": {"script_block_text": "a"}}},
            "ScriptBlockText",
        ),
    ],
)
def test_what_a_module_of_elastic_moved_is_under_its_old_name(
    channel: str, number: int, moved: dict[str, object], field: str
) -> None:
    header = {"channel": channel, "event_id": number}
    record, _ = read(moved | {"winlog": header})
    assert record[field] == "a"
    kept, _ = read(moved | {"winlog": header | {"event_data": {field: "b"}}})
    assert kept[field] == "b"


def test_unnamed_data_of_evtxecmd_are_data() -> None:
    payload = {"EventData": {"Data": "Set-OabVirtualDirectory, -ExternalUrl, x", "Binary": ""}}
    record, _ = read({"EventId": 1, "Channel": "MSExchange Management", "Payload": json.dumps(payload)})
    assert record["Data"] == "Set-OabVirtualDirectory, -ExternalUrl, x"
    assert read({"EventId": 1, "Payload": '{"cut'})[0]["Payload"] == '{"cut'


def test_the_event_log_of_old_shells() -> None:
    document = {
        "EventID": 1,
        "MachineName": "EXCH01",
        "Index": 77,
        "EntryType": 4,
        "Message": "m",
        "Source": "MSExchange CmdletLogs",
        "ReplacementStrings": ["Set-OabVirtualDirectory", "x"],
        "InstanceId": 1,
        "TimeGenerated": "/Date(1614733323000)/",
    }
    record, time = read(document)
    assert (record["Data"], record["Provider_Name"]) == ("Set-OabVirtualDirectory\nx", "MSExchange CmdletLogs")
    assert (record["EventRecordID"], time) == ("77", TIME)
    assert (record["EventID"], record["Computer"]) == ("1", "EXCH01")
    table, _ = read(document | {"ReplacementStrings": "System.String[]", "Data": "System.Byte[]"})
    assert "Data" not in table  # so rules look into the message
    assert read({"ReplacementStrings": "x|y", "Source": "joined by hand"})[0]["Data"] == "x|y"


def test_the_event_log_of_old_shells_has_data_in_the_order_of_their_manifest() -> None:
    values = ["S-1-5-18", "MX01$", "EXAMPLE", "0x3e7", "0x1", "C:\\cmd.exe", "%%1936", "0x2", "cmd /c x"]
    values += ["S-1-0-0", "-", "-", "0x0", "C:\\w3wp.exe", "S-1-16-16384"]
    source = "Microsoft-Windows-Security-Auditing"
    record, _ = read({"EventID": 4688, "Source": source, "ReplacementStrings": values, "InstanceId": 4688})
    assert (record["CommandLine"], record["ParentProcessName"]) == ("cmd /c x", "C:\\w3wp.exe")


@pytest.mark.parametrize(
    "shape",
    [
        {"Event": {"System": {"Provider": {"Name": "p"}}, "EventData": {"ProviderName": "d"}}},
        {"Event": {"System": {"Provider": {"Name": "p"}}, "UserData": {"EventXML": {"ProviderName": "d"}}}},
        {"winlog": {"provider_name": "p", "event_data": {"ProviderName": "d"}}},
        {"winlog.provider_name": "p", "winlog.event_data.ProviderName": "d"},
        {"ProviderName": "p", "EventID": 1, "EventData": {"ProviderName": "d"}},
        {"Provider": "p", "EventId": 1, "Payload": '{"EventData":{"Data":[{"@Name":"ProviderName","#text":"d"}]}}'},
    ],
)
def test_data_called_like_a_field_of_the_header_keep_their_name(shape: dict[str, object]) -> None:
    record, _ = read(shape)
    assert (record["Provider_Name"], record["ProviderName"]) == ("p", "d")


def test_fields_of_an_event_are_not_taken_for_those_of_an_export() -> None:
    record, _ = read({"EventID": 4103, "Channel": "x", "Payload": "CommandInvocation", "Id": "7", "ProviderName": "p"})
    assert (record["EventID"], record["Payload"], record["Id"]) == ("4103", "CommandInvocation", "7")


NAMES = (
    *("Event", "System", "EventData", "winlog", "_source", "result", "Payload", "EventId", "Id", "LogName", "Data"),
    *("EventID", "Properties", "#text", "Value", "@Name", "ReplacementStrings", "EventCode", "TimeCreated"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_whatever_the_object_is_there_is_a_record_of_texts(document: dict[str, object]) -> None:
    for name, value in flatten_event(document).items():
        assert isinstance(name, str)
        assert isinstance(value, str)


@pytest.mark.parametrize("ascii_only", [True, False])
def test_rules_find_a_process_that_splunk_has_as_a_message(ascii_only: bool) -> None:
    header = {"EventCode": "4688", "LogName": "Security", "SourceName": "Microsoft Windows security auditing."}
    header |= {"CommandLine": "x", "EventID": "1", "Channel": "x"}  # for a command with `CommandLine=x` in it
    lines = [json.dumps({"result": header | {"Message": text}}, ensure_ascii=ascii_only) for text in MESSAGES.values()]
    log = artefact("events", "\n".join(lines))
    rule = "s: {Image|endswith: '\\cmd.exe', CommandLine|contains: 'a: b & whoami'}\ncondition: s"
    found = both([log], rules_of(sigma(rule, logsource="product: windows, category: process_creation")))
    wanted = [line for line, form in enumerate(MESSAGES, 1) if not form.endswith("2008 R2")]
    assert [one.line for one in found.findings] == wanted


DEEP = 900
NESTED = {
    "lists": '{"EventID":1,"x":' + "[" * DEEP + "]" * DEEP + "}",
    "wrappers": '{"EventID":1,"EventData":{"x":' + '{"#text":' * DEEP + "1" + "}" * DEEP + "}}",
    "an object": '{"EventID":1,"x":{"a":' + "[" * DEEP + "]" * DEEP + "}}",
    "items": '{"Event":{"System":{"EventID":1},"EventData":' + '{"a":' * DEEP + "1" + "}" * DEEP + "}}",
}


@pytest.mark.parametrize("line", NESTED.values(), ids=NESTED.keys())
def test_an_event_deeper_than_any_is_an_event_all_the_same(line: str) -> None:
    columns = EVENTS.implied
    assert columns is not None
    assert EVENTS.record(line.encode(), columns)["EventID"] == "1"
    found = both(
        [artefact("events", line)], rules_of(sigma("s: {EventID: 1}\ncondition: s", logsource="product: windows"))
    )
    assert [one.line for one in found.findings] == [1]


def test_an_export_of_a_virtual_directory_may_be_deep_too() -> None:
    text = '[{"Name":"OAB","ExternalUrl":{"OriginalString":{"a":' + "[" * DEEP + "]" * DEEP + "}}}]"
    one = Artefact("oab", "oab_export", MemoryFile("x.json", text.encode()))
    ((_, _, record),) = record_readers()["oab_export"].records(one)
    assert record["Name"] == "OAB"


def test_data_of_log_analytics_in_another_form_of_xml_are_kept_as_they_are() -> None:
    told = "<UserData><Task xmlns='x'><TaskName>sample</TaskName></Task></UserData>"
    event = {"TimeGenerated": "2021-03-03T05:00:00Z", "EventLog": "System", "EventID": 7, "EventData": told}
    assert flatten_event(event)["EventData"] == told
