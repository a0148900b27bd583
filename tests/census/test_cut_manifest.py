"""A store on storage where a file is not replaced in one step: whatever is cut, what was in the store stays in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tests.census.exports import PACK, banner, jsonl, options
from waspglass.census.add import add_exports
from waspglass.census.count import count
from waspglass.census.errors import StoreError
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder

STORE = "memory://census"


@pytest.fixture(autouse=True)
def _empty_memory() -> Iterator[None]:
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
    yield
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def adding(folder: Path, day: int) -> None:
    path = folder / f"shodan-2021-03-{day:02d}.json"
    path.write_bytes(jsonl(*(banner(f"192.0.2.{number}") for number in range(day))))
    for _ in add_exports(Folder(STORE), [path], options()):
        pass


def totals() -> list[int]:
    with open_reading(Folder(STORE), PACK) as reading:
        return [each.total for each in count(reading, reading.scans())]


def cut(part: int, write: int) -> Callable[[MemoryFileSystem, str, bytes], None]:
    """Writing to the storage, which ends after so many bytes of the manifest's so-manieth write; 0 is the first."""
    written = 0

    def pipe(fs: MemoryFileSystem, path: str, value: bytes) -> None:
        nonlocal written
        with fs.open(path, "wb") as file:
            file.write(value[:part] if written == write else value)
        written += 1
        if written > write:
            raise OSError("the line went dead")

    return pipe


@pytest.mark.parametrize("part", [0, 1, 300, 10**6])
@pytest.mark.parametrize("write", [0, 1])
def test_a_manifest_that_is_cut_while_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int, write: int
) -> None:
    adding(tmp_path, 8)
    with monkeypatch.context() as broken:
        broken.setattr(MemoryFileSystem, "pipe_file", cut(part, write))
        with pytest.raises(StoreError, match="the line went dead"):
            adding(tmp_path, 9)
    assert totals() in ([8], [8, 9])
    assert totals() == ([8] if write == 0 else [8, 9])
    adding(tmp_path, 9)
    adding(tmp_path, 10)
    assert totals() == [8, 9, 10]
    assert not [path for path in MemoryFileSystem.store if path.endswith(".new")]


@pytest.mark.parametrize("write", [0, 1])
def test_the_first_manifest_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: int) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(MemoryFileSystem, "pipe_file", cut(5, write))
        with pytest.raises(StoreError):
            adding(tmp_path, 8)
    adding(tmp_path, 8)
    assert totals() == [8]


def test_with_both_damaged_nothing_is_touched(tmp_path: Path) -> None:
    adding(tmp_path, 8)
    fs = MemoryFileSystem()
    for name in ("manifest.json", "manifest.json.new"):
        fs.pipe_file(f"/census/{name}", b"{")
    before = dict(MemoryFileSystem.store)
    with pytest.raises(StoreError, match="the manifest cannot be read"):
        adding(tmp_path, 9)
    assert dict(MemoryFileSystem.store) == before


def test_a_copy_that_was_left_does_not_stand_for_a_manifest_that_cannot_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names an export of which the data were cleaned away."""
    adding(tmp_path, 8)
    fetch = MemoryFileSystem.cat_file

    def failing(fs: MemoryFileSystem, path: str) -> bytes:
        if path.endswith("manifest.json"):
            raise TimeoutError("the line went dead")
        return bytes(fetch(fs, path))

    MemoryFileSystem().pipe_file("/census/manifest.json.new", b'{"schema": "waspglass/census-store/1"}')
    monkeypatch.setattr(MemoryFileSystem, "cat_file", failing)
    with pytest.raises(StoreError, match="the manifest cannot be read"):
        adding(tmp_path, 9)


def test_on_a_disk_what_an_interrupted_command_left_is_no_manifest(tmp_path: Path) -> None:
    """There it can be older than a manifest that somebody damaged, and cleaning by it would delete data."""
    path = tmp_path / "shodan-2021-03-09.json"
    path.write_bytes(jsonl(banner("192.0.2.1")))
    store = tmp_path / "store"
    assert all(each.added for each in add_exports(Folder(str(store)), [path], options()))
    (store / "manifest.json.new").write_bytes(b'{"schema": "waspglass/census-store/1"}')
    (store / "manifest.json").write_bytes(b"{")
    with pytest.raises(StoreError, match="the manifest cannot be read"):
        Folder(str(store)).manifest()


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a folder cannot be put down")
def test_on_a_disk_everything_is_put_down_before_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut can keep a rename and lose what was written before it, or the other way round."""
    down: list[int] = []
    moved: list[tuple[str, set[int], int]] = []
    put_down, replace = os.fsync, Path.replace

    def noted(handle: int) -> None:
        down.append(os.fstat(handle).st_ino)
        put_down(handle)

    def moving(path: Path, target: Path | str) -> Path:
        if path.stat().st_ino not in down:
            pytest.fail(f"{target} was not put down")
        moved.append((Path(target).suffix, set(down), Path(target).parent.stat().st_ino))
        down.clear()
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(Path, "replace", moving)
    path = tmp_path / "shodan-2021-03-09.json"
    path.write_bytes(jsonl(banner("192.0.2.1")))
    assert all(each.added for each in add_exports(Folder(str(tmp_path / "store")), [path], options()))
    assert [suffix for suffix, _, _ in moved] == [".json", ".parquet", ".json"]  # the first one is empty
    after = [*(known for _, known, _ in moved[1:]), set(down)]
    assert all(parent in known for (_, _, parent), known in zip(moved, after, strict=True))


def test_a_name_under_which_nothing_is_kept_is_no_store(tmp_path: Path) -> None:
    """A slip in the URL is told, as one in a path is, and is not answered with a store of nothing."""
    assert not Folder(STORE).exists()
    adding(tmp_path, 1)
    assert Folder(STORE).exists()
    assert not Folder(f"{STORE}-1").exists()


def test_what_cannot_be_asked_for_may_be_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(fs: MemoryFileSystem, path: str) -> None:
        raise PermissionError(path)

    monkeypatch.setattr(MemoryFileSystem, "info", refused)
    assert Folder(STORE).exists()
