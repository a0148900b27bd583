"""Logs of Microsoft's Safety Scanner: one record a file, as Defender's events would say it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.evidence.trees import memory_artefact
from waspglass.evidence.artefact import Artefact, ReaderSettings
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.readers import safety_scanner
from waspglass.evidence.readers.safety_scanner import SafetyScannerReader
from waspglass.model.skip import SkipReason

SCANS = r"""
---------------------------------------------------------------------------------------
Microsoft Safety Scanner v1.333, (build 1.333.249.0)
Started On Tue Mar  9 11:00:43 2021

Engine: 1.1.17800.5
Run Mode: Scan Run in Quiet Mode

Quick Scan Results:
-------------------
Threat Detected: Exploit:ASP/Sample and Removed!
    Action: Remove, Result: 0x00000000
        file://C:\inetpub\wwwroot\aspnet_client\one.aspx
            SigSeq: 0x00000555DC2DDDB0
        file://C:\inetpub\wwwroot\aspnet_client\two.aspx
            SigSeq: 0x00000555DC2DDDB0
Threat Detected: Virus:DOS/Sample, not removed.
    Action: NoAction, Result: 0x00000000
        file://C:\Windows\sample.zip->sample.com
            SigSeq: 0x00000555DC2DDDB0
        containerfile://C:\Windows\sample.zip

Results Summary:
----------------
Found Exploit:ASP/Sample and Removed!
        file://C:\of\no\threat.aspx
Microsoft Safety Scanner Finished On Tue Mar  9 11:09:43 2021
Started On Wed Foo 10 11:00:43 2021
Threat Detected: Exploit:ASP/Sample and Removed!
    Action: Remove, Result: 0x80070005
        file://C:\inetpub\wwwroot\three.aspx
"""
"""Two scans; made up after rows that people posted."""
STARTED = datetime(2021, 3, 9, 11, 0, 43, tzinfo=UTC)


def artefact(content: bytes) -> Artefact:
    return memory_artefact(content, r"C:\Windows\debug\msert.log", "safety_scanner")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_each_file_is_a_record_of_its_threat_and_action(encoding: str) -> None:
    found = list(SafetyScannerReader().records(artefact(SCANS.encode(encoding))))
    removed = {"EventID": "1117", "Threat Name": "Exploit:ASP/Sample", "Action Name": "Remove", "Action ID": "3"}
    done, refused = removed | {"Error Code": "0x00000000"}, removed | {"Error Code": "0x80070005"}
    left = {"EventID": "1116", "Threat Name": "Virus:DOS/Sample"}
    assert [(place.line, moment, record) for place, moment, record in found] == [
        (13, STARTED, done | {"Path": r"file:_C:\inetpub\wwwroot\aspnet_client\one.aspx"}),
        (15, STARTED, done | {"Path": r"file:_C:\inetpub\wwwroot\aspnet_client\two.aspx"}),
        (19, STARTED, left | {"Path": r"file:_C:\Windows\sample.zip->sample.com"}),
        (31, None, refused | {"Path": r"file:_C:\inetpub\wwwroot\three.aspx"}),
    ]


def _paths_and_actions(content: str) -> list[tuple[str, str | None]]:
    records = SafetyScannerReader().records(artefact(content.encode()))
    return [(record["Path"], record.get("Action Name")) for _, _, record in records]


def test_each_file_has_the_action_above_it() -> None:
    detected = "Threat Detected: A:B/C and Removed!\r\n\r\n"
    rows = "Action: Quarantine, Result: 0x0\r\nfile://C:\\a\r\nAction: NoAction, Result: 0x0\r\nfile://C:\\b\r\n"
    assert _paths_and_actions(detected + rows) == [(r"file:_C:\a", "Quarantine"), (r"file:_C:\b", None)]


def test_what_ends_a_line_elsewhere_is_part_of_a_name() -> None:
    content = "Threat Detected: A:B/C and Removed!\nfile://C:\\a\u2028b.aspx\nfile://C:\\c.aspx\n"
    assert _paths_and_actions(content) == [("file:_C:\\a\u2028b.aspx", "Remove"), (r"file:_C:\c.aspx", "Remove")]


def test_time_is_that_of_the_servers_clock() -> None:
    east = timezone(timedelta(hours=2))
    times = [
        moment
        for _, moment, _ in SafetyScannerReader(ReaderSettings(named_zone=east)).records(artefact(SCANS.encode()))
    ]
    assert times[0] == STARTED - timedelta(hours=2)


def test_too_many_files_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety_scanner, "_MOST_FILES", 2)
    records = SafetyScannerReader().records(artefact(SCANS.encode()))
    assert [place.line for place, _, _ in (next(records), next(records))] == [13, 15]
    with pytest.raises(EvidenceReadError) as caught:
        next(records)
    assert caught.value.reason is SkipReason.LIMIT_REACHED
