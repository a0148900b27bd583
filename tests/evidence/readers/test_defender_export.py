r"""Rows of Microsoft Defender's tables: under which names rules see them, and which of them no rule may judge."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import TEXT, MemoryFile, pack, sigma
from waspglass.evidence.artefact import Artefact, Record
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.readers.registry import record_readers
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome.result import HuntResult
from waspglass.hunt.rules.load import load_rules
from waspglass.model.skip import SkipReason
from waspglass.packs.pack import ArtefactKind, Logsource

WEB = r"c:\windows\system32\inetsrv\w3wp.exe"
BY = {
    "Timestamp": "2021-03-03T04:12:20.1234567Z",
    "DeviceName": "mx01.example.org",
    "InitiatingProcessFileName": "w3wp.exe",
    "InitiatingProcessFolderPath": WEB,
    "InitiatingProcessId": 5120,
    "InitiatingProcessCommandLine": 'w3wp.exe -ap "DefaultAppPool"',
    "InitiatingProcessAccountDomain": "nt authority",
    "InitiatingProcessAccountName": "system",
}
PROCESS = BY | {
    "ActionType": "ProcessCreated",
    "FileName": "cmd.exe",
    "FolderPath": r"C:\Windows\System32\cmd.exe",
    "ProcessCommandLine": "cmd /c whoami",
    "ProcessId": 77,
    "AccountName": "system",
    "SHA1": "da39",
    "SHA256": "e3b0",
}
PAGE = BY | {"ActionType": "FileCreated", "FileName": "own.aspx", "FolderPath": r"C:\inetpub\wwwroot"}
OUT = BY | {
    "ActionType": "ConnectionSuccess",
    "Protocol": "Tcp",
    "LocalIP": "192.0.2.4",
    "LocalPort": 50000,
    "RemoteIP": "203.0.113.5",
    "RemotePort": 443,
    "RemoteUrl": "a.example.net",
}
VALUE = BY | {
    "ActionType": "RegistryValueSet",
    "RegistryKey": r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\x",
    "RegistryValueName": "Start",
    "RegistryValueType": "Dword",
    "RegistryValueData": "4",
}
ROWS = (PROCESS, PAGE, OUT, VALUE)


def table(*rows: Mapping[str, object]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(chain.from_iterable(rows))))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


DEFENDER_EXPORTS = {
    "the portal's table": table(*ROWS),
    "the portal's table with a mark": "\ufeff" + table(*ROWS),
    "the API's answer": json.dumps({"Stats": {}, "Schema": [{"Name": "Timestamp"}], "Results": ROWS}),
    "the API's answer over many lines": json.dumps({"Schema": [], "Results": ROWS}, indent=2),
    "Microsoft Graph's answer": json.dumps({"schema": [{"name": "Timestamp"}], "results": ROWS}),
    "what is streamed": json.dumps({"records": [{"category": "x", "properties": one} for one in ROWS]}),
    "what is streamed, one a line": "\n".join(json.dumps({"time": "x", "properties": one}) for one in ROWS),
    "one a line": "\n".join(map(json.dumps, ROWS)),
    "an array": json.dumps(ROWS, indent=1),
}


def read(text: str, server: str | None = None) -> tuple[list[tuple[datetime | None, Record]], SkipReason | None]:
    found = []
    artefact = Artefact("defender-export", "defender_export", MemoryFile("x.json", text.encode()))
    try:
        for _, moment, record in record_readers(server=server)["defender_export"].records(artefact):
            found.append((moment, record))
    except EvidenceReadError as fault:
        return found, fault.reason
    return found, None


def one(row: Mapping[str, object]) -> Record:
    ((_, record),), _ = read(json.dumps(row))
    return record


@pytest.mark.parametrize("export", DEFENDER_EXPORTS)
def test_every_form_says_the_same(export: str) -> None:
    rows, reason = read(DEFENDER_EXPORTS[export])
    assert reason is None
    assert {moment for moment, _ in rows} == {datetime(2021, 3, 3, 4, 12, 20, 123456, tzinfo=UTC)}
    actor = {"Computer": "mx01.example.org", "Image": WEB, "ProcessId": "5120", "User": r"nt authority\system"}
    assert [record for _, record in rows] == [
        {
            "Channel": "DeviceProcessEvents",
            "EventID": "ProcessCreated",
            "Computer": "mx01.example.org",
            "Image": r"C:\Windows\System32\cmd.exe",
            "CommandLine": "cmd /c whoami",
            "ProcessId": "77",
            "User": "system",
            "ParentImage": WEB,
            "ParentCommandLine": 'w3wp.exe -ap "DefaultAppPool"',
            "ParentProcessId": "5120",
            "ParentUser": r"nt authority\system",
            "Hashes": "SHA1=da39,SHA256=e3b0",
        },
        actor
        | {"Channel": "DeviceFileEvents", "EventID": "FileCreated", "TargetFilename": r"C:\inetpub\wwwroot\own.aspx"},
        actor
        | {
            "Channel": "DeviceNetworkEvents",
            "EventID": "ConnectionSuccess",
            "Initiated": "true",
            "Protocol": "tcp",
            "SourceIp": "192.0.2.4",
            "SourcePort": "50000",
            "DestinationIp": "203.0.113.5",
            "DestinationPort": "443",
            "DestinationHostname": "a.example.net",
        },
        actor
        | {
            "Channel": "DeviceRegistryEvents",
            "EventID": "RegistryValueSet",
            "TargetObject": r"HKLM\SYSTEM\CurrentControlSet\Services\x\Start",
            "Details": "DWORD (0x00000004)",
        },
    ]


def test_of_a_connection_that_was_taken_the_other_end_is_the_source() -> None:
    taken = one(OUT | {"ActionType": "InboundConnectionAccepted"})
    assert (taken["SourceIp"], taken["DestinationPort"], taken["Initiated"]) == ("203.0.113.5", "50000", "false")
    assert "DestinationHostname" not in taken


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        (r"C:\a", r"C:\a\own.aspx"),
        ("C:\\", r"C:\own.aspx"),
        (r"C:\a\OWN.aspx", r"C:\a\OWN.aspx"),
        (r"C:\own.aspx\b", r"C:\own.aspx\b\own.aspx"),
        ("/srv/own.aspx", "/srv/own.aspx"),
    ],
)
def test_a_folder_gets_its_file(folder: str, path: str) -> None:
    assert one(PAGE | {"FolderPath": folder})["TargetFilename"] == path


def test_the_system_has_no_folder() -> None:
    assert one(PAGE | {"InitiatingProcessId": 4, "InitiatingProcessFolderPath": ""})["Image"] == "System"


@pytest.mark.parametrize("lacking", ["FolderPath", "InitiatingProcessFolderPath"])
def test_a_row_that_does_not_say_which_file_it_was_is_judged_by_no_rule(lacking: str) -> None:
    ((_, record),), reason = read(json.dumps(PROCESS | {lacking: ""}))
    assert "Channel" not in record
    assert reason is SkipReason.MISSING_FIELD


def test_other_actions_are_counted_and_nothing_else() -> None:
    rows, reason = read(table(PROCESS | {"ActionType": "AntivirusReport"}))
    assert [record for _, record in rows] == [{"EventID": "AntivirusReport", "Computer": "mx01.example.org"}]
    assert reason is None


@pytest.mark.parametrize("written", ["yesterday", "3/3/2021, 4:12:11 AM", "9999999999999", ""])
def test_a_time_that_cannot_be_read_is_told(written: str) -> None:
    ((moment, _),), reason = read(json.dumps(PAGE | {"Timestamp": written}))
    assert (moment, reason) == (None, SkipReason.BAD_TIME)


def test_times_of_log_analytics_are_utc() -> None:
    rows, reason = read(table({"TimeGenerated [UTC]": "3/3/2021, 4:12:20.000 AM", **PAGE, "Timestamp": ""}))
    assert [moment for moment, _ in rows] == [datetime(2021, 3, 3, 4, 12, 20, tzinfo=UTC)]
    assert reason is None


@pytest.mark.parametrize(
    ("server", "names", "reason"),
    [
        (None, ["mx01.example.org", "MX02", None], None),
        ("MX01", ["mx01.example.org", None], SkipReason.OTHER_SITE),
        ("mx02.example.org", ["MX02", None], SkipReason.OTHER_SITE),
        ("MX09", [None], SkipReason.OTHER_SITE),
    ],
)
def test_rows_of_other_devices_are_left_out_if_the_server_is_named(
    server: str | None, names: Sequence[str | None], reason: SkipReason | None
) -> None:
    rows, told = read(json.dumps([PAGE, PAGE | {"DeviceName": "MX02"}, PAGE | {"DeviceName": None}]), server)
    assert [record.get("Computer") for _, record in rows] == names
    assert told is reason


@pytest.mark.parametrize("naive", [False, True])
def test_each_thing_that_is_left_out_is_told_with_its_count(naive: bool) -> None:
    untimed, partial = PAGE | {"Timestamp": "3/3/2021 4:12:20 AM"}, PAGE | {"FolderPath": ""}
    rows = [untimed, untimed, partial, PAGE | {"DeviceName": "MX02"}]
    skipped = searched("\n".join([*map(json.dumps, rows), '{"ActionType": ']), naive=naive, server="MX01").skipped
    told = {one.reason: one.detail for one in skipped if one.source == "x.json" and one.detail}
    assert list(told) == [SkipReason.DAMAGED, SkipReason.BAD_TIME, SkipReason.MISSING_FIELD, SkipReason.OTHER_SITE]
    assert [told[reason].count(": 2") for reason in list(told)[1:]] == [1, 0, 0]
    assert [told[reason].count(": 1") for reason in list(told)[1:]] == [0, 1, 1]


KIND = ArtefactKind(
    kind="defender-export",
    format="defender_export",
    title=TEXT,
    logsources=tuple(
        Logsource(product="windows", category=name) for name in ("process_creation", "file_event", "file_delete")
    ),
)
RULES = [
    ("process_creation", "s: {ParentImage|endswith: '\\w3wp.exe', Image|endswith: '\\cmd.exe'}\ncondition: s"),
    ("process_creation", "s: {Image|endswith: '.exe'}\nf: {ParentImage|startswith: 'c:\\'}\ncondition: s and not f"),
    ("process_creation", "s: {sha256: e3b0}\ncondition: s"),
    ("process_creation", "s: {Image|endswith: '.exe'}\nf: {CurrentDirectory: 'x'}\ncondition: s and not f"),
    ("file_event", "s: {TargetFilename|endswith: '.aspx'}\ncondition: s"),
    ("file_delete", "s: {TargetFilename|endswith: '.aspx'}\ncondition: s"),
    ("process_creation", "s: {User: system}\ncondition: not s"),
]


def searched(text: str, *, naive: bool, server: str | None = None) -> HuntResult:
    rules = [
        sigma(body, logsource=f"product: windows, category: {category}", title=f"r{number}")
        for number, (category, body) in enumerate(RULES)
    ]
    made = pack(*rules).model_copy(update={"kinds": (KIND,)})
    artefact = Artefact("defender-export", "defender_export", MemoryFile("x.json", text.encode()))
    return hunt([artefact], load_rules(made), readers=record_readers(server=server), naive=naive)


@pytest.mark.parametrize("naive", [False, True])
def test_rules_see_the_rows_of_their_category_only(naive: bool) -> None:
    gone = PAGE | {"ActionType": "FileDeleted"}
    nameless = PROCESS | {"InitiatingProcessFolderPath": ""}
    result = searched(json.dumps([*ROWS, gone, nameless]), naive=naive)
    assert sorted((one.rule, one.record) for one in result.findings) == [("r0", 1), ("r2", 1), ("r4", 2), ("r5", 5)]
    assert [(one.source, one.reason) for one in result.skipped if "r3" in one.source] == [
        ("r3", SkipReason.UNSUPPORTED_RULE)
    ]


ACTIONS = st.sampled_from(["ProcessCreated", "FileCreated", "FileDeleted", "RegistryValueSet", "x", "", None])
TEXTS: st.SearchStrategy[object] = st.sampled_from(
    ["", None, WEB, "C:\\", r"C:\é\own.aspx", '"\n,', "\ud800", "cmd.exe", 5, [1, None], {"a": {}}]
)


@given(st.lists(st.tuples(ACTIONS, TEXTS, TEXTS, TEXTS, TEXTS), max_size=6))
def test_the_search_finds_what_the_test_of_each_row_finds(rows: list[tuple[object, ...]]) -> None:
    names = ("ActionType", "FolderPath", "FileName", "InitiatingProcessFolderPath", "RegistryValueData")
    text = json.dumps([BY | dict(zip(names, row, strict=True)) for row in rows])
    fast, slow = searched(text, naive=False), searched(text, naive=True)
    assert (fast.findings, fast.scanned, fast.skipped) == (slow.findings, slow.scanned, slow.skipped)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"Results": 5}',
        '{"Results": [1, null, "x", []]}',
        '{"properties": {"ActionType": "ProcessCreated"}}',
        '{"properties": [[[]]], "ActionType": {"a": 1}}',
        '{"ActionType": "RegistryValueSet", "RegistryValueType": "Dword", "RegistryValueData": "9e9"}',
        "Timestamp,DeviceName,ActionType,InitiatingProcessId\n" + '"' * 10_001,
        "Timestamp,DeviceName,ActionType\n\0,\0,ProcessCreated,,,,\n",
        "[" * 100_000,
        '{"ActionType": ' * 50_000,
    ],
    ids=range(11),
)
def test_damaged_and_odd_files_end_in_rows_or_in_a_skip(text: str) -> None:
    rows, _ = read(text)
    assert all("Channel" not in record for _, record in rows)
