"""Folders of samples: what leads out of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from waspglass.model.skip import Skipped, SkipReason
from waspglass.trace import files
from waspglass.trace.files import file_names


def test_a_junction_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("elsewhere", "here"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text("x = 1")
    monkeypatch.setattr(files, "leads_elsewhere", lambda row: row.name == "elsewhere")
    skipped: list[Skipped] = []
    assert list(file_names(tmp_path, skipped)) == [f"{tmp_path.as_posix()}/here/a.py"]
    assert [(one.source.rpartition("/")[2], one.reason) for one in skipped] == [("elsewhere", SkipReason.OUTSIDE_ROOT)]
