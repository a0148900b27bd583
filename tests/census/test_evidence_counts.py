"""Counts made from the small tables of evidence are those made from every sighting, for any pack and any group."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.census.exports import COLUMNS_TODAY, PACK, PATCHED, UNDECIDABLE, VULNERABLE, add, banner, jsonl
from waspglass.census import evidence_counts
from waspglass.census.count import By, Count, count
from waspglass.census.errors import CensusError
from waspglass.census.evidence_counts import aside, honeypots
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder
from waspglass.packs.builds import State
from waspglass.packs.load import load_pack


def answers(folder: Path, by: By) -> tuple[tuple[Count, ...], int]:
    """The counts, and the sightings left aside."""
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        return count(reading, reading.scans(), by, servers=False), aside(reading, reading.scans())


def without_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes questions go to the sightings themselves."""
    monkeypatch.setattr(evidence_counts, "_kept", lambda *_: {})


TAGS = ("exchange", "exchange;cve-2021-26855", "exchange;cve-2021-27065;webshell", "sharepoint", "other", "webshell")
SIGHTING = st.tuples(
    st.integers(1, 6), st.sampled_from(TAGS), st.sampled_from([VULNERABLE, PATCHED, UNDECIDABLE, "", "8.0.1"]),
    st.sampled_from(["DE", "AT", ""]), st.sampled_from(["0", "64496", "64497"]), st.sampled_from(["443", "8443"]),
)  # fmt: skip


@settings(max_examples=12)
@given(sightings=st.lists(SIGHTING, min_size=1, max_size=12))
def test_they_are_those_of_the_sightings(
    tmp_path_factory: pytest.TempPathFactory, sightings: list[tuple[int, str, str, str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("store")
    rows = [
        f'"2021-03-09 00:00:00","high","192.0.2.{host}","tcp",{port},"","{tag}",{asn},"{land}","R","C",0,"",'
        f'"S{asn}","{version}","",""'
        for host, tag, version, land, asn, port in sightings
    ]
    add(folder, "2021-03-09-other_report-x.csv", "\n".join([COLUMNS_TODAY, *rows, ""]).encode())
    for pack in ("proxylogon", "toolshell"):
        with (
            open_reading(Folder(str(folder / "store")), load_pack(pack)) as reading,
            pytest.MonkeyPatch.context() as patched,
        ):
            fast = [count(reading, reading.scans(), by, servers=False) for by in By], aside(reading, reading.scans())
            without_tables(patched)
            slow = [count(reading, reading.scans(), by, servers=False) for by in By], aside(reading, reading.scans())
            assert fast == slow


def test_honeypots_are_told_by_source_and_are_no_other_product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoy = banner("192.0.2.1", tags=["honeypot"])
    nginx = banner("192.0.2.2", None, http={"title": "Welcome to nginx"})
    add(tmp_path, "a-2021-03-09.json", jsonl(decoy, nginx, banner("192.0.2.3")))
    services = [{"port": port, "labels": [{"value": "HONEYPOT"}]} for port in (80, 443)]
    add(tmp_path, "b-2021-03-09.json", jsonl({"ip": "192.0.2.4", "services": services}))
    for _ in range(2):
        with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
            scans = reading.scans()
            assert honeypots(reading, scans) == {"censys": 2, "shodan": 1}
            assert honeypots(reading, scans[1:]) == {"shodan": 1}
            assert aside(reading, scans) == 1
        without_tables(monkeypatch)


def test_a_scan_in_two_files_counts_an_address_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(tmp_path, "a-2021-03-09.json", jsonl(banner("192.0.2.1"), banner("192.0.2.2", PATCHED)))
    add(tmp_path, "b-2021-03-09.json", jsonl(banner("192.0.2.1", PATCHED)))
    fast = answers(tmp_path, By.NOTHING)
    assert fast[0][0].addresses == {State.VULNERABLE: 1, State.PATCHED: 1}
    without_tables(monkeypatch)
    assert answers(tmp_path, By.NOTHING) == fast


def test_they_are_there_after_add_and_made_again_where_lost_or_damaged(tmp_path: Path) -> None:
    add(tmp_path, "a-2021-03-09.json", jsonl(banner("192.0.2.1"), banner("192.0.2.1", PATCHED, port=8443)))
    (table,) = (tmp_path / "store" / "derived").glob("evidence-*/common/*.parquet")
    first = answers(tmp_path, By.COUNTRY)
    table.unlink()
    assert answers(tmp_path, By.COUNTRY) == first
    table.write_bytes(b"PAR1 cut")
    assert answers(tmp_path, By.COUNTRY) == first
    assert table.stat().st_size > 100


def test_the_same_export_gives_the_same_bytes(tmp_path: Path) -> None:
    """DuckDB groups in threads, and hands groups over in another order each time."""
    banners = [banner(f"192.0.2.{place}", f"15.1.2176.{place % 97}", port=443 + place % 3) for place in range(200)]
    made = set()
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        add(tmp_path / name, "a-2021-03-09.json", jsonl(*banners, *banners[:50]))
        (table,) = (tmp_path / name / "store" / "derived").glob("evidence-*/common/*.parquet")
        made.add(table.read_bytes())
    assert len(made) == 1


def test_a_missing_file_of_the_store_is_said(tmp_path: Path) -> None:
    add(tmp_path, "a-2021-03-09.json", jsonl(banner("192.0.2.1")))
    for path in (tmp_path / "store").rglob("*.parquet"):
        path.unlink()
    with pytest.raises(CensusError, match="cannot be read"):
        answers(tmp_path, By.NOTHING)


def test_a_better_build_table_needs_no_new_import(tmp_path: Path) -> None:
    add(tmp_path, "a-2021-03-09.json", jsonl(banner("192.0.2.1")))
    with open_reading(Folder(str(tmp_path / "store")), PACK.model_copy(update={"builds": ()})) as reading:
        (one,) = count(reading, reading.scans(), servers=False)
    assert one.addresses == {State.UNKNOWN: 1}


@pytest.mark.parametrize("several", [False, True])
def test_a_vulnerable_host_is_not_put_under_the_build_of_its_patched_site(tmp_path: Path, several: bool) -> None:
    """Two sites behind one address: the count stands under the build that makes the state."""
    first, second = banner("192.0.2.1", VULNERABLE), banner("192.0.2.1", "15.0.1497.12", port=8443)
    if several:
        add(tmp_path, "a-2021-03-09.json", jsonl(first))
        add(tmp_path, "b-2021-03-09.json", jsonl(second))
    else:
        add(tmp_path, "a-2021-03-09.json", jsonl(first, second))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        (one,) = count(reading, reading.scans(), By.BUILD)
    assert (one.key, one.addresses) == ("Exchange Server 2016 CU19", {State.VULNERABLE: 1})
    assert one.servers == {State.VULNERABLE: 1}


def test_a_tested_host_stands_under_the_build_that_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tested = banner("192.0.2.1", None, opts={"vulns": ["CVE-2021-26855"]})
    add(tmp_path, "a-2021-03-09.json", jsonl(tested, banner("192.0.2.1", PATCHED, port=8443)))
    fast = answers(tmp_path, By.BUILD)
    assert [(each.key, each.addresses) for each in fast[0]] == [
        ("Exchange Server 2016 CU19 Mar21SU", {State.VULNERABLE: 1})
    ]
    without_tables(monkeypatch)
    assert answers(tmp_path, By.BUILD) == fast


def test_a_scan_without_a_host_of_the_product_counts_none(tmp_path: Path) -> None:
    add(tmp_path, "a-2021-03-10.json", jsonl(banner("192.0.2.1", None, http=None, cpe23=["cpe:2.3:a:x:y"])))
    assert answers(tmp_path, By.NOTHING) == ((), 1)
    add(tmp_path, "a-2021-03-09.json", jsonl(banner("192.0.2.1")))
    found, others = answers(tmp_path, By.NOTHING)
    assert ([each.addresses for each in found], others) == ([{State.VULNERABLE: 1}, {}], 1)
    assert len(answers(tmp_path, By.COUNTRY)[0]) == 1
