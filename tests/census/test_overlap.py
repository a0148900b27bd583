"""Which sources take part in an estimate of what nobody saw."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.census.exports import COLUMNS_2021, PACK, add, banner, jsonl
from waspglass.census.overlap import narrow_sources, overlap, unseen
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder
from waspglass.census.units import Unit

DAY = dt.date(2021, 3, 9)


@pytest.mark.parametrize(
    ("hosts", "narrow"),
    [
        ({"a": {"DE": 50, "AT": 50}, "b": {"AT": 20}}, {"b"}),
        ({"a": {"DE": 50, "AT": 50}, "b": {"AT": 99, "DE": 1}}, {"b"}),
        ({"a": {"DE": 50, "AT": 50}, "b": {"AT": 80, "DE": 20}}, set()),
        ({"a": {"AT": 50}, "b": {"AT": 20}}, set()),
        ({"a": {"DE": 50, "AT": 50}, "b": {"AT": 20_000}}, {"b"}),
        ({}, set()),
    ],
)
def test_a_source_of_one_country_beside_others(hosts: dict[str, dict[str, int]], narrow: set[str]) -> None:
    assert narrow_sources(hosts) == narrow


def test_a_national_scan_takes_part_in_the_estimate_for_its_country_only(tmp_path: Path) -> None:
    """Shodan sees 40 hosts in two countries, Shadowserver 30, a national test 15 of the 20 in Austria."""
    countries = {number: "AT" if number < 20 else "US" for number in range(50)}
    banners = [
        banner(f"192.0.2.{number}", location={"country_code": country})
        for number, country in countries.items()
        if number % 5
    ]
    add(tmp_path, "shodan-2021-03-09.json", jsonl(*banners))
    rows = [
        f'"2021-03-09 00:00:00",192.0.2.{number},443,,exchange;cve-2021-26855,0,{country},,,0,0,,15.1.2176,,'
        for number, country in countries.items()
        if number % 5 < 3
    ]
    add(tmp_path, "2021-03-09-scan_exchange-x.csv", "\n".join([COLUMNS_2021, *rows, ""]).encode())
    script = '<script id="http-vuln-cve2021-26855" output="x"><elem key="state">VULNERABLE</elem></script>'
    ports = f'<ports><port protocol="tcp" portid="443"><state state="open"/>{script}</port></ports>'
    hosts = "".join(
        f'<host><address addr="192.0.2.{number}" addrtype="ipv4"/>{ports}</host>' for number in range(20) if number % 4
    )
    add(tmp_path, "nmap-2021-03-09.xml", f"<nmaprun>{hosts}</nmaprun>".encode())
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        cells, sources, left_out = overlap(reading, DAY, Unit.ADDRESS)
        assert (sources, left_out) == (("shadowserver.scan_exchange", "shodan"), ("nmap",))
        assert cells == {(True, True): 20, (True, False): 10, (False, True): 20}
        world, austria = unseen(reading, DAY, Unit.ADDRESS), unseen(reading, DAY, Unit.ADDRESS, country="AT")
        nowhere = unseen(reading, DAY, Unit.ADDRESS, country="FR")
    assert world is not None
    assert (world.method, world.left_out) == ("chapman", ("nmap",))
    assert world.total == pytest.approx(31 * 41 / 21 - 1)
    assert austria is not None
    assert (austria.method, austria.sources) == ("log-linear", ("nmap", "shadowserver.scan_exchange", "shodan"))
    assert nowhere is None
