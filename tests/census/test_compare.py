"""What became of hosts between two scans, written as a line of days a host."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.census.exports import COLUMNS_2021, PACK, PATCHED, UNDECIDABLE, VULNERABLE, add, banner, certificate, jsonl
from waspglass.census.compare import Change, Comparison, compare, source_of
from waspglass.census.errors import CensusError
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder
from waspglass.census.units import Unit
from waspglass.model.errors import UsageError

DAYS = (3, 9, 14)
MARKS = {"v": VULNERABLE, "p": PATCHED, "?": UNDECIDABLE}


def world(folder: Path, histories: dict[str, str], webshells: tuple[str, ...] = ()) -> None:
    """A history has a letter a scan: v vulnerable, p patched, ? undecidable, - not seen."""
    lines = [
        banner(address, MARKS[mark], timestamp=f"2021-03-{day:02d}T00:00:00")
        for address, history in histories.items()
        for day, mark in zip(DAYS, history, strict=True)
        if mark != "-"
    ]
    add(folder, "all.json", jsonl(*lines))
    if webshells:
        rows = [
            f'"2021-03-10 00:00:00","{a}",443,"","exchange;webshell",0,"DE","","",0,0,,"15.1.2176","",'
            for a in webshells
        ]
        add(folder, "2021-03-10-scan_exchange-x.csv", "\n".join([COLUMNS_2021, *rows, ""]).encode())


def compared(folder: Path) -> tuple[Comparison, dict[str, Change]]:
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        result, hosts = compare(reading, "shodan", dt.date(2021, 3, 9), dt.date(2021, 3, 14), Unit.ADDRESS)
        return result, {address: host.change for host in hosts for address in host.addresses}


@pytest.mark.parametrize(
    ("history", "change"),
    [
        ("-v-", Change.GONE_VULNERABLE),
        ("-p-", Change.GONE),
        ("-?-", Change.GONE),
        ("--v", Change.NEW_VULNERABLE),
        ("--p", Change.NEW),
        ("v-p", Change.NEW),
        ("-vp", Change.PATCHED),
        ("vvv", Change.STILL_VULNERABLE),
        ("vpv", Change.AGAIN_VULNERABLE),
        ("v-v", Change.AGAIN_VULNERABLE),
        ("v?v", Change.AGAIN_VULNERABLE),
        ("-pv", Change.TURNED_VULNERABLE),
        ("-?v", Change.TURNED_VULNERABLE),
        ("-pp", Change.STILL_PATCHED),
        ("-?p", Change.UNCLEAR),
        ("-v?", Change.UNCLEAR),
    ],
)
def test_each_history_has_one_change(tmp_path: Path, history: str, change: Change) -> None:
    world(tmp_path, {"192.0.2.1": history, "192.0.2.200": "vvv"})
    assert compared(tmp_path)[1]["192.0.2.1"] is change


def test_changes_add_up_and_the_wasp_under_the_lid_is_counted(tmp_path: Path) -> None:
    histories = {"192.0.2.1": "vvp", "192.0.2.2": "vvp", "192.0.2.3": "vvv", "192.0.2.4": "-pp", "192.0.2.5": "v--"}
    world(tmp_path, histories, webshells=("192.0.2.1", "192.0.2.3", "192.0.2.4"))
    result, hosts = compared(tmp_path)
    assert sum(result.counts.values()) == len(hosts) == 4
    assert result.counts[Change.PATCHED] == 2
    assert result.compromised[Change.PATCHED] == 1
    assert result.compromised[Change.STILL_VULNERABLE] == 1
    assert result.patched_compromised == 2


def test_days_before_and_after_the_two_are_read_for_what_they_say(tmp_path: Path) -> None:
    """Twice vulnerable before is still one host, and a report that came later was not known on the second day."""
    world(tmp_path, {"192.0.2.1": "v-v", "192.0.2.2": "-vv"}, webshells=("192.0.2.1",))
    add(tmp_path, "more.json", jsonl(banner("192.0.2.1", timestamp="2021-03-01T00:00:00")))
    later = '"2021-03-15 00:00:00","192.0.2.2",443,"","exchange;webshell",0,"DE","","",0,0,,"15.1.2176","",'
    add(tmp_path, "2021-03-15-scan_exchange-x.csv", f"{COLUMNS_2021}\n{later}\n".encode())
    add(tmp_path, "2021-03-11-scan_exchange-y.csv", f"{COLUMNS_2021}\n{later.replace('2.2', '2.1')}\n".encode())
    result, _hosts = compared(tmp_path)
    assert {change: number for change, number in result.counts.items() if number} == {
        Change.AGAIN_VULNERABLE: 1, Change.STILL_VULNERABLE: 1
    }  # fmt: skip
    assert [change for change, number in result.compromised.items() if number] == [Change.AGAIN_VULNERABLE]


def test_a_day_without_a_scan_is_an_error_that_names_the_others(tmp_path: Path) -> None:
    world(tmp_path, {"192.0.2.1": "v--"})
    with pytest.raises(CensusError) as caught:
        compared(tmp_path)
    assert "2021-03-03" in str(caught.value)


@pytest.mark.parametrize("days", [(14, 9), (9, 9)])
def test_the_earlier_scan_comes_first(tmp_path: Path, days: tuple[int, int]) -> None:
    world(tmp_path, {"192.0.2.1": "vvv"})
    before, after = (dt.date(2021, 3, day) for day in days)
    with (
        open_reading(Folder(str(tmp_path / "store")), PACK) as reading,
        pytest.raises(UsageError, match="is not before"),
    ):
        compare(reading, "shodan", before, after)


def test_a_server_is_named_by_its_addresses_in_the_two_scans(tmp_path: Path) -> None:
    moving = [
        banner(f"192.0.2.{n}", ssl=certificate("a"), timestamp=f"2021-03-{day:02d}T00:00:00")
        for n, day in enumerate(DAYS, 1)
    ]
    add(tmp_path, "all.json", jsonl(*moving))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        _, hosts = compare(reading, "shodan", dt.date(2021, 3, 9), dt.date(2021, 3, 14))
        assert [host.addresses for host in hosts] == [("192.0.2.2", "192.0.2.3")]


def test_a_feed_that_is_not_there_is_an_error_that_names_those_that_are(tmp_path: Path) -> None:
    world(tmp_path, {"192.0.2.1": "vvv"})
    with (
        open_reading(Folder(str(tmp_path / "store")), PACK) as reading,
        pytest.raises(UsageError, match="It has: shodan"),
    ):
        compare(reading, "shadowserver", dt.date(2021, 3, 9), dt.date(2021, 3, 14))


def test_a_source_need_not_be_named_where_one_alone_can_be_meant(tmp_path: Path) -> None:
    world(tmp_path, {"192.0.2.1": "vvv"})
    assert meant(tmp_path, 3, 4) == "shodan"  # the only one; that it has no such scan is said by what compares
    row = '"2021-03-{:02d} 00:00:00","192.0.2.1",443,"","exchange",0,"DE","","",0,0,,"15.1.2176","",'
    for day in (9, 12, 14):
        add(tmp_path, f"2021-03-{day:02d}-scan_exchange-x.csv", f"{COLUMNS_2021}\n{row.format(day)}\n".encode())
    assert meant(tmp_path, 3, 9) == "shodan"
    assert meant(tmp_path, 9, 12) == "shadowserver.scan_exchange"
    both = "shadowserver.scan_exchange (2021-03-09 to 2021-03-14), shodan (2021-03-03 to 2021-03-14)"
    for days, why, hint in (
        ((9, 14), "several sources have", "Name one with --source"),
        ((3, 12), "no source of the store has", "It has"),
    ):
        with pytest.raises(UsageError, match=why) as caught:
            meant(tmp_path, *days)
        assert caught.value.hint == f"{hint}: {both}"


def meant(folder: Path, before: int, after: int) -> str:
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        return source_of(reading, dt.date(2021, 3, before), dt.date(2021, 3, after))
