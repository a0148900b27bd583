"""Sightings become files by day: none lost or twice, the same however they arrive, and few in memory or open."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from waspglass.census.sighting import SIGHTING
from waspglass.census.store import writer
from waspglass.census.store.folder import Folder
from waspglass.census.store.manifest import DataFile
from waspglass.census.store.writer import SightingWriter, write_behind

GROUP, HELD, OPEN = 4, 12, 2
DAYS = [dt.date(2021, 3, day) for day in range(1, 8)]


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_GROUP_ROWS", GROUP), ("_HELD_ROWS", HELD), ("_OPEN_FILES", OPEN)):
        monkeypatch.setattr(writer, name, value)


def sightings(seed: int) -> pa.Table:
    """Many of the first day, some of each other."""
    chance = random.Random(seed)
    days = [chance.choice([DAYS[0], *DAYS]) for _ in range(70)]
    rows = [
        {"date": day, "source": "shodan", "address": f"192.0.2.{chance.randrange(200)}", "line": line}
        for line, day in enumerate(days, 1)
    ]
    return pa.Table.from_pylist(rows, schema=SIGHTING)


def written(folder: Path, pieces: list[pa.Table]) -> tuple[SightingWriter, tuple[DataFile, ...], list[bytes]]:
    """The files of a store to which these tables were written, in the order of their names."""
    store = Folder(str(folder))
    filing = SightingWriter(store, "shodan", "0123456789abcdef")
    for piece in pieces:
        filing.write(piece)
        assert len(filing._open) <= OPEN
        assert sum(each.num_rows for held in filing._held.values() for each in held) <= HELD
        assert sum(each.num_rows for each in filing._fresh) < GROUP
    files, moves = filing.close()
    assert set(moves.values()) == {file.path for file in files}
    store.publish(moves)
    return filing, files, [(folder / name).read_bytes() for name in sorted(moves.values())]


def cut(table: pa.Table, seed: int) -> list[pa.Table]:
    places = sorted(random.Random(seed).sample(range(1, table.num_rows), 9))
    return [table.slice(start, end - start) for start, end in itertools.pairwise([0, *places, table.num_rows])]


@pytest.mark.parametrize("seed", range(5))
def test_each_sighting_is_in_a_file_of_its_day_once(tmp_path: Path, seed: int) -> None:
    table = sightings(seed)
    filing, files, _ = written(tmp_path, cut(table, seed))
    assert filing.rows == table.num_rows == sum(file.rows for file in files)
    lines = []
    for file in files:
        found = pq.read_table(tmp_path / file.path, schema=SIGHTING, partitioning=None)
        assert found.column("date").unique().to_pylist() == [file.date]
        assert (found.num_rows, (tmp_path / file.path).stat().st_size) == (file.rows, file.bytes)
        lines += found.column("line").to_pylist()
    assert sorted(lines) == table.column("line").to_pylist()


@pytest.mark.parametrize("seed", range(3))
def test_files_are_the_same_however_sightings_were_cut_up(tmp_path: Path, seed: int) -> None:
    table = sightings(seed)
    whole = written(tmp_path / "whole", [table])
    rows = [table.slice(row, 1) for row in range(table.num_rows)]
    assert written(tmp_path / "cut", cut(table, seed))[1:] == whole[1:] == written(tmp_path / "rows", rows)[1:]


def test_a_row_group_is_small_and_in_the_order_of_addresses(tmp_path: Path) -> None:
    _, files, _ = written(tmp_path, [sightings(1)])
    for file in files:
        parquet = pq.ParquetFile(tmp_path / file.path)
        for group in range(parquet.num_row_groups):
            addresses = parquet.read_row_group(group, columns=["address"]).column("address").to_pylist()
            assert len(addresses) <= GROUP
            assert addresses == sorted(addresses)


def test_a_day_of_which_rows_keep_coming_stays_in_one_file(tmp_path: Path) -> None:
    days = [day for other in DAYS[1:] for day in [DAYS[0]] * GROUP + [other] * GROUP]
    rows = [{"date": day, "source": "shodan", "address": "192.0.2.1", "line": line} for line, day in enumerate(days, 1)]
    _, files, _ = written(tmp_path, [pa.Table.from_pylist(rows, schema=SIGHTING)])
    assert sorted(file.date for file in files) == DAYS


def test_a_day_that_saw_nothing_has_a_file_and_what_is_abandoned_is_closed(tmp_path: Path) -> None:
    filing = SightingWriter(Folder(str(tmp_path)), "shodan", "0123456789abcdef")
    filing.write_empty(DAYS[0])
    files, _ = filing.close()
    assert [(file.date, file.rows) for file in files] == [(DAYS[0], 0)]
    filing.write_empty(DAYS[1])
    (part,) = filing._open.values()
    filing.abandon()
    assert part.file.closed
    assert not filing._open


def test_what_is_written_behind_is_all_and_in_order() -> None:
    done: list[int] = []
    write_behind(range(50), done.append)
    assert done == list(range(50))


@pytest.mark.parametrize("at", range(5))
def test_a_fault_in_writing_behind_ends_the_reading(at: int) -> None:
    taken: list[int] = []

    def pieces() -> Iterator[int]:
        for number in range(5):
            taken.append(number)
            yield number

    def write(number: int) -> None:
        if number == at:
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        write_behind(pieces(), write)
    assert len(taken) <= at + 2
