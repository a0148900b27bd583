"""Folders of samples: what leads out of them."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from waspglass.model.skip import Skipped, SkipReason
from waspglass.trace import files
from waspglass.trace.files import file_names


def test_a_junction_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("elsewhere", "here"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text("x = 1")
    monkeypatch.setattr(files, "_is_junction", lambda row: row.name == "elsewhere")
    skipped: list[Skipped] = []
    assert list(file_names(tmp_path, skipped)) == [f"{tmp_path.as_posix()}/here/a.py"]
    assert [(one.source.rpartition("/")[2], one.reason) for one in skipped] == [("elsewhere", SkipReason.OUTSIDE_ROOT)]


@pytest.mark.parametrize(
    ("tag", "leads_elsewhere"),
    [(0xA0000003, True), (0xA000000C, True), (0x80000013, False), (0x9000001A, False), (0, False)],
    ids=["junction", "symbolic link", "deduplicated", "in a cloud", "folder"],
)
def test_a_junction_is_known_by_its_tag(monkeypatch: pytest.MonkeyPatch, tag: int, leads_elsewhere: bool) -> None:
    entry = SimpleNamespace(stat=lambda follow_symlinks: SimpleNamespace(st_reparse_tag=tag))
    monkeypatch.setattr(os, "name", "nt")
    assert files._is_junction(cast("os.DirEntry[str]", entry)) is leads_elsewhere
