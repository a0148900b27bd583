"""Requests to IIS that a search engine or Log Parser made a table of: the same record in each form."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.evidence.trees import memory_artefact, write_tree
from waspglass.evidence.artefact import Artefact, Record
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.open import open_evidence
from waspglass.evidence.readers.access_table import AccessTableReader
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
    "splunk.csv": "\n".join(",".join(f'"{cell}"' for cell in row) for row in (SPLUNK, SPLUNK.values())) + "\n",
    "splunk.json": json.dumps({"preview": False, "offset": 0, "result": SPLUNK}),
    "splunk-answer.json": json.dumps({"results": [SPLUNK]}),
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


def test_half_a_character_is_no_obstacle() -> None:
    ((_, _, record),), _ = read('{"cs_uri_stem": "/\\ud800", "sc_status": 200, "host": "\\udc00"}')
    assert (record["cs-uri"], record["sc-status"], record["s-computername"]) == ("/\ufffd", "200", "\ufffd")


def test_requests_without_a_time_are_told() -> None:
    found, fault = read("cs-uri-stem,sc-status,date\n/a,200,x\n/b,200,\n")
    assert [record["cs-uri"] for _, _, record in found] == ["/a", "/b"]
    assert fault is SkipReason.BAD_TIME


@pytest.mark.parametrize("pack", ["proxylogon", "toolshell"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_each_table_is_recognised_in_any_folder(tmp_path: Path, pack: str, encoding: str) -> None:
    write_tree(tmp_path, {f"a/{name}": text.encode(encoding) for name, text in TABLES.items()})
    with open_evidence(tmp_path) as evidence:
        found = list(recognise(evidence, load_pack(pack).kinds))
    assert len(found) == len(TABLES)
    assert {one.kind for one in found if isinstance(one, Artefact)} == {"iis-table"}
