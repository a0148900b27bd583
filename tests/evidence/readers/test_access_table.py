"""Requests to IIS that a search engine or Log Parser made a table of: the same record in each form."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.evidence.trees import memory_artefact, write_tree
from waspglass.evidence.artefact import Artefact, Record
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.open import open_evidence
from waspglass.evidence.readers.access_table import AccessTableReader
from waspglass.evidence.readers.event_documents import documents
from waspglass.evidence.recognise import recognise
from waspglass.model.skip import SkipReason
from waspglass.packs.load import load_pack

REQUEST = {
    "s-computername": "MX01",
    "cs-method": "POST",
    "cs-uri-stem": "/ecp/y.js",
    "cs-uri-query": "a=b+c",
    "cs-uri": "/ecp/y.js?a=b+c",
    "c-ip": "203.0.113.5",
    "sc-status": "241",
    "cs(User-Agent)": "sample agent",
}
SPLUNK = {
    "_time": "2021-03-03T04:12:11.000+0000",
    "_raw": "as it was",
    "host": "MX01",
    "cs_method": "POST",
    "cs_uri_stem": "/ecp/y.js",
    "cs_uri_query": "a=b+c",
    "cs_username": "-",
    "c_ip": "203.0.113.5",
    "cs_User_Agent_": "sample+agent",
    "sc_status": "241",
}
SENTINEL = {
    "TimeGenerated": "2021-03-03T04:12:11Z",
    "csMethod": "POST",
    "csUriStem": "/ecp/y.js",
    "csUriQuery": "a=b+c",
    "cIP": "203.0.113.5",
    "csUserAgent": "sample+agent",
    "scStatus": "241",
    "Computer": "MX01",
}


def _quoted(cells: Iterable[str]) -> str:
    return ",".join(f'"{cell}"' for cell in cells)


TABLES = {
    "log-parser.csv": (
        "LogFilename,LogRow,date,time,c-ip,cs-username,s-computername,cs-method,cs-uri-stem,cs-uri-query,sc-status,"
        "cs(User-Agent)\r\n"
        "C:\\u_ex210303.log,5,2021-03-03,04:12:11,203.0.113.5,,MX01,POST,/ecp/y.js,a=b+c,241,sample+agent\r\n"
    ),
    "log-parser.tsv": (
        "date\ttime\tc-ip\tcs-username\ts-computername\tcs-method\tcs-uri-stem\tcs-uri-query\tsc-status\tcs(User-Agent)\n"
        "2021-03-03 00:00:00\t2000-01-01 04:12:11\t203.0.113.5\tNULL\tMX01\tPOST\t/ecp/y.js\ta=b+c\t241\tsample+agent\n"
    ),
    "sentinel.csv": (
        "TimeGenerated [UTC],csMethod,csUriStem,csUriQuery,csUserName,cIP,csUserAgent,scStatus,Computer,Type\n"
        '"3/3/2021, 4:12:11.000 AM",POST,/ecp/y.js,a=b+c,-,203.0.113.5,sample+agent,241,MX01,W3CIISLog\n'
    ),
    "sentinel.json": json.dumps([SENTINEL], indent=2),
    "shell.csv": "#TYPE Selected.System.Object\n" + "\n".join(map(_quoted, (SENTINEL, SENTINEL.values()))) + "\n",
    "splunk.csv": "\n".join(map(_quoted, (SPLUNK, SPLUNK.values()))) + "\n",
    "splunk.json": json.dumps({"preview": False, "offset": 0, "result": SPLUNK}),
    "splunk-answer.json": json.dumps({"results": [SPLUNK]}),
}
ROW = "2021-03-03 04:12:11 192.0.2.1 POST /ecp/y.js a=b+c 443 - 203.0.113.5 sample+agent - 241 0 0 31"
ECS = {
    "@timestamp": "2021-03-03T04:12:11.000Z",
    "event": {"dataset": "iis.access", "module": "iis"},
    "host": {"name": "MX01", "ip": ["192.0.2.1", "2001:db8::1"]},
    "http": {"request": {"method": "post"}, "response": {"status_code": 241}},
    "iis": {"access": {"sub_status": 0}},
    "source": {"ip": "203.0.113.5", "address": "203.0.113.5%0"},
    "url": {"path": "/ecp/y.js", "query": "a=b+c"},
    "user": {"name": "-"},
    "user_agent": {"original": "sample agent"},
}
FLAT_ECS = {
    "@timestamp": "2021-03-03T04:12:11.000Z",
    "event.dataset": "iis.access",
    "host.hostname": "MX01",
    "http.request.method": "POST",
    "http.response.status_code": 241,
    "source.address": "203.0.113.5",
    "url.path": "/ecp/y.js",
    "url.query": "a=b+c",
    "user_agent.original": "sample agent",
}
FILEBEAT_6 = {
    "@timestamp": "2021-03-03T04:12:11.000Z",
    "beat": {"hostname": "MX01"},
    "fileset": {"module": "iis", "name": "access"},
    "iis": {
        "access": {
            "agent": "sample agent",
            "method": "POST",
            "query_string": "a=b+c",
            "remote_ip": "203.0.113.5",
            "response_code": "241",
            "url": "/ecp/y.js",
        }
    },
}
RAW = {"_raw": ROW, "_time": "2021-03-03T04:12:11.000+0000", "host": "MX01", "sourcetype": "iis"}
UNPARSED = {
    "@timestamp": "2021-03-04T00:00:00Z",
    "agent": {"hostname": "MX01"},
    "event": {"module": "iis"},
    "message": ROW,
}
SHIPPED = {
    "filebeat.json": json.dumps(ECS),
    "filebeat-8.ndjson": "\n".join([json.dumps(FLAT_ECS)]),
    "filebeat-6.json": json.dumps([FILEBEAT_6], indent=1),
    "filebeat-without-its-pipeline.json": json.dumps(UNPARSED),
    "elasticsearch.json": json.dumps({"took": 1, "hits": {"hits": [{"_index": "x", "_source": ECS}]}}),
    "kibana.json": json.dumps({"_index": "x", "fields": {name: [value] for name, value in FLAT_ECS.items()}}),
    "splunk-raw.csv": "\n".join(map(_quoted, (RAW, RAW.values()))) + "\n",
    "splunk-raw.json": json.dumps({"preview": False, "offset": 0, "result": RAW}),
    "splunk-raw-answer.json": json.dumps({"results": [RAW]}),
}


def read(text: str) -> tuple[list[tuple[int | None, datetime | None, Record]], SkipReason | None]:
    found = []
    try:
        for place, moment, record in AccessTableReader().records(memory_artefact(text.encode())):
            found.append((place.record, moment, record))
    except EvidenceReadError as fault:
        return found, fault.reason
    return found, None


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_request_is_the_same_in_each_table(table: str) -> None:
    ((number, moment, record),), fault = read(table)
    assert (number, moment, fault) == (1, datetime(2021, 3, 3, 4, 12, 11, tzinfo=UTC), None)
    assert {name: value for name, value in record.items() if name not in ("date", "time")} == REQUEST


@pytest.mark.parametrize("table", SHIPPED.values(), ids=SHIPPED)
def test_a_request_is_the_same_under_the_names_of_a_shipper(table: str) -> None:
    ((number, moment, record),), fault = read(table)
    assert (number, moment, fault) == (1, datetime(2021, 3, 3, 4, 12, 11, tzinfo=UTC), None)
    assert record.items() >= REQUEST.items()


@pytest.mark.parametrize(
    "raw", ["", "no line of a log", ROW + " 1", ROW.replace("POST", "-"), ROW.replace("203.0.113.5", "-")]
)
def test_rows_without_a_request_are_told(raw: str) -> None:
    found, fault = read(json.dumps([RAW, {**RAW, "_raw": raw}]))
    assert (len(found), fault) == (2, SkipReason.MALFORMED_LINE)


def test_a_line_in_another_format_has_its_own_time() -> None:
    line = '192.0.2.1 - - [03/Mar/2021:04:12:11 -0800] "GET /a HTTP/1.0" 200 3'
    ((_, moment, record),), fault = read(json.dumps({**RAW, "_raw": line}))
    assert (moment, record["cs-uri"], fault) == (datetime(2021, 3, 3, 12, 12, 11, tzinfo=UTC), "/a", None)


def test_half_a_character_is_no_obstacle() -> None:
    ((_, _, record),), _ = read('{"cs_uri_stem": "/\\ud800", "sc_status": 200, "host": "\\udc00"}')
    assert (record["cs-uri"], record["sc-status"], record["s-computername"]) == ("/\ufffd", "200", "\ufffd")


def test_requests_without_a_time_are_told() -> None:
    found, fault = read("cs-uri-stem,sc-status,date\n/a,200,x\n/b,200,\n")
    assert [record["cs-uri"] for _, _, record in found] == ["/a", "/b"]
    assert fault is SkipReason.BAD_TIME


@pytest.mark.parametrize(
    ("clock", "hour"), [("04:12:11", 4), ("2000-01-01 04:12:11", 4), ("04:12:11.123", 4), ("04:12:11+01:00", 3)]
)
def test_a_clock_time_is_not_cut_into_another(clock: str, hour: int) -> None:
    ((_, moment, _),), fault = read(f"date,time,cs-uri-stem,sc-status\n2021-03-03 00:00:00,{clock},/a,200\n")
    assert moment is not None
    assert (moment.hour, moment.minute, moment.second, fault) == (hour, 12, 11, None)


def test_cells_that_the_table_has_no_column_for_are_told() -> None:
    """A log whose blanks somebody made semicolons: what a visitor's program said of itself has some, too."""
    rows = "/a;Mozilla/5.0+(Windows;+x);200;2021-03-03T04:12:11Z\n/a;x;200;2021-03-03T04:12:11Z;\n"
    found, fault = read("cs-uri-stem;cs(User-Agent);sc-status;timestamp\n" + rows)
    assert (len(found), fault) == (2, SkipReason.MALFORMED_LINE)
    assert read("cs-uri-stem;sc-status;timestamp\n/a;200;2021-03-03T04:12:11Z;\n")[1] is None


def test_the_name_of_a_column_is_not_looked_at_at_length_for_each_row() -> None:
    rows = list(documents(io.BytesIO(b"x" * 100_000 + b" [UTC]\n1\n"), "x.csv"))
    assert [list(map(len, row)) for row in rows] == [[256]]


def test_whom_a_load_balancer_names_is_kept() -> None:
    ((_, _, record),), _ = read('{"X_Forwarded_For": "203.0.113.5", "c_ip": "192.0.2.1", "cs_uri_stem": "/a"}')
    assert (record["X-Forwarded-For"], record["c-ip"]) == ("203.0.113.5", "192.0.2.1")


SAID = 'select cs-uri-stem, sc-status; "cs-uri-stem": 1, "sc-status": 2'
EVENT = {"EventID": 4104, "Channel": "x", "TimeCreated": "2021-03-03T04:12:11Z", "ScriptBlockText": SAID}
NO_TABLES = {
    "array.json": json.dumps([EVENT]),
    "array.txt": json.dumps([EVENT]),
    "lines.jsonl": json.dumps(EVENT),
    "of-iis.json": json.dumps([{"EventID": 6200, "EventData": {"cs-uri-stem": "/a", "sc-status": 200}}]),
    "wevtutil.xml": (
        '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><EventID>4104</EventID></System>'
        '<EventData><Data Name="ScriptBlockText">select date,cs-uri-stem,sc-status,time</Data></EventData></Event>'
    ),
}


@pytest.mark.parametrize("pack", ["proxylogon", "toolshell"])
def test_events_that_speak_of_such_columns_stay_events(tmp_path: Path, pack: str) -> None:
    write_tree(tmp_path, {f"a/{name}": text.encode() for name, text in NO_TABLES.items()})
    with open_evidence(tmp_path) as evidence:
        found = [one for one in recognise(evidence, load_pack(pack).kinds) if isinstance(one, Artefact)]
    assert len(found) == len(NO_TABLES)
    assert {one.kind for one in found} <= {"events-exported", "events-json"}


def test_prose_that_names_such_columns_is_no_table(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a/query.txt": b"SELECT date, cs-uri-stem, sc-status FROM x.log\n"})
    with open_evidence(tmp_path) as evidence:
        assert not list(recognise(evidence, load_pack("proxylogon").kinds))


@pytest.mark.parametrize("pack", ["proxylogon", "toolshell"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_each_table_is_recognised_in_any_folder(tmp_path: Path, pack: str, encoding: str) -> None:
    tables = TABLES | SHIPPED
    write_tree(tmp_path, {f"a/{name}": text.encode(encoding) for name, text in tables.items()})
    with open_evidence(tmp_path) as evidence:
        found = list(recognise(evidence, load_pack(pack).kinds))
    assert len(found) == len(tables)
    assert {one.kind for one in found if isinstance(one, Artefact)} == {"iis-table"}
