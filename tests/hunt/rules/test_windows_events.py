"""Which Windows events a Sigma logsource means, and under which names they have the fields of rules."""

from __future__ import annotations

import json

import pytest

from tests.hunt.evidence import artefact, both, iis, pack, row, sigma
from waspglass.hunt.rules.load import load_rules
from waspglass.model.skip import SkipReason
from waspglass.packs.pack import RuleSource

DEFENDER = "Microsoft-Windows-Windows Defender/Operational"


def lines(logsource: str, detection: str, events: list[dict[str, object]]) -> list[int | None]:
    rule = sigma(f"s: {{{detection}}}\ncondition: s", logsource=logsource, title="r")
    rules = load_rules(pack(), [RuleSource(path="u.yml", text=rule, origin="user")])
    base = {"EventTime": "2021-03-03T01:02:03Z"}
    result = both([artefact("events", "".join(f"{json.dumps({**base, **one})}\n" for one in events))], rules)
    assert result.skipped == ()
    return [one.line for one in result.findings]


@pytest.mark.parametrize(
    ("logsource", "event"),
    [
        ("service: applocker", {"Channel": "Microsoft-Windows-AppLocker/EXE and DLL"}),
        ("service: applocker", {"Channel": "Microsoft-Windows-AppLocker/MSI and Script"}),
        ("service: smbclient-security", {"Channel": "Microsoft-Windows-SmbClient/Security"}),
        ("service: openssh", {"Channel": "OpenSSH/Operational"}),
        ("category: ps_script", {"Channel": "PowerShellCore/Operational", "EventID": 4104}),
        (
            "category: ps_script, service: powershell",
            {"Channel": "Microsoft-Windows-PowerShell/Operational", "EventID": 4104},
        ),
        ("service: powershell", {"Channel": "PowerShellCore/Operational"}),
        ("category: sysmon_status", {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 16}),
        ("category: file_delete_detected", {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 26}),
        ("category: clipboard_capture", {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 24}),
    ],
)
def test_what_the_taxonomy_of_sigma_lists_is_known(logsource: str, event: dict[str, object]) -> None:
    named = {**event, "F": "a"}
    others: list[dict[str, object]] = [{**named, "Channel": "Security"}, {**event, "F": "x"}]
    others += [{**named, "EventID": 999}] if "EventID" in event else []
    assert lines(f"product: windows, {logsource}", "F: a", [named, *others]) == [1]


@pytest.mark.parametrize("logsource", ["category: foobar, service: sysmon", "category: ps_script, service: sysmon"])
def test_a_category_that_its_service_does_not_have_is_told(logsource: str) -> None:
    rule = sigma("s: {F: a}\ncondition: s", logsource=f"product: windows, {logsource}")
    rules = load_rules(pack(), [RuleSource(path="u.yml", text=rule, origin="user")])
    assert [one.reason for one in rules.skipped] == [SkipReason.UNSUPPORTED_RULE]


@pytest.mark.parametrize(
    ("asked", "found"), [("F|exists: true", [1, 4]), ("F|exists: false", [2, 3, 5]), ("F: null", [1, 2, 3, 5])]
)
def test_an_empty_field_of_an_event_exists_and_an_empty_column_of_an_export_does_not(
    asked: str, found: list[int]
) -> None:
    system: dict[str, object] = {"EventID": 1, "Channel": "Security"}
    made = {"TimeCreated": {"#attributes": {"SystemTime": "2021-03-03T01:02:03Z"}}}
    data: list[dict[str, object]] = [{"F": ""}, {"F": None}, {}, {"F": "x"}]
    events: list[dict[str, object]] = [{"Event": {"System": {**system, **made}, "EventData": one}} for one in data]
    assert sorted(lines("product: windows", asked, [*events, {**system, "F": ""}]), key=str) == found


def test_hashes_are_asked_for_a_digest_that_is_said_or_any_but_not_for_none() -> None:
    sysmon: dict[str, object] = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}
    event = {**sysmon, "Hashes": "MD5=AB,SHA1=C"}
    logsource = "product: windows, category: process_creation"
    assert lines(logsource, "md5: '*'", [event, {**event, "Hashes": "SHA1=C"}]) == [1]
    assert lines(logsource, "md5: ''", [{**event, "md5": "ab"}, event]) == [2]


@pytest.mark.parametrize("name", ["ThreatName", "Threat Name"])
def test_fields_of_defender_are_found_with_and_without_their_blanks(name: str) -> None:
    event = {"Channel": DEFENDER, "EventID": 1116, name: "Backdoor:ASP/Chopper"}
    logsource = "product: windows, service: windefend"
    assert lines(logsource, "ThreatName|startswith: 'Backdoor:'", [event, {**event, name: "Tool:x"}]) == [1]
    assert lines(logsource, "Threat_Name|startswith: 'Backdoor:'", [{**event, "Threat Name": "Backdoor:x"}]) == [1]


def test_what_an_antivirus_found_is_looked_for_in_the_events_of_defender() -> None:
    event: dict[str, object] = {"Channel": DEFENDER, "EventID": 1116, "Threat Name": "Backdoor:ASP/Chopper"}
    event["Path"] = "file:_C:\\inetpub\\wwwroot\\a.aspx"
    asked = "Signature|contains: 'ASP/', Filename|endswith: .aspx"
    events = [event, {**event, "EventID": 1117}, {**event, "EventID": 2000}, {**event, "Path": "file:_C:\\a.txt"}]
    assert lines("category: antivirus", asked, events) == [1, 2]


@pytest.mark.parametrize("header", ["EventID: 4688", "Channel: Security", "Provider_Name: P", "Computer: C"])
def test_events_without_the_fields_of_sysmon_have_their_header(header: str) -> None:
    event: dict[str, object] = {"Channel": "Security", "EventID": 4688, "Computer": "C", "SourceName": "P"}
    asked = f"Image|endswith: cmd.exe, {header}"
    assert lines("category: process_creation", asked, [{**event, "NewProcessName": "c:\\cmd.exe"}]) == [1]


def test_rules_for_logs_that_the_evidence_lacks_are_counted_once() -> None:
    texts = [
        sigma("s: {F: a}\ncondition: s", logsource=f"product: {product}", title=f"{product}{number}")
        for product in ("windows", "exchange, service: ews")
        for number in range(3)
    ]
    own = sigma("s: {F: a}\ncondition: s", logsource="product: windows", title="own")
    rules = load_rules(pack(own), [RuleSource(path="u.yml", text="\n---\n".join(texts), origin="user")])
    idle = [one for one in both([iis(row())], rules).skipped if one.reason is SkipReason.NO_SUCH_LOG]
    assert [(one.source, one.count) for one in idle] == [("rules", 3)]
    assert "events: 3" in (idle[0].detail or "")
    event = artefact("events", '{"Channel": "Security", "EventID": 1, "EventTime": "2021-03-03T01:02:03Z"}\n')
    assert SkipReason.NO_SUCH_LOG not in {one.reason for one in both([event], rules).skipped}


def test_rules_for_logs_that_the_pack_does_not_know_are_counted_by_log() -> None:
    texts = [
        sigma("s: {F: a}\ncondition: s", logsource=f"product: {product}", title=f"{product}{number}")
        for product in ("linux", "aws")
        for number in range(3 if product == "aws" else 1)
    ]
    rules = load_rules(pack(), [RuleSource(path="u.yml", text="\n---\n".join(texts), origin="user")])
    assert [(one.source, one.count) for one in rules.skipped] == [("rules", 3), ("linux0", 1)]


@pytest.mark.parametrize("logsource", ["category: process_creation", "product: Windows, category: process_creation"])
def test_a_category_of_windows_needs_no_product(logsource: str) -> None:
    event: dict[str, object] = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Image": "c:\\cmd.exe"}
    assert lines(logsource, "Image|endswith: '\\cmd.exe'", [event]) == [1]


@pytest.mark.parametrize("field", ["Imphash", "IMPHASH", "imphash"])
def test_a_hash_may_be_asked_for_as_a_field(field: str) -> None:
    base: dict[str, object] = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}
    events = [
        {**base, "Hashes": "MD5=1,IMPHASH=ABCD"},
        {**base, "Hashes": "MD5=ABCD,IMPHASH=1"},
        {**base, field: "abcd"},
    ]
    assert lines("product: windows, category: process_creation", f"{field}: abcd", events) == [1, 3]


def test_a_hash_that_is_not_there_is_not_found_among_others() -> None:
    base: dict[str, object] = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}
    events = [{**base, "Hashes": "MD5=1,IMPHASH=ABCD", "Imphash": "abcd"}, {**base, "Image": "x"}]
    assert lines("product: windows, category: process_creation", "Imphash: ''", events) == [2]
