"""A large export read by worker processes gives the rows, skips and line numbers of one process."""

from __future__ import annotations

import dataclasses
import gzip
import io
import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Self

import pytest
import zstandard

from tests.census.exports import PATCHED, banner, jsonl, options
from waspglass.census import add, spread
from waspglass.census.add import add_exports
from waspglass.census.errors import CensusError
from waspglass.census.reading import open_reading
from waspglass.census.sources import shodan
from waspglass.census.sources.content import BLOCK, _unzstd
from waspglass.census.store import writer
from waspglass.census.store.folder import Folder
from waspglass.packs.load import load_pack


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(add, "SPREAD_BYTES", 0)
    monkeypatch.setattr(spread, "_SLOT", 300_000)  # a block each, and more blocks than slots


def export() -> bytes:
    """Some 256 KiB blocks of banners with broken lines, absurd times, unusable addresses and half a line at the end."""
    odd = ["broken", banner("nowhere"), banner("192.0.2.1", timestamp="yesterday"), "", '{"port": 443}']
    hosts = [banner(f"10.1.{n // 250}.{n % 250}", PATCHED if n % 3 else None, org="x" * 900) for n in range(900)]
    lines = [line for n, host in enumerate(hosts) for line in (host, *(odd if n % 250 == 7 else ()))]
    return jsonl(*lines)[:-20]


def run(folder: Path, path: Path, workers: int) -> tuple[object, ...]:
    """Rows in the order of the files, and skips."""
    store = Folder(str(folder))
    (outcome,) = add_exports(store, [path], dataclasses.replace(options(), workers=workers))
    assert outcome.added is not None
    with open_reading(store, load_pack("proxylogon")) as reading:
        table = reading.table(f"SELECT * FROM {reading.files_sql()} ORDER BY line")
    return table.to_pylist(), outcome.added.skipped, outcome.added.digest, outcome.added.records


def test_two_workers_give_what_one_process_gives(tmp_path: Path) -> None:
    path = tmp_path / "shodan.json.gz"
    path.write_bytes(gzip.compress(export(), 1))
    one, two = run(tmp_path / "one", path, 1), run(tmp_path / "two", path, 2)
    assert one == two
    assert {skip.reason.value: skip.count for skip in one[1]} == {  # type: ignore[attr-defined]  # a tuple of skips
        "malformed line": 12, "bad time": 4, "truncated": 1,
    }  # fmt: skip


def test_what_unpacks_to_thousands_of_times_its_size_is_read_in_blocks_too(tmp_path: Path) -> None:
    path = tmp_path / "shodan.json.zst"
    path.write_bytes(
        zstandard.compress(export() + b"\n" * (1 << 21) + jsonl(banner("10.2.0.1"), banner("x" * (9 << 20))))
    )
    one, two = run(tmp_path / "one", path, 1), run(tmp_path / "two", path, 2)
    assert one == two
    assert "line too long" in {skip.reason.value for skip in one[1]}  # type: ignore[attr-defined]  # a tuple of skips


def test_no_block_is_empty() -> None:
    text = b"x" * (2 * BLOCK)
    assert list(_unzstd(io.BytesIO(zstandard.compress(text)))) == [text[:BLOCK]] * 2


def days() -> bytes:
    """Banners of some days, with several sightings of one address."""
    return jsonl(*(banner(f"10.1.0.{n % 200}", timestamp=f"2021-03-0{n % 7 + 1}T10:00:00.{n}") for n in range(3000)))


@pytest.mark.parametrize(
    ("content", "name", "files"), [(export(), "shodan-2021-03-09.json", 1), (days(), "shodan.json", 7)]
)
def test_the_files_of_a_store_are_the_same_byte_for_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, name: str, files: int
) -> None:
    monkeypatch.setattr(writer, "_GROUP_ROWS", 100)
    monkeypatch.setattr(writer, "_HELD_ROWS", 300)
    path = tmp_path / name
    path.write_bytes(content)
    stores = [tmp_path / "one", tmp_path / "two", tmp_path / "pieces"]
    run(stores[0], path, 1)
    run(stores[1], path, 2)
    monkeypatch.setattr(shodan, "BATCH_ROWS", 170)
    monkeypatch.setattr(shodan, "_PIECE_ROWS", 90)
    run(stores[2], path, 1)
    first, *others = [{file.name: file.read_bytes() for file in (x / "sightings").rglob("*.parquet")} for x in stores]
    assert len(first) == files
    assert all(other == first for other in others)


def test_a_worker_that_dies_adds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dying:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def submit(self, *_: object) -> None:
            raise BrokenProcessPool

    monkeypatch.setattr(spread, "ProcessPoolExecutor", Dying)
    path = tmp_path / "shodan.json"
    path.write_bytes(export())
    store = Folder(str(tmp_path / "store"))
    with pytest.raises(CensusError, match="died"):
        list(add_exports(store, [path], dataclasses.replace(options(), workers=2)))
    assert not store.manifest().added
    assert not list((tmp_path / "store").rglob("*.parquet"))


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
def test_workers_end_when_the_reading_process_is_killed(tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(bytes(64))
    script = tmp_path / "killed.py"
    script.write_text(
        textwrap.dedent(f"""\
        import multiprocessing, os, signal
        from concurrent.futures import ProcessPoolExecutor
        from waspglass.census.spread import _start

        if __name__ == "__main__":
            context = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(1, context, _start, ({str(tmp_path / "lines")!r},))
            print(pool.submit(os.getpid).result(), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """)
    )
    # The worker holds the pipe too: the output ends only when the worker has ended.
    killed = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert killed.stdout.strip().isdecimal()
