from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.trace.programs import ORIGINAL
from waspglass.model.errors import UsageError
from waspglass.model.skip import SkipReason
from waspglass.trace.load import load


def names(path: Path) -> list[str]:
    return [source.name.removeprefix(path.as_posix()) for source in load([path]).sources]


@pytest.mark.parametrize("name", ["c/x.py", "d/x.py", "C_/x.py", "con.py", "aux.c", "sysvol/x.py", "a:b.py"])
def test_a_folder_of_sources_is_no_windows_disk(tmp_path: Path, name: str) -> None:
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
