"""Which hosts a survival curve is of, and what ends being vulnerable; written as a line of days a host."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.census.exports import COLUMNS_2021, PACK, PATCHED, UNDECIDABLE, VULNERABLE, add, banner, jsonl
from waspglass.census.patching import Patching, patching
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder
from waspglass.census.units import Unit

DAYS = (4, 8, 12, 16)
MARKS = {"v": VULNERABLE, "p": PATCHED, "?": UNDECIDABLE}
SHOWN = {"v": ("exchange;cve-2021-26855", UNDECIDABLE), "w": ("exchange;webshell", PATCHED), "p": ("exchange", PATCHED)}


def curve(folder: Path, source: str) -> Patching:
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        (found,) = patching(reading, source, unit=Unit.ADDRESS, samples=20)
    return found


def shadowserver(folder: Path, histories: dict[str, int]) -> None:
    """A history has a letter a day: v vulnerable, p patched, w web shell on a patched server, - not listed."""
    listed = [history for history, number in histories.items() for _ in range(number)]
    for place, day in enumerate(DAYS):
        rows = [COLUMNS_2021]
        for host, history in enumerate(listed):
            if history[place] in SHOWN:
                tag, version = SHOWN[history[place]]
                rows.append(f'"2021-03-{day:02d} 00:00:00",192.0.2.{host},443,,{tag},0,DE,,,0,0,,{version},,')
        add(folder, f"2021-03-{day:02d}-scan_exchange-x.csv", "\n".join([*rows, ""]).encode())


def shodan(folder: Path, histories: dict[str, int]) -> None:
    """A history has a letter a day: v vulnerable, p patched, ? undecidable, - not seen."""
    listed = [history for history, number in histories.items() for _ in range(number)]
    banners = [
        banner(f"192.0.2.{host}", MARKS[mark], timestamp=f"2021-03-{day:02d}T00:00:00")
        for host, history in enumerate(listed)
        for day, mark in zip(DAYS, history, strict=True)
        if mark != "-"
    ]
    add(folder, "all.json", jsonl(*banners))


def test_leaving_a_feed_of_vulnerable_hosts_is_the_end_also_if_it_lists_web_shells_of_patched_ones(
    tmp_path: Path,
) -> None:
    shadowserver(tmp_path, {"vvvv": 10, "v---": 20, "vv--": 10, "v-v-": 5, "wwww": 7})
    found = curve(tmp_path, "shadowserver.scan_exchange")
    assert found.only_vulnerable
    assert str(found.origin) == "2021-03-04"
    # 45 were vulnerable at first; 20 end by day 4, 10 by day 8, 5 (seen again) by day 12, 10 never.
    assert found.curve.hosts == 45
    assert dict(zip(found.curve.days, found.curve.share, strict=True)) == pytest.approx(
        {0.0: 1.0, 4.0: 25 / 45, 8.0: 15 / 45, 12.0: 10 / 45}, abs=1e-4
    )


def test_leaving_a_scan_of_all_hosts_is_no_patch(tmp_path: Path) -> None:
    shodan(tmp_path, {"vpp-": 10, "vv--": 10, "pppp": 10, "v?pp": 10, "vpvp": 10, "?vpp": 50, "-vpp": 50})
    found = curve(tmp_path, "shodan")
    assert not found.only_vulnerable
    assert str(found.origin) == "2021-03-02"
    assert found.curve.hosts == 50
    # By hand, days after the patch: 10 in (0, 2], 10 in (2, 6], 10 in (2, 10], 10 in (10, 14], 10 after day 6.
    share = dict(zip(found.curve.days, found.curve.share, strict=True))
    assert share[0.0] == 1.0
    assert share[2.0] == pytest.approx(40 / 50, abs=1e-4)
    assert share[6.0] == pytest.approx(20 / 50, abs=1e-3)
    assert share[14.0] == pytest.approx(0, abs=1e-3)


def test_one_patched_host_does_not_turn_a_feed_of_vulnerable_ones_into_a_scan_of_all(tmp_path: Path) -> None:
    shadowserver(tmp_path, {"vvvv": 20, "v---": 40, "p---": 1})
    found = curve(tmp_path, "shadowserver.scan_exchange")
    assert found.only_vulnerable
    assert (found.curve.hosts, found.curve.half_life.between) == (60, (0.0, 4.0))


@pytest.mark.parametrize("unit", Unit)
def test_hosts_that_the_source_comes_to_take_for_honeypots_have_not_patched(tmp_path: Path, unit: Unit) -> None:
    """Forty hosts of a search for vulnerable ones; half of them get the tag on the third day, and one leaves."""
    for place, day in enumerate(DAYS):
        banners = [
            banner(f"192.0.2.{host}", VULNERABLE, tags=["honeypot"] if place > 1 and host < 20 else [])
            for host in range(39 if place else 40)
        ]
        add(tmp_path, f"2021-03-{day:02d}.json", jsonl(*banners))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        (found,) = patching(reading, "shodan", unit=unit, samples=20)
    assert found.only_vulnerable
    assert found.curve.hosts == 20
    assert found.curve.share[-1] == pytest.approx(19 / 20, abs=1e-4)
