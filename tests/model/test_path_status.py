"""What leads nowhere is absent; what nobody may look at is a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from waspglass.model.path_status import is_file, status_of


def test_a_file_and_a_folder_are_there(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert status_of(tmp_path) is not None
    assert (is_file(tmp_path / "a"), is_file(tmp_path)) == (True, False)


@pytest.mark.parametrize("name", ["nothing", "a/below a file"])
def test_what_leads_nowhere_is_absent(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").touch()
    assert status_of(tmp_path / name) is None
    assert not is_file(tmp_path / name)


@pytest.mark.usefixtures("links")
def test_a_link_to_itself_is_absent(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert status_of(tmp_path / "loop") is None


def test_any_other_fault_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_path: Path) -> None:
        raise PermissionError(13, "refused")

    monkeypatch.setattr(Path, "stat", refused)
    with pytest.raises(PermissionError):
        status_of(tmp_path)
