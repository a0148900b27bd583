"""The same store answers for another campaign: SharePoint, July 2025."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from tests.census.exports import COLUMNS_TODAY, VULNERABLE, banner, jsonl, options
from waspglass.census.add import add_exports
from waspglass.census.compare import Change, compare
from waspglass.census.count import By, count
from waspglass.census.evidence_counts import aside
from waspglass.census.owners import exposed_hosts
from waspglass.census.reading import Reading, open_reading
from waspglass.census.store.folder import Folder
from waspglass.census.survey import survey
from waspglass.packs.builds import State
from waspglass.packs.load import load_pack
from waspglass.report.census_html import render_census

HEAD = "HTTP/1.1 200 OK\r\nMicrosoftSharePointTeamServices: 16.0.0.10417\r\n"


def shadowserver(day: int, *hosts: tuple[int, str]) -> bytes:
    rows = [
        f'"2025-07-{day} 00:00:00","critical","192.0.2.{host}","tcp",443,"s{host}.example.org","{tag}",64496,'
        '"DE","","",0,"","","16.0.0.10417","",""'
        for host, tag in hosts
    ]
    return "\n".join([COLUMNS_TODAY, *rows, ""]).encode()


@pytest.fixture
def store(tmp_path: Path) -> Folder:
    """Three hosts over two days; one is patched away, one was left a web shell."""
    exports = {
        "2025-07-21-scan_sharepoint-x.csv": shadowserver(
            21, (1, "sharepoint;cve-2025-53770"), (2, "sharepoint;cve-2025-53770"), (3, "sharepoint;webshell")
        ),
        "2025-07-24-scan_sharepoint-x.csv": shadowserver(24, (1, "sharepoint;cve-2025-53770")),
        "shodan-2025-07-21.json": jsonl(
            banner("192.0.2.1", None, data=HEAD, http={"title": "x"}, timestamp="2025-07-21T10:00:00"),
            banner("192.0.2.9", VULNERABLE, timestamp="2025-07-21T10:00:00"),
        ),
    }
    for name, content in exports.items():
        (tmp_path / name).write_bytes(content)
    folder = Folder(str(tmp_path / "store"))
    later = dataclasses.replace(options(), now=dt.datetime(2025, 8, 1, tzinfo=dt.UTC))
    outcomes = list(add_exports(folder, [tmp_path / name for name in exports], later))
    assert all(outcome.added is not None and not outcome.added.skipped for outcome in outcomes)
    return folder


def states(reading: Reading) -> dict[tuple[int, str], dict[State, int]]:
    return {(each.date.day, each.source): each.addresses for each in count(reading, reading.scans(), By.NOTHING)}


def test_each_pack_sees_its_own_product(store: Folder) -> None:
    with open_reading(store, load_pack("toolshell")) as reading:
        assert states(reading) == {
            (21, "shadowserver.scan_sharepoint"): {State.VULNERABLE: 2, State.UNDECIDABLE: 1},
            (24, "shadowserver.scan_sharepoint"): {State.VULNERABLE: 1},
            (21, "shodan"): {State.UNDECIDABLE: 1},
        }
        assert aside(reading, reading.scans()) == 1
    with open_reading(store, load_pack("proxylogon")) as reading:
        assert states(reading) == {(21, "shodan"): {State.VULNERABLE: 1}}
        assert aside(reading, reading.scans()) == 5


def test_changes_owners_and_report_of_the_second_pack(store: Folder) -> None:
    with open_reading(store, load_pack("toolshell")) as reading:
        days = dt.date(2025, 7, 21), dt.date(2025, 7, 24)
        comparison, _ = compare(reading, "shadowserver.scan_sharepoint", *days)
        assert comparison.counts[Change.STILL_VULNERABLE] == comparison.counts[Change.GONE_VULNERABLE] == 1
        told = {host.address: (host.state, host.compromise) for host in exposed_hosts(reading, days[1])}
        assert told == {"192.0.2.1": (State.VULNERABLE, None), "192.0.2.3": (State.UNDECIDABLE, "webshell")}
        page = render_census(survey(reading, days[1], samples=20), language="de", version="x", synthetic=True)
    assert "SharePoint" in page
