"""A store answers from its own files, whatever its folder is called."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import fsspec
import pytest

from tests.census.exports import PACK, PATCHED, VULNERABLE, add, banner, certificate, jsonl
from waspglass.census.compare import Change, compare
from waspglass.census.count import By, count
from waspglass.census.errors import StoreError
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder


def answers(store: Path) -> tuple[list[int], dict[Change, int]]:
    """Addresses and servers by country, asked twice (the second time from what is kept), and the changes."""
    for _ in range(2):
        with open_reading(Folder(str(store)), PACK) as reading:
            counts = count(reading, reading.scans(), By.COUNTRY)
            comparison, _hosts = compare(reading, "shodan", dt.date(2021, 3, 9), dt.date(2021, 3, 10))
    numbers = [number for each in counts for number in (each.total, sum(each.servers.values()))]
    return numbers, {change: number for change, number in comparison.counts.items() if number}


@pytest.mark.parametrize("name", ["march[1]", "march?", "march*", "marc[h", "it's", "mär z", "a{b,c}", "100%"])
def test_names_that_are_patterns_or_quotes(tmp_path: Path, name: str) -> None:
    """`census[1]` was answered from `census1` beside it, and `census*` from both."""
    two = [banner(f"192.0.2.{n}", VULNERABLE, ssl=certificate("a")) for n in (1, 2)]
    add(tmp_path, "2021-03-09.json", jsonl(*two, banner("192.0.2.3", PATCHED)))
    add(tmp_path, "2021-03-10.json", jsonl(two[0]))
    expected = ([3, 2, 1, 1], {Change.STILL_VULNERABLE: 1, Change.GONE: 1})
    assert answers(tmp_path / "store") == expected
    (tmp_path / "store").rename(tmp_path / name)
    shutil.rmtree(tmp_path / name / "derived")
    add(tmp_path, "2021-03-09.json", jsonl(*(banner(f"198.51.100.{n}") for n in range(9))))
    add(tmp_path, "2021-03-10.json", jsonl(banner("198.51.100.1", PATCHED)))
    for beside in ("march1", "marchx"):
        shutil.copytree(tmp_path / "store", tmp_path / beside)
        for path in (tmp_path / beside / "sightings").rglob("*.parquet"):  # of the same name as in the other store
            same = next(
                (tmp_path / name / "sightings" / path.parent.relative_to(tmp_path / beside / "sightings")).iterdir()
            )
            path.rename(path.with_name(same.name))
    assert answers(tmp_path / name) == expected


@pytest.mark.parametrize("location", ["nosuchkind://bucket/census", "notinstalled://bucket/census"])
def test_a_url_that_nothing_here_can_open_is_no_store(location: str) -> None:
    fsspec.register_implementation("notinstalled", "nosuchpackage.FileSystem", clobber=True)
    with pytest.raises(StoreError, match="no such kind of store") as caught:
        Folder(location)
    assert "fsspec package" in str(caught.value.hint)
