"""What the program does where the system lacks what POSIX has: simulated by taking it away before anything is loaded.

A stand-in for a run on Windows, not a replacement: path and locking rules of Windows are not simulated.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
    for path in (ROOT / "src" / "waspglass").rglob("*.py")
    if path.name not in {"__init__.py", "__main__.py"} and "centre" not in path.parts
)
_WITHOUT = """
import importlib, os, signal, stat, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in {"resource", "fcntl", "pwd", "grp", "termios", "tty", "readline"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
for name in ("resource", "fcntl", "pwd", "grp", "termios", "tty"):
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Absent())
for name in (
    "fork forkpty pread preadv O_NOFOLLOW O_DIRECTORY O_NONBLOCK O_NOCTTY sched_getaffinity getuid geteuid mkfifo nice "
    "register_at_fork waitid statvfs getpgid setsid"
).split():
    if hasattr(os, name):
        delattr(os, name)
os.process_cpu_count = os.cpu_count  # Python 3.13 decides when it is built whether this one asks for the affinity
for name in ("pthread_sigmask", "SIGKILL", "SIGHUP", "SIGALRM", "sigwait", "setitimer", "SIGUSR1"):
    if hasattr(signal, name):
        delattr(signal, name)
os.supports_dir_fd = frozenset()
os.supports_fd = frozenset()
flush = os.fsync
def fsync(descriptor):
    if stat.S_ISREG((state := os.fstat(descriptor)).st_mode):
        os.ftruncate(descriptor, state.st_size)  # Windows flushes only what is open for writing
    flush(descriptor)
os.fsync = fsync
"""


def without_posix(code: str) -> subprocess.CompletedProcess[str]:
    # Our own interpreter on a text of ours.
    return subprocess.run([sys.executable, "-c", _WITHOUT + code], capture_output=True, text=True, check=False)


def test_names_leave_room_for_the_folder_on_windows() -> None:
    """Windows takes 259 characters; a checkout in somebody's downloads, .venv and site-packages in it, have some 90."""
    package = ROOT / "src" / "waspglass"
    names = [path.relative_to(package.parent).as_posix() for path in package.rglob("*") if path.suffix != ".pyc"]
    assert len(names) > 900
    assert [name for name in names if len(name) > 165] == []


@pytest.mark.parametrize("package", sorted({name.split(".")[1] for name in MODULES}))
def test_every_module_can_be_loaded(package: str) -> None:
    names = [name for name in MODULES if name.split(".")[1] == package]
    done = without_posix(f"for name in {names!r}:\n    importlib.import_module(name)\n")
    assert done.returncode == 0, done.stderr[-1500:]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_evidence_is_examined_with_the_same_result(tmp_path: Path, workers: str) -> None:
    example = ROOT / "examples" / "patched-but-occupied"
    facts = f"{example}.facts.json"
    words = ["waspglass", "examine", str(example), "--facts", facts, "--workers", workers, "--out", str(tmp_path / "o")]
    run = f"sys.argv = {words!r}\nfrom waspglass.cli.main import run\nrun()\n"
    done = without_posix(run)
    assert done.returncode == 30, done.stderr[-1500:]
    assert ".log:" in done.stdout


def test_lines_of_a_large_log_are_numbered(tmp_path: Path) -> None:
    """The blocks between two hits are not counted while they are searched, and so read again."""
    head = "#Fields: date time cs-method cs-uri-stem c-ip sc-status\r\n"
    hit = "2021-03-03 00:00:01 POST /aspnet_client/supp0rt.aspx 198.51.100.7 200\r\n"
    quiet = "2021-03-03 00:00:01 GET /owa/ 198.51.100.8 200\r\n" * 100_000
    log = tmp_path / "u_ex210303.log"
    log.write_text(head + hit + quiet + hit, newline="")
    words = ["waspglass", "examine", str(log), "--format", "json"]
    done = without_posix(f"sys.argv = {words!r}\nfrom waspglass.cli.main import run\nrun()\n")
    assert "Traceback" not in done.stderr, done.stderr[-1500:]
    assert {2, 100_003} <= {found["line"] for found in json.loads(done.stdout)["findings"]}


def test_an_export_is_added_to_a_store_and_shown(tmp_path: Path) -> None:
    export = next((ROOT / "examples" / "census-march-2021" / "exports").glob("*exchange*"))
    for words in (["add", str(export)], ["show"]):
        words = ["waspglass", "census", *words, "--store", str(tmp_path / "store")]
        done = without_posix(f"sys.argv = {words!r}\nfrom waspglass.cli.main import run\nrun()\n")
        assert done.returncode == 0, done.stderr[-1500:]
        assert done.stdout
