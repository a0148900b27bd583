"""Sources of several reports a day: what a day says on which some of them did not come."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.census.exports import COLUMNS_TODAY, PACK, add, added, banner, jsonl, options
from waspglass.census.add import add_exports
from waspglass.census.compare import compare
from waspglass.census.count import count, scans_at, stopped
from waspglass.census.errors import CensusError
from waspglass.census.owners import exposed_hosts
from waspglass.census.patching import patching
from waspglass.census.reading import open_reading
from waspglass.census.sources.mapping import Mapping
from waspglass.census.store.folder import Folder
from waspglass.census.survey import survey
from waspglass.cli.census import app
from waspglass.report.census_html import render_census
from waspglass.report.census_json import survey_json
from waspglass.report.census_text import gap_text

FEED = "shadowserver.scan_exchange"


def report(folder: Path, day: int, recipient: str, hosts: int, place: str = "DE") -> None:
    rows = [
        f"2021-03-{day:02d} 01:00:00,critical,192.0.{ord(recipient[0])}.{n},tcp,443,,exchange;cve-2021-26855,0,{place}"
        ",,,,,,,,"
        for n in range(hosts)
    ]
    name = f"2021-03-{day:02d}-scan_exchange-{recipient}.csv"
    assert added(add(folder, name, "\n".join([COLUMNS_TODAY, *rows, ""]).encode())) == (hosts, {})


def told(folder: Path) -> list[tuple[int, tuple[str, ...], bool]]:
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        return [(gap.date.day, gap.missing, gap.counted) for gap in reading.gaps]


def totals(folder: Path, day: int) -> list[tuple[int, int]]:
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        return [(each.date.day, each.total) for each in count(reading, scans_at(reading, dt.date(2021, 3, day)))]


def test_a_header_of_one_country_says_nothing_about_the_others(tmp_path: Path) -> None:
    report(tmp_path, 9, "germany-geo", 3)
    report(tmp_path, 9, "austria-geo", 2, "AT")
    report(tmp_path, 10, "austria-geo", 0)
    assert told(tmp_path) == [(10, ("germany-geo",), False)]
    assert totals(tmp_path, 10) == [(9, 5)]
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        assert reading.last_day() == dt.date(2021, 3, 10)
        assert len(list(exposed_hosts(reading, reading.last_day()))) == 5
        assert gap_text(reading.gaps[0]) == (
            f"2021-03-10  {FEED}: no report germany-geo (last 2021-03-09), and nothing but headers without rows:"
            " not counted as a scan"
        )
        with pytest.raises(CensusError, match=r"does not count as a scan .*: only headers .* not germany-geo"):
            compare(reading, FEED, dt.date(2021, 3, 9), dt.date(2021, 3, 10))


def test_with_the_others_it_counts(tmp_path: Path) -> None:
    report(tmp_path, 9, "germany-geo", 3)
    report(tmp_path, 9, "austria-geo", 2, "AT")
    report(tmp_path, 10, "austria-geo", 0)
    report(tmp_path, 10, "germany-geo", 0)
    assert told(tmp_path) == []
    assert totals(tmp_path, 10) == [(10, 0)]


def test_a_delayed_report_is_missed_on_no_day(tmp_path: Path) -> None:
    report(tmp_path, 9, "germany-geo", 3)
    report(tmp_path, 9, "germany-geo-delayed", 4)
    assert totals(tmp_path, 9) == [(9, 4)]
    report(tmp_path, 10, "germany-geo", 0)
    assert told(tmp_path) == []
    assert totals(tmp_path, 10) == [(10, 0)]
    report(tmp_path, 11, "germany-geo", 2)
    report(tmp_path, 12, "germany-geo-delayed", 1)  # nobody says that it holds what the usual one would
    assert told(tmp_path) == [(12, ("germany-geo",), True)]


def test_where_all_reports_of_a_recipient_are_delayed_they_are_its_usual_ones(tmp_path: Path) -> None:
    report(tmp_path, 9, "germany-geo-delayed", 3)
    report(tmp_path, 9, "austria-geo", 2, "AT")
    report(tmp_path, 10, "austria-geo", 2, "AT")
    assert told(tmp_path) == [(10, ("germany-geo-delayed",), True)]


def test_a_report_that_had_no_rows_before_is_not_missed(tmp_path: Path) -> None:
    report(tmp_path, 9, "germany-geo", 3)
    report(tmp_path, 9, "austria-geo", 0)
    report(tmp_path, 10, "germany-geo", 0)
    assert told(tmp_path) == []
    assert totals(tmp_path, 10) == [(10, 0)]


def test_a_day_on_which_another_has_rows_counts_and_is_told(tmp_path: Path) -> None:
    report(tmp_path, 9, "germany-geo", 3)
    report(tmp_path, 9, "austria-geo", 2, "AT")
    for day in (10, 11):
        report(tmp_path, day, "austria-geo", 1, "AT")
    assert told(tmp_path) == [(10, ("germany-geo",), True), (11, ("germany-geo",), True)]
    assert totals(tmp_path, 11) == [(11, 1)]
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        assert gap_text(reading.gaps[0]).endswith("; hosts that only it would show are missing, not gone")
        found = survey(reading, dt.date(2021, 3, 11))
    assert '"reports": [\n     "germany-geo"' in survey_json(found)
    page = render_census(found, language="en", version="1")
    assert "Reports that did not come: Shadowserver scan_exchange 11 Mar: germany-geo; Shadowserver" in page
    assert "Berichte, die nicht kamen" in render_census(found, language="de", version="1")


def test_a_report_that_did_not_come_for_a_week_is_given_up(tmp_path: Path) -> None:
    report(tmp_path, 1, "germany-geo", 3)
    report(tmp_path, 1, "austria-geo", 2)
    report(tmp_path, 8, "austria-geo", 0)
    assert totals(tmp_path, 8) == [(1, 5)]
    report(tmp_path, 9, "austria-geo", 0)
    assert totals(tmp_path, 9) == [(9, 0)]


def test_reports_whose_name_tells_no_recipient_are_taken_for_all(tmp_path: Path) -> None:
    """Renamed or joined files: nobody knows what is in them."""
    report(tmp_path, 9, "germany-geo", 3)
    path = tmp_path / "in" / "x.csv"
    path.write_text(f"{COLUMNS_TODAY}\n", encoding="utf-8")
    changed = options(date=dt.date(2021, 3, 10))
    (outcome,) = add_exports(Folder(str(tmp_path / "store")), [path], changed)
    assert added(outcome) == (0, {})
    assert told(tmp_path) == []
    assert totals(tmp_path, 10) == [(10, 0)]


def test_a_report_without_a_recipient_is_not_missed(tmp_path: Path) -> None:
    path = tmp_path / "in" / "2021-03-09.csv"
    path.parent.mkdir()
    path.write_text(f"{COLUMNS_TODAY}\n2021-03-09 01:00:00,critical,192.0.2.1,tcp,443{',' * 12}\n", encoding="utf-8")
    (outcome,) = add_exports(Folder(str(tmp_path / "store")), [path], options())
    assert added(outcome) == (1, {})
    report(tmp_path, 10, "austria-geo", 1)
    assert told(tmp_path) == []


def test_the_order_in_which_reports_are_added_says_nothing(tmp_path: Path) -> None:
    for day, name in ((12, "austria-geo"), (10, "germany-geo"), (9, "italy-geo"), (9, "france-geo"), (11, "italy-geo")):
        report(tmp_path, day, name, 2)
    assert told(tmp_path) == [
        (10, ("france-geo", "italy-geo"), True),
        (11, ("france-geo", "germany-geo"), True),
        (12, ("france-geo", "germany-geo", "italy-geo"), True),
    ]
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        last = reading.gaps[-1]
    shown = "france-geo (last 2021-03-09), germany-geo (last 2021-03-10), italy-geo (last 2021-03-11);"
    assert f"no reports {shown}" in gap_text(last)


def test_names_of_other_lists_tell_no_recipient(tmp_path: Path) -> None:
    """What stands there may be the number of a run."""
    for day in (9, 10):
        name = f"2021-03-{day:02d}-scan-{day}.csv"
        content = f"ip\n192.0.2.{day}\n".encode()
        assert added(add(tmp_path, name, content, mapping=Mapping(name="own", columns={"address": "ip"}))) == (1, {})
    assert told(tmp_path) == []


def test_a_source_that_stopped_is_told_where_it_is_left_out(tmp_path: Path) -> None:
    report(tmp_path, 9, "germany-geo", 3)
    add(tmp_path, "shodan-2021-03-01.json", jsonl(banner("192.0.2.8")))
    add(tmp_path, "shodan-2021-03-16.json", jsonl(banner("192.0.2.9")))
    other = {"_shodan": {}, "ip_str": "192.0.2.9", "port": 22}
    add(tmp_path, "2021-03-01.csv", b"ip\n192.0.2.1\n", mapping=Mapping(name="ssh", columns={"address": "ip"}))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        assert stopped(reading, dt.date(2021, 3, 16)) == []
    add(tmp_path, "shodan-2021-03-17.json", jsonl(banner("192.0.2.9"), other))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        day = reading.last_day()
        assert stopped(reading, day) == [(dt.date(2021, 3, 9), FEED)]
        found = survey(reading, day)
    assert '"stopped": [\n   {\n    "source": "shadowserver.scan_exchange",' in survey_json(found)
    assert "Their last scans: Shadowserver scan_exchange 9 Mar." in render_census(found, language="en", version="1")
    assert "(ihre letzten Scans: Shadowserver scan_exchange 9.3.)." in render_census(found, language="de", version="1")
    shown = CliRunner().invoke(app, ["show", "--store", str(tmp_path / "store"), "--no-servers"])
    assert "2021-03-09  shadowserver.scan_exchange: the last scan, more than a week before" in shown.stderr


def test_a_curve_does_not_end_with_a_report_that_did_not_come(tmp_path: Path) -> None:
    """A feed of vulnerable hosts: leaving it is the end, but not on a day on which its report is missing."""
    for day in (9, 11, 13):
        report(tmp_path, day, "austria-geo", 40 if day < 13 else 10, "AT")
        if day < 13:
            report(tmp_path, day, "germany-geo", 40)
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        (found,) = patching(reading, FEED, samples=5)
        assert (found.only_vulnerable, found.curve.hosts, found.curve.share[-1]) == (True, 80, 1.0)
    report(tmp_path, 13, "germany-geo", 0)
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        (found,) = patching(reading, FEED, samples=5)
        assert found.curve.share[-1] == pytest.approx(10 / 80)
