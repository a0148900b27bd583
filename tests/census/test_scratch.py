"""What a killed run leaves in the place for temporary files is removed by the next run; what lives is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest

from tests.census.exports import add, banner, jsonl
from waspglass.census import scratch
from waspglass.census.scratch import scratch_folder, sweep


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "place"


def left(place: Path, name: str, *, age: float = 3600) -> Path:
    """What a killed run leaves."""
    folder = place / name
    folder.mkdir()
    (folder / "lines").write_bytes(b"x" * 100)
    (folder / "lock").touch()
    os.utime(folder / "lock", (time.time() - age,) * 2)
    return folder


def test_a_folder_is_removed_at_the_end(place: Path) -> None:
    with scratch_folder() as folder:
        (folder / "spill").write_text("x")
        assert folder.parent == place
    assert not list(place.iterdir())


def test_the_next_add_removes_what_a_killed_run_left(tmp_path: Path, place: Path) -> None:
    left(place, "waspglass-census-abc")
    add(tmp_path, "shodan-2021-03-09.json", jsonl(banner("192.0.2.1")))
    assert not list(place.glob("waspglass-census-*"))


@pytest.mark.usefixtures("links")
def test_what_is_not_left_by_a_killed_run_stays(tmp_path: Path, place: Path) -> None:
    left(place, "waspglass-census-young", age=0)
    left(place, "other")
    (place / "waspglass-census-file").touch()
    (place / "waspglass-census-link").symlink_to(left(tmp_path, "elsewhere"))
    (left(place, "waspglass-census-unlocked") / "lock").unlink()
    (left(place, "waspglass-census-link-for-lock") / "lock").unlink()
    (place / "waspglass-census-link-for-lock" / "lock").symlink_to(tmp_path / "elsewhere" / "lock")
    before = sorted(place.rglob("*"))
    assert sweep() == 0
    assert sorted(place.rglob("*")) == before
    assert (tmp_path / "elsewhere" / "lines").exists()


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
def test_the_folder_of_a_run_stays_until_it_is_killed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "_SETTLED", -1.0)
    script = textwrap.dedent("""\
        import time
        from waspglass.census.scratch import scratch_folder
        with scratch_folder() as folder:
            print(folder, flush=True)
            time.sleep(60)
        """)
    environment = {**os.environ, "TMPDIR": str(place)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment) as run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        assert (sweep(), folder.exists()) == (0, True)
        run.send_signal(signal.SIGKILL)
    assert (sweep(), folder.exists()) == (1, False)
