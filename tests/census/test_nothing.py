"""An export without a row is a scan that saw nothing: its day counts, in each answer."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.census.exports import COLUMNS_2021, COLUMNS_TODAY, PACK, add, added, banner, counts, jsonl
from tests.census.test_remove import removed
from waspglass.census.add import Outcome
from waspglass.census.compare import Change, compare
from waspglass.census.count import Count, count, scans_at
from waspglass.census.owners import exposed_hosts
from waspglass.census.patching import patching
from waspglass.census.reading import open_reading
from waspglass.census.sources.mapping import Mapping
from waspglass.census.store.folder import Folder
from waspglass.census.survey import survey
from waspglass.report.census_html import render_census

HEADER = f"{COLUMNS_TODAY}\n".encode()


def report(folder: Path, day: int, hosts: int, kind: str = "scan_exchange") -> Outcome:
    """A day of Shadowserver's report with so many vulnerable hosts."""
    rows = [
        f'"2021-03-{day:02d} 01:00:00",critical,192.0.2.{n},tcp,443,,"exchange;cve-2021-26855",0,DE,,,,,,15.1.2176.2,,'
        for n in range(hosts)
    ]
    return add(folder, f"2021-03-{day:02d}-{kind}-de.csv", "\n".join([COLUMNS_TODAY, *rows, ""]).encode())


def on(folder: Path, day: int) -> list[Count]:
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        return list(count(reading, scans_at(reading, dt.date(2021, 3, day))))


@pytest.mark.parametrize("header", [HEADER, HEADER.replace(b"\n", b"\r\n"), f"{COLUMNS_2021}\n".encode(),
                                    b"\xef\xbb\xbf" + HEADER, HEADER.decode().encode("utf-16")])  # fmt: skip
def test_a_header_alone_is_a_scan_that_saw_nothing(tmp_path: Path, header: bytes) -> None:
    report(tmp_path, 9, 3)
    assert added(add(tmp_path, "2021-03-10-scan_exchange-de.csv", header)) == (0, {})
    assert [(each.date.day, each.total) for each in counts(tmp_path)] == [(9, 3), (10, 0)]
    assert [(each.date.day, each.total) for each in on(tmp_path, 12)] == [(10, 0)]


def test_even_if_it_never_saw_anything(tmp_path: Path) -> None:
    report(tmp_path, 9, 0)
    assert [(each.date.day, each.total) for each in on(tmp_path, 9)] == [(9, 0)]
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        page = render_census(survey(reading, dt.date(2021, 3, 9)), language="en", version="1")
    assert "0 of 0 addresses" in page
    assert "Scans that saw no host: Shadowserver scan_exchange 9 Mar." in page


def test_a_feed_of_another_product_says_nothing_about_this_one(tmp_path: Path) -> None:
    report(tmp_path, 9, 3)
    report(tmp_path, 9, 0, "scan_ssh")
    assert {each.source for each in on(tmp_path, 9)} == {"shadowserver.scan_exchange"}


def test_each_day_is_one_of_its_own_and_each_only_once(tmp_path: Path) -> None:
    """All headers are the same bytes."""
    for day in (9, 10):
        assert report(tmp_path, day, 0).added is not None
    assert report(tmp_path, 10, 0).known is not None
    assert report(tmp_path, 10, 0, "scan_ssh").added is not None
    removed(tmp_path, "2021-03-09-scan_exchange-de.csv")
    assert [each.date.day for each in counts(tmp_path)] == [10]


def test_hosts_are_gone_when_nothing_is_seen(tmp_path: Path) -> None:
    report(tmp_path, 9, 3)
    report(tmp_path, 10, 0)
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        feed, days = "shadowserver.scan_exchange", (dt.date(2021, 3, 9), dt.date(2021, 3, 10))
        comparison, _ = compare(reading, feed, *days)
        assert comparison.counts[Change.GONE_VULNERABLE] == 3
        assert not list(exposed_hosts(reading, days[1]))


def test_a_curve_ends_on_the_day_on_which_nothing_is_seen(tmp_path: Path) -> None:
    """Without that day the hosts would seem to have been there until some day before the 15th."""
    report(tmp_path, 8, 0)
    report(tmp_path, 9, 40)
    report(tmp_path, 10, 0)
    report(tmp_path, 15, 0)
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        (found,) = patching(reading, "shadowserver.scan_exchange", samples=5)
    assert found.origin == dt.date(2021, 3, 9)
    assert (found.curve.hosts, found.curve.half_life.between) == (40, (0, 1))


def test_one_empty_file_beside_others_is_nothing(tmp_path: Path) -> None:
    report(tmp_path, 9, 3)
    add(tmp_path, "2021-03-09-scan_exchange-at.csv", HEADER)
    assert [each.total for each in counts(tmp_path)] == [3]


def test_an_own_table(tmp_path: Path) -> None:
    mapping = Mapping(name="own", product="exchange", columns={"address": "ip"})
    add(tmp_path, "2021-03-09.csv", b"ip\n192.0.2.1\n", mapping=mapping)
    add(tmp_path, "2021-03-10.csv", b"ip\n", mapping=mapping)
    assert [(each.date.day, each.total) for each in on(tmp_path, 10)] == [(10, 0)]


NMAP = '<?xml version="1.0"?>\n<nmaprun scanner="nmap">{}<runstats><finished time="1615280000"/></runstats></nmaprun>'


def test_a_whole_run_of_nmap_without_a_host(tmp_path: Path) -> None:
    assert added(add(tmp_path, "2021-03-09.xml", NMAP.format("").encode())) == (0, {})


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("scan_exchange.csv", HEADER, "nothing says of which day"),
        ("2021-03-09-scan_exchange-de.csv", HEADER[:-1], "its last line has no end"),
        ("2021-03-09-scan_exchange-de.csv", HEADER + b"x\n", "1 malformed line"),
        ("2021-03-09-scan_exchange-de.csv", HEADER.replace(b"url", b'"url') + b"x,y\n" * 9, "10 malformed line"),
        ("2021-03-09-scan_exchange-de.csv", b"", "it is empty"),
        ("2021-03-09.xml", NMAP.format("").encode()[:-30], "no XML: unclosed token"),
    ],
)
def test_what_may_be_half_a_download_is_refused(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    outcome = add(tmp_path, name, content)
    assert outcome.refused is not None
    assert reason in outcome.refused.reason


@pytest.mark.parametrize("content", [b"<html>please log in</html>\n", b'{"error": "expired"}\n', b"\n"])
@pytest.mark.parametrize("source", ["shadowserver", "censys", "shodan"])
def test_an_error_page_is_no_scan_even_if_the_source_is_named(tmp_path: Path, content: bytes, source: str) -> None:
    assert add(tmp_path, "2021-03-09-x.csv", content, source=source).refused is not None


def test_a_scan_of_other_products_is_not_one_that_saw_nothing(tmp_path: Path) -> None:
    """A download of another query says nothing about this product."""
    add(tmp_path, "a.json", jsonl(banner("192.0.2.1")))
    other = {"_shodan": {}, "ip_str": "192.0.2.9", "port": 22, "timestamp": "2021-03-10T10:00:00"}
    add(tmp_path, "b.json", jsonl(other))
    assert on(tmp_path, 10) == []
