"""Which Windows events a Sigma logsource means, and under which names they have the fields of rules."""

from __future__ import annotations

import json

import pytest

from tests.hunt.evidence import artefact, both, pack, sigma
from waspglass.hunt.load import load_rules
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
        ("category: sysmon_status", {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 16}),
        ("category: file_delete_detected", {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 26}),
        ("category: clipboard_capture", {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 24}),
    ],
)
def test_what_the_taxonomy_of_sigma_lists_is_known(logsource: str, event: dict[str, object]) -> None:
    others: list[dict[str, object]] = [{**event, "Channel": "Security"}, {**event, "G": "x"}]
    assert lines(f"product: windows, {logsource}", "F: a", [{**event, "F": "a"}, *others]) == [1]


@pytest.mark.parametrize("name", ["ThreatName", "Threat Name"])
def test_fields_of_defender_are_found_with_and_without_their_blanks(name: str) -> None:
    event = {"Channel": DEFENDER, "EventID": 1116, name: "Backdoor:ASP/Chopper"}
    logsource = "product: windows, service: windefend"
    assert lines(logsource, "ThreatName|startswith: 'Backdoor:'", [event, {**event, name: "Tool:x"}]) == [1]
    assert lines(logsource, "Threat_Name|startswith: 'Backdoor:'", [{**event, "Threat Name": "Backdoor:x"}]) == [1]
