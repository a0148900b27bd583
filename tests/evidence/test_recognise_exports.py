"""Exports of events go to the kind that reads them, each to one only."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.evidence.formats.test_event_exports import SHAPES
from tests.evidence.readers.test_defender_export import DEFENDER_EXPORTS
from tests.evidence.readers.test_event_export import EVENT_VIEWER, EXPORTS, HAYABUSA, in_xml, table
from tests.evidence.trees import write_tree
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.open import open_evidence
from waspglass.evidence.recognise import recognise
from waspglass.packs.load import load_pack

NXLOG = {"EventTime": "2021-03-03 02:02:03", "EventID": 1, "Channel": "x"}
TRANSLATED = {"Chainsaw", "Get-WinEvent"}
LINES = {f"{shape}.json": json.dumps(document) for shape, document in SHAPES.items() if shape not in TRANSLATED}
LINES["velociraptor-results.json"] = "\n".join([json.dumps(SHAPES["velociraptor EvtxHunter"])] * 3)
LINES["nxlog.jsonl"] = json.dumps(
    {"EventTime": "2021-03-03 02:02:03", "EventID": 1, "Channel": "x", "@timestamp": "2021-03-03T01:02:03Z"}
)
LINES["flat.jsonl"] = '{"@timestamp": "2021-03-03T01:02:03Z", "winlog.event_id": 1, "winlog.channel": "Security"}'
EXPORTED = {name: text for name, text in EXPORTS.items() if name != "one a line"}
EXPORTED |= {
    "one Get-WinEvent a line": json.dumps(SHAPES["Get-WinEvent"], separators=(",", ":")),
    "Chainsaw's lines": json.dumps(SHAPES["Chainsaw"]),
    "Chainsaw's lines, of a correlation": json.dumps({"kind": "aggregate", "documents": [SHAPES["Chainsaw"]]}),
    "one Get-EventLog a line": json.dumps({"EventID": 1, "Source": "x", "ReplacementStrings": ["x"]}),
    "Hayabusa's lines": json.dumps({**HAYABUSA, "Details": {}}),
    "Hayabusa's array": json.dumps([{**HAYABUSA, "Details": {}}], indent=4),
    "Hayabusa's table": table([{**HAYABUSA, "Details": "x: y"}]),
    "Get-EventLog": table([{"EventID": "1", "MachineName": "x", "ReplacementStrings": "x", "Source": "x"}]),
    "the Event Viewer's": f"<?xml version='1.0'?>\r\n<Events>{in_xml()}</Events>",
    "wevtutil's": in_xml(),
    **{f"the Event Viewer's table, {name}": text for name, text in EVENT_VIEWER.items()},
    "NXLog's lines, in local time": json.dumps(NXLOG),
    "Splunk's table": table([{"_time": "x", "EventCode": "1", "host": "x"}]),
}
LONG = "x" * 20_000
LINES["long.jsonl"] = json.dumps({"Event": {"EventData": {"ScriptBlockText": LONG}, "System": {"EventID": 4104}}})
LINES["long-winlogbeat.jsonl"] = json.dumps({"winlog": {"event_data": {"ScriptBlockText": LONG}, "event_id": 4104}})
EXPORTED["an array that begins with a long event"] = f"[{LINES['long.jsonl']}]"
OTHERS = {
    "proxy.txt": '{"datetime": "2021-03-03", "event_id": "1", "hostname": "x", "action": "Blocked"}\n',
    "firewall.log": '{"EventType": "IntrusionEvent", "EventID": 1, "ApplicationID": 1}\n',
    "cloud.json": '[{"InstanceId": "i-1", "State": {"Name": "running"}}]',
    "linux.txt": "<Event><System><Provider Name='Linux-Sysmon'/><EventID>1</EventID><Task>1</Task></System></Event>",
    "string.log": "\"<Event xmlns='x'><System><EventID>1</EventID></System><EventData>x</EventData></Event>\"",
    "package.json": '{\n  "name": "x",\n  "version": "1"\n}',
    "uploads.json": '{"Timestamp": "2021-03-03", "file_size": 1, "vfs_path": "x"}',
    "list.json": '[{"name": "x"}]',
    "web.xml": "<?xml version='1.0'?><configuration><Event name='x'/></configuration>",
    "list.csv": "name,value\n1,2\n",
    "five.csv": "a,b,c,d,e\nx,1/1/2021,y,1,z,w\nx,y,z,1,a,b\n",
    "devices.csv": "DeviceName,ActionType\nx,y\n",
    "query.txt": "DeviceFileEvents | project DeviceName, ActionType, InitiatingProcessFileName\n",
    "services.csv": '"Name","MachineName"\n"x","y"\n',
}


@pytest.mark.parametrize("pack", ["proxylogon", "toolshell"])
def test_each_export_has_one_reader(tmp_path: Path, pack: str) -> None:
    named = {
        f"exported/{name}.{'json' if text[:1] in '{[R' else 'xml' if text[:1] == '<' else 'csv'}": text
        for name, text in EXPORTED.items()
    }
    lines = {f"lines/{name}": text for name, text in LINES.items()}
    rows = {f"rows/{name}.{'json' if text[:1] in '{[' else 'csv'}": text for name, text in DEFENDER_EXPORTS.items()}
    write_tree(tmp_path, {name: text.encode() for name, text in {**named, **lines, **rows, **OTHERS}.items()})
    with open_evidence(tmp_path) as evidence:
        found = [one for one in recognise(evidence, load_pack(pack).kinds) if isinstance(one, Artefact)]
    kinds = sorted((one.file.path.replace("\\", "/"), one.kind) for one in found)
    expected = {"events-exported": named, "events-json": lines, "defender-export": rows}
    assert kinds == sorted((name, kind) for kind, names in expected.items() for name in names)


ROW = "2021-03-03 05:10:00 192.0.2.4 GET /a - 443 - 198.51.100.7 x - 200 0 0 31"
ROWS = {
    "plain": f"{ROW}\n" * 99,
    "after an empty line": f"\r\n{ROW}",
    "findstr": f"u_ex210303.log:{ROW}\r\nC:\\a b\\u_ex210304.log:{ROW}\r\n",
    "Select-String, with the header": f"\r\nu_ex210303.log:4:#Fields: date time\r\nu_ex210303.log:5:{ROW}\r\n\r\n",
    "find": f"\r\n---------- U_EX210303.LOG\r\n{ROW}\r\n\r\n---------- U_EX210304.LOG\r\n",
    "first of a method that is rare": f"{ROW.replace('GET', 'DEBUG')}\n{ROW}\n",
}
NO_ROWS = {
    "a note": f"At MX02 they saw:\n{ROW}\n",
    "a note below": f"{ROW}\nSeen at MX02\n",
    "a note below without an end": f"{ROW}\nSeen at MX02",
    "a transcript": f"**********************\nPS C:\\> type x\n{ROW}\n",
    "source": f"# Rows look so:\nrow = '{ROW}'\n",
    "HTTPERR": "2021-03-03 05:10:00 198.51.100.7 4000 192.0.2.4 443 HTTP/1.1 GET /a - 400 - Hostname -\n",
    "FTP": "2021-03-03 05:10:00 198.51.100.7 - 192.0.2.4 21 STOR /a 226 0 0 - -\n",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("pack", ["proxylogon", "toolshell"])
def test_rows_without_a_header_are_read_where_nothing_else_stands(tmp_path: Path, pack: str, encoding: str) -> None:
    texts = {f"deep/{name}.txt": text for name, text in {**ROWS, **NO_ROWS}.items()}
    write_tree(tmp_path, {name: text.encode(encoding) for name, text in texts.items()})
    with open_evidence(tmp_path) as evidence:
        found = [one for one in recognise(evidence, load_pack(pack).kinds) if isinstance(one, Artefact)]
    assert sorted((one.file.path, one.kind) for one in found) == sorted(
        (f"deep\\{name}.txt", "iis-rows") for name in ROWS
    )


@pytest.mark.parametrize("pack", ["proxylogon", "toolshell"])
def test_a_start_made_to_cost_much_costs_little(tmp_path: Path, pack: str) -> None:
    write_tree(tmp_path, {"a.json": b"{" + b"\n" * 30_000 + b"x\n" * 15_000, "b.json": b"{ \r\n" * 16_000})
    begun = time.process_time()
    with open_evidence(tmp_path) as evidence:
        assert [one for one in recognise(evidence, load_pack(pack).kinds) if isinstance(one, Artefact)] == []
    assert time.process_time() - begun < 2
