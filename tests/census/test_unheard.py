"""Hosts of which a day says nothing, as the reports that showed them did not come: neither gone nor new, and told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.census.exports import COLUMNS_TODAY, PACK, add, added
from waspglass.census.compare import Change, compare
from waspglass.census.owners import exposed_hosts
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder
from waspglass.census.units import Unit
from waspglass.report.census_text import gap_text
from waspglass.report.census_words import CensusWords

FEED = "shadowserver.scan_exchange"
DE, AT = "germany-geo", "austria-geo"
VULNERABLE, PATCHED = "exchange;cve-2021-26855", "exchange"


def report(folder: Path, day: int, recipient: str, hosts: Mapping[int, str] | tuple[int, ...], name: str = "") -> None:
    """One report: the last numbers of its addresses with their tags, vulnerable where none are told."""
    tags = hosts if isinstance(hosts, Mapping) else dict.fromkeys(hosts, VULNERABLE)
    rows = [
        f"2021-03-{day:02d} 01:00:00,critical,192.0.2.{host},tcp,443,{name},{tag},0,,,,,,,"
        f"{'15.1.2176.9' if tag == PATCHED else ''},,"
        for host, tag in tags.items()
    ]
    content = "\n".join([COLUMNS_TODAY, *rows, ""]).encode()
    assert added(add(folder, f"2021-03-{day:02d}-scan_exchange-{recipient}.csv", content)) == (len(tags), {})


def changes(folder: Path, before: int, after: int, unit: Unit = Unit.ADDRESS) -> dict[tuple[int, ...], Change]:
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        result, hosts = compare(reading, FEED, dt.date(2021, 3, before), dt.date(2021, 3, after), unit)
        found = {tuple(int(each.rsplit(".")[-1]) for each in host.addresses): host.change for host in hosts}
    assert sum(result.counts.values()) == len(found)
    return found


def told(folder: Path, day: int) -> dict[int, list[int]]:
    """The addresses that owners are told of, each with the days of its sightings."""
    found: dict[int, list[int]] = {}
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        for host in exposed_hosts(reading, dt.date(2021, 3, day)):
            found.setdefault(int(host.address.rsplit(".")[-1]), []).append(host.seen.day)
    return found


@pytest.mark.parametrize("unit", Unit)
def test_who_was_only_in_the_missing_report_is_not_gone(tmp_path: Path, unit: Unit) -> None:
    report(tmp_path, 9, DE, {1: VULNERABLE, 2: PATCHED, 3: VULNERABLE, 4: VULNERABLE})
    report(tmp_path, 9, AT, (3, 4, 5, 6))
    report(tmp_path, 10, AT, (4, 5, 7))
    assert changes(tmp_path, 9, 10, unit) == {
        (1,): Change.UNHEARD_VULNERABLE,
        (2,): Change.UNHEARD,
        (3,): Change.GONE_VULNERABLE,  # the report of Austria would show it
        (4,): Change.STILL_VULNERABLE,
        (5,): Change.STILL_VULNERABLE,
        (6,): Change.GONE_VULNERABLE,
        (7,): Change.NEW_VULNERABLE,
    }
    report(tmp_path, 10, DE, (1,))
    assert {1: Change.STILL_VULNERABLE, 2: Change.GONE}.items() <= {
        host: change for (host,), change in changes(tmp_path, 9, 10, unit).items()
    }.items()


def test_who_was_missing_on_the_first_day_is_neither_new_nor_vulnerable_again(tmp_path: Path) -> None:
    report(tmp_path, 8, DE, (1,))
    report(tmp_path, 8, AT, (5,))
    report(tmp_path, 9, AT, (5,))
    report(tmp_path, 10, DE, {1: VULNERABLE, 2: PATCHED})
    report(tmp_path, 10, AT, (5, 7))
    assert changes(tmp_path, 9, 10) == {
        (1,): Change.UNHEARD_VULNERABLE,
        (2,): Change.UNHEARD,
        (5,): Change.STILL_VULNERABLE,
        (7,): Change.NEW_VULNERABLE,
    }


def test_only_the_reports_of_the_day_itself_say_who_showed_a_host(tmp_path: Path) -> None:
    report(tmp_path, 8, AT, (1, 5))
    report(tmp_path, 9, DE, (1,))
    report(tmp_path, 9, AT, (5,))
    report(tmp_path, 10, AT, (5,))
    assert changes(tmp_path, 9, 10) == {(1,): Change.UNHEARD_VULNERABLE, (5,): Change.STILL_VULNERABLE}
    assert told(tmp_path, 10) == {1: [9], 5: [10]}


def test_what_a_delayed_report_shows_is_of_its_recipient(tmp_path: Path) -> None:
    report(tmp_path, 9, DE, (1, 2))
    report(tmp_path, 9, DE + "-delayed", (2, 3))
    report(tmp_path, 9, AT, (5,))
    report(tmp_path, 10, AT, (5,))
    unheard = dict.fromkeys([(1,), (2,), (3,)], Change.UNHEARD_VULNERABLE)
    assert changes(tmp_path, 9, 10) == {**unheard, (5,): Change.STILL_VULNERABLE}
    report(tmp_path, 10, DE, (1,))
    gone = dict.fromkeys([(2,), (3,)], Change.GONE_VULNERABLE)
    assert changes(tmp_path, 9, 10) == {**gone, (1,): Change.STILL_VULNERABLE, (5,): Change.STILL_VULNERABLE}


def test_a_server_is_gone_only_if_nothing_of_it_is_missing(tmp_path: Path) -> None:
    report(tmp_path, 9, DE, (1, 2), "mail.example.org")
    report(tmp_path, 9, AT, (3,), "mail.example.org")
    report(tmp_path, 9, AT + "-2", (4, 5), "owa.example.org")
    report(tmp_path, 10, AT + "-2", (6,))
    report(tmp_path, 10, AT, ())
    assert changes(tmp_path, 9, 10, Unit.SERVER) == {
        (1, 2, 3): Change.UNHEARD_VULNERABLE,
        (4, 5): Change.GONE_VULNERABLE,
        (6,): Change.NEW_VULNERABLE,
    }
    report(tmp_path, 10, AT + "-3", (3,), "mail.example.org")
    assert changes(tmp_path, 9, 10, Unit.SERVER)[1, 2, 3] is Change.STILL_VULNERABLE


def test_owners_are_told_what_the_missing_report_said_last(tmp_path: Path) -> None:
    report(tmp_path, 8, DE, (9,))  # gone on the 9th
    report(tmp_path, 9, DE, {1: VULNERABLE, 2: PATCHED, 3: VULNERABLE, 4: VULNERABLE})
    report(tmp_path, 9, AT, (3, 5, 6))
    assert told(tmp_path, 9) == {host: [9] for host in (1, 3, 4, 5, 6)} | {3: [9]}
    report(tmp_path, 10, AT, {4: PATCHED, 5: VULNERABLE})
    assert told(tmp_path, 10) == {1: [9], 5: [10]}
    report(tmp_path, 11, "italy-geo", (7,))  # each as it last came
    assert told(tmp_path, 11) == {1: [9], 5: [10], 7: [11]}
    assert told(tmp_path, 16) == {1: [9], 5: [10], 7: [11]}
    assert told(tmp_path, 17) == {5: [10], 7: [11]}  # older than a week


def test_it_is_said(tmp_path: Path) -> None:
    report(tmp_path, 9, DE, (1,))
    report(tmp_path, 9, AT, (5,))
    report(tmp_path, 10, AT, (5,))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        (gap,) = reading.gaps
    assert gap_text(gap, messages=True).endswith(
        "; hosts that only it would show are told of as last reported in the week before"
    )
    for change in Change:
        assert CensusWords("en").text(f"change.{change.name.lower()}") == change.value
