from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import zstandard

from tests.trace.programs import ORIGINAL
from waspglass.evidence.limits import Limits
from waspglass.model.errors import UsageError
from waspglass.model.skip import SkipReason
from waspglass.trace import archives, files
from waspglass.trace.load import load


def names(path: Path) -> list[str]:
    return [source.name.removeprefix(path.as_posix()) for source in load([path]).sources]


@pytest.mark.parametrize("name", ["c/x.py", "d/x.py", "C_/x.py", "con.py", "aux.c", "sysvol/x.py", "a:b.py"])
def test_a_folder_of_sources_is_no_windows_disk(tmp_path: Path, name: str) -> None:
    if os.name == "nt" and name in ("con.py", "aux.c", "a:b.py"):
        pytest.skip("Windows makes no file of this name")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(ORIGINAL, encoding="utf-8")
    (tmp_path / "x.py").write_text("print(1)\n", encoding="utf-8")
    assert sorted(names(tmp_path)) == sorted([f"/{name}", "/x.py"])
    assert not load([tmp_path]).skipped


def test_archives_are_opened_also_inside_a_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("sent/one.py", ORIGINAL)
    with tarfile.open(tmp_path / "b.tgz", "w:gz") as tar:
        member = tarfile.TarInfo("./two.py")
        member.size = len(ORIGINAL.encode())
        tar.addfile(member, io.BytesIO(ORIGINAL.encode()))
    (tmp_path / "c.py.gz").write_bytes(gzip.compress(ORIGINAL.encode()))
    assert names(tmp_path)[:2] == ["/a.zip:sent/one.py", "/b.tgz:two.py"]
    assert {source.raw for source in load([tmp_path]).sources} == {ORIGINAL.encode()}
    assert len(load([tmp_path / "a.zip", tmp_path / "b.tgz", tmp_path / "c.py.gz"]).sources) == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_links_pipes_and_damaged_archives_are_skips(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04" + b"\0" * 100)
    loaded = load([tmp_path])
    assert loaded.sources == ()
    reasons = {Path(skip.source).name: skip.reason for skip in loaded.skipped}
    assert reasons["pipe"] is SkipReason.SPECIAL_FILE
    assert reasons["link.py"] is reasons["up"] is SkipReason.OUTSIDE_ROOT
    assert "broken.zip" in reasons


@pytest.mark.usefixtures("links")
def test_a_link_that_the_user_names_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(ORIGINAL, encoding="utf-8")
    (tmp_path / "b.py").symlink_to("a.py")
    (source,) = load([tmp_path / "b.py"]).sources
    assert source.name.endswith("b.py")
    assert source.raw == ORIGINAL.encode()


def test_what_is_empty_or_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    (skip,) = load([tmp_path / "a.py"]).skipped
    assert skip.reason is SkipReason.EMPTY
    with pytest.raises(UsageError):
        load([tmp_path / "b.py"])


NAMES = ["../up.py", "/abs.py", "C_/y.py", "Makefile", "a:b.py", "aux.c", "c/x.py", "con.py", "d/x.py", "makefile"]


def zipped(path: Path, files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return path


def test_an_archive_of_sources_is_no_windows_disk(tmp_path: Path) -> None:
    """Folders of one letter are no drives, names that differ in case are two, and no name leads anywhere."""
    files = {name: f"{ORIGINAL}# {number:02}".encode() for number, name in enumerate(NAMES)}
    loaded = load([zipped(tmp_path / "a.zip", files)])
    assert {one.name.partition(":")[2]: one.raw for one in loaded.sources} == files
    assert loaded.skipped == ()


def test_what_is_packed_in_zstandard_and_archives_in_archives_are_opened(tmp_path: Path) -> None:
    raw = ORIGINAL.encode()
    inner = zipped(tmp_path / "inner.zip", {"a/x.py": raw}).read_bytes()
    zipped(tmp_path / "outer.zip", {"b/inner.zip": inner, "y.py.gz": gzip.compress(raw)})
    (tmp_path / "x.py.zst").write_bytes(zstandard.compress(raw))
    with tarfile.open(tmp_path / "t.tar", "w") as tar:
        tar.add(tmp_path / "x.py.zst", "x.py.zst")
    (tmp_path / "t.tar.zst").write_bytes(zstandard.compress((tmp_path / "t.tar").read_bytes()))
    for name, inside in {
        "outer.zip": ["outer.zip:b/inner.zip:a/x.py", "outer.zip:y.py.gz"],
        "x.py.zst": ["x.py.zst"], "t.tar": ["t.tar:x.py.zst"], "t.tar.zst": ["t.tar.zst:x.py.zst"],
    }.items():  # fmt: skip
        loaded = load([tmp_path / name])
        assert [Path(one.name).relative_to(tmp_path).as_posix() for one in loaded.sources] == inside
        assert {one.raw for one in loaded.sources} == {raw}


@pytest.mark.parametrize(
    "start", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x01\x00", b"BZh91AY&SY", b"\xfd7zXZ\0", b"MSCF\0\0"]
)
def test_archives_of_other_kinds_are_told_and_not_compared_as_bytes(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "a.bin").write_bytes(start + bytes(range(256)) * 20)
    loaded = load([tmp_path])
    assert loaded.sources == ()
    assert [skip.reason for skip in loaded.skipped] == [SkipReason.UNREADABLE]


@pytest.mark.parametrize("start", ["MSCF = 1\n", "BZh = 1\n", "PKG = 1\n"])
def test_a_text_that_begins_like_an_archive_is_a_text(tmp_path: Path, start: str) -> None:
    (tmp_path / "a.py").write_text(start + ORIGINAL, encoding="utf-8")
    assert len(load([tmp_path]).sources) == 1


def test_what_comes_out_of_archives_is_bounded(tmp_path: Path) -> None:
    members = {f"{number}.txt": b"\0" * (1 << 20) for number in range(40)}
    for name in ("bomb.zip", "more.zip"):
        zipped(tmp_path / name, members)
    for limits, count, reason in (
        (Limits(total_bytes=8 << 20), 8, SkipReason.TOO_LARGE),
        (Limits(files=60), 60, SkipReason.TOO_MANY_FILES),
    ):
        loaded = load([tmp_path], limits)
        assert len(loaded.sources) == count
        assert [skip.reason for skip in loaded.skipped] == [reason]


def test_archives_do_not_unpack_to_many_times_their_size(tmp_path: Path) -> None:
    raw = ORIGINAL.encode()
    small, long = raw * 4, raw * 100
    limits = Limits(ratio=2, ratio_floor=len(long) + len(small))
    zipped(tmp_path / "a.zip", {"1.py": long, "2.py": long, "3.py": small, "4.py": long})
    loaded = load([tmp_path / "a.zip"], limits)
    assert [len(one.raw) for one in loaded.sources] == [len(long), len(small)]
    assert [(skip.reason, skip.count) for skip in loaded.skipped] == [(SkipReason.COMPRESSION_BOMB, 2)]
    for name in ("b.gz", "c.gz"):
        (tmp_path / name).write_bytes(gzip.compress(long))
    (tmp_path / "d.py").write_bytes(long)
    loaded = load([tmp_path], limits)
    assert [Path(one.name).name for one in loaded.sources] == ["a.zip:1.py", "a.zip:3.py", "d.py"]
    assert [skip.count for skip in loaded.skipped] == [2, 1, 1]


def test_what_gives_out_before_its_end_is_read_so_far_and_told(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(os.urandom(1 << 20) + b"x = 1\n" * 4_000_000))
    loaded = load([tmp_path / "a.gz"], Limits(ratio=2, ratio_floor=1 << 20))
    assert [0 < len(source.raw) < 5 << 20 for source in loaded.sources] == [True]
    assert [skip.reason for skip in loaded.skipped] == [SkipReason.COMPRESSION_BOMB]


def test_an_archive_that_packs_little_is_read_whole_however_long_it_is(tmp_path: Path) -> None:
    members = {f"{number}.bin": os.urandom(1000) for number in range(10)}
    zipped(tmp_path / "inner.zip", members)
    zipped(tmp_path / "a.zip", members | {"inner.zip": (tmp_path / "inner.zip").read_bytes()})
    loaded = load([tmp_path / "a.zip"], Limits(ratio=2, ratio_floor=1000))
    assert (len(loaded.sources), loaded.skipped) == (20, ())


def test_archives_too_deep_in_archives_are_told(tmp_path: Path) -> None:
    raw = ORIGINAL.encode()
    for _ in range(6):
        raw = zipped(tmp_path / "deep.zip", {"in.zip": raw}).read_bytes()
    loaded = load([tmp_path / "deep.zip"])
    assert loaded.sources == ()
    assert [skip.reason for skip in loaded.skipped] == [SkipReason.TOO_DEEP]


def test_that_a_file_is_longer_than_is_read_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BYTE_LIMIT", 100_000)
    (tmp_path / "a.txt").write_bytes(b"x" * 200_000)
    (source,) = load([tmp_path / "a.txt"]).sources
    assert len(source.raw) == 100_001


@pytest.mark.parametrize("kind", ["seven", "nested", "damaged"])
def test_what_is_no_source_in_the_end_counts_too(tmp_path: Path, kind: str) -> None:
    """Ten thousand archives that are not read take as long as ten thousand sources."""
    foreign = b"7z\xbc\xaf\x27\x1c" + bytes(1000)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x.7z", foreign)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(30):
            archive.writestr(f"{number:02}", {"seven": foreign, "nested": inner.getvalue(), "damaged": foreign}[kind])
    if kind == "damaged":
        raw = (tmp_path / "a.zip").read_bytes()
        (tmp_path / "a.zip").write_bytes(raw.replace(foreign[:6], b"7z\xbc\xaf\x27\x1d"))
    skipped = load([tmp_path / "a.zip"], Limits(files=5)).skipped
    assert len(skipped) <= 6
    assert [skip.reason for skip in skipped if skip.source.endswith("a.zip")] == [SkipReason.TOO_MANY_FILES]


@pytest.mark.usefixtures("links")
def test_a_long_archive_may_be_named_by_a_link_but_not_lie_in_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (archives, files):
        monkeypatch.setattr(module, "BYTE_LIMIT", 500)
    with zipfile.ZipFile(tmp_path / "long.zip", "w") as archive:
        archive.writestr("one.py", "x = 1\n")
        archive.writestr("rest", bytes(300))
        archive.writestr("more", bytes(300))
    (tmp_path / "link.zip").symlink_to("long.zip")
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(tmp_path / "long.zip", "inner.zip")
    (tmp_path / "long.zip.gz").write_bytes(gzip.compress((tmp_path / "long.zip").read_bytes(), 0))
    assert [len(load([tmp_path / name]).sources) for name in ("long.zip", "link.zip")] == [3, 3]
    for name in ("outer.zip", "long.zip.gz"):
        loaded = load([tmp_path / name])
        assert not loaded.sources
        assert [skip.reason for skip in loaded.skipped] == [SkipReason.TOO_LARGE]
