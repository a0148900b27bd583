"""The program where its streams are closed, full or not a terminal, and where it is interrupted."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.census.exports import banner, jsonl
from tests.cli.test_examine import OCCUPIED, REPORTS
from waspglass.census.store.folder import Folder
from waspglass.cli import streams
from waspglass.hunt.cache import Cache, user_cache_folder

PROGRAM = [sys.executable, "-m", "waspglass.cli"]
HANGUP = getattr(signal, "SIGHUP", signal.SIGTERM)  # Windows has none, and runs none of these tests
full_disk = pytest.mark.skipif(os.name != "posix" or not Path("/dev/full").exists(), reason="needs /dev/full")
posix = pytest.mark.skipif(os.name != "posix", reason="uses a POSIX shell")


def shell(line: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a line of shell with the program's words as `"$@"`."""
    command = ["bash", "-c", line, "bash", *PROGRAM, *words]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        errors="surrogateescape",
        env={**os.environ, **environment},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_stream_is_no_fault_and_the_reports_are_written(tmp_path: Path, closed: str) -> None:
    done = shell(f'"$@" {closed}', *OCCUPIED, "--out", str(tmp_path / "out"))
    assert done.returncode == 30
    assert {path.name for path in (tmp_path / "out").iterdir()} == REPORTS


@posix
def test_a_reader_that_leaves_early_keeps_no_report_from_being_written(tmp_path: Path) -> None:
    done = shell(
        '"$@" | head -c 1; exit "${PIPESTATUS[0]}"', *OCCUPIED, "--format", "json", "--out", str(tmp_path / "o")
    )
    assert done.returncode == 30
    assert {path.name for path in (tmp_path / "o").iterdir()} == REPORTS


@pytest.mark.parametrize(("words", "code"), [(("--help",), 1), (OCCUPIED, 30)], ids=["help", "examine"])
def test_a_reader_that_left_before_the_answer_is_no_fault(words: tuple[str, ...], code: int) -> None:
    with subprocess.Popen([*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == b""
    assert process.returncode == code


def test_windows_says_invalid_argument_of_a_pipe_without_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe(io.StringIO):
        def flush(self) -> None:
            raise fault

    fault = OSError(errno.EINVAL, "Invalid argument")
    monkeypatch.setattr(streams, "_PIPES_END_INVALID", True)
    assert not streams.reader_left(fault)  # of something else: standard output takes what it is given
    monkeypatch.setattr(sys, "stdout", Pipe())
    assert streams.reader_left(fault)


@posix
def test_a_reader_that_leaves_early_keeps_no_export_from_being_added(tmp_path: Path) -> None:
    for number in range(1, 6):
        (tmp_path / f"2021-03-0{number}.json").write_bytes(jsonl(banner(f"192.0.2.{number}")))
    line = f'"$@" "{tmp_path}"/*.json | exec <&-; exit "${{PIPESTATUS[0]}}"'
    assert shell(line, "census", "add", "--store", str(tmp_path / "store")).returncode == 0
    assert len(Folder(str(tmp_path / "store")).manifest().added) == 5


@full_disk
def test_standard_error_that_cannot_be_written_takes_neither_answer_nor_exit_code(tmp_path: Path) -> None:
    done = shell('"$@" 2> /dev/full', *OCCUPIED, "--format", "json", "--out", str(tmp_path / "out"))
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (30, "occupied")
    assert shell('"$@" 2> /dev/full', "examine", "nowhere").returncode == 3


@full_disk
@pytest.mark.parametrize("unheard", ["2> /dev/full", "2> >(exec <&-)"])
@pytest.mark.parametrize("words", [("examine",), ("--bogus",), ("census", "report", "--country")])
def test_wrong_use_that_nobody_hears_of_keeps_its_exit_code(words: tuple[str, ...], unheard: str) -> None:
    assert shell(f'"$@" {unheard}', *words).returncode == 2


@full_disk
def test_standard_output_on_a_full_disk_is_said(tmp_path: Path) -> None:
    done = shell('"$@" > /dev/full', *OCCUPIED, "--out", str(tmp_path / "out"))
    assert done.returncode == 5
    assert "standard output" in done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == REPORTS


@posix
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_standard_output_with_room_for_a_part_of_the_answer_is_said(tmp_path: Path, unbuffered: str) -> None:
    line = f'ulimit -f 8; "$@" > "{tmp_path}/answer.json"'
    done = shell(line, *OCCUPIED, "--format", "json", PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 5
    assert "standard output" in done.stderr


@posix
def test_a_full_disk_leaves_no_half_report_but_the_answer(tmp_path: Path) -> None:
    done = shell('ulimit -f 20; "$@"', *OCCUPIED, "--out", str(tmp_path / "out"))
    assert done.returncode == 5
    assert "cannot be written" in done.stderr
    assert done.stdout.startswith("Patched but occupied: ")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_out_that_is_a_file_is_said(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    for out in (taken, taken / "below"):
        done = subprocess.run([*PROGRAM, *OCCUPIED, "--out", str(out)], capture_output=True, text=True, check=False)
        assert done.returncode == 5
        assert str(taken) in done.stderr
    assert taken.read_text() == "mine"


@posix
@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "latin-1"},
        {"TERM": "dumb"},
        {"NO_COLOR": "1", "TERM": "xterm-256color"},
        {"PYTHONWARNINGS": "error"},
        {"PYTHONOPTIMIZE": "2"},
        {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/proc/nowhere"},
    ],
    ids=str,
)
def test_surroundings_change_nothing_but_characters(environment: dict[str, str]) -> None:
    done = shell('"$@"', *OCCUPIED, "--lang", "de", **environment)
    assert done.returncode == 30
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "aspnet_client/sample.aspx" in done.stdout


@posix
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp850", "utf-8"])
def test_marks_are_drawn_and_json_stays_json_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    """Windows gives a pipe the code page of the machine."""
    words = (*OCCUPIED, "--lang", "de")
    shell(f'"$@" > "{tmp_path}/text"', *words, PYTHONIOENCODING=encoding)
    text = (tmp_path / "text").read_bytes().decode(encoding)
    assert "\\u25" not in text
    assert "\\u27" not in text
    drawn = {"utf-8": "├── ✔ Deckel", "cp850": "├── + Deckel"}
    assert drawn.get(encoding, "|-- + Deckel") in text
    shell(f'"$@" > "{tmp_path}/json"', *words, "--format", "json", PYTHONIOENCODING=encoding)
    assert "für" in json.loads((tmp_path / "json").read_bytes())["limits"][0]["text"].replace("Für", "für")


def on_a_terminal(columns: int, **environment: str) -> str:
    """What the program shows on a terminal of so many columns; 0 is one that does not tell its size."""
    pty, fcntl, termios = (pytest.importorskip(name) for name in ("pty", "fcntl", "termios"))
    try:
        ours, theirs = pty.openpty()
    except OSError as fault:
        pytest.skip(f"this machine gives no terminal ({fault})")
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "COLUMNS")}
    process = subprocess.Popen([*PROGRAM, *OCCUPIED], stdout=theirs, stderr=theirs, env=clean | environment)
    os.close(theirs)
    shown = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:  # how Linux says that the other end was closed
            read = b""
        if not read:
            break
        shown += read
    os.close(ours)
    assert process.wait() == 30
    return shown.decode()


@posix
@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"TERM": "dumb", "NO_COLOR": ""}], ids=str)
def test_a_dumb_terminal_gets_no_escape_and_the_verdict_first(environment: dict[str, str]) -> None:
    shown = on_a_terminal(80, **environment)
    assert "\x1b" not in shown
    assert shown.startswith("Patched but occupied: ")


@posix
def test_an_empty_no_color_asks_for_nothing() -> None:
    assert "\x1b[1m" in on_a_terminal(80, TERM="xterm", NO_COLOR="")
    assert "\x1b[1m" not in on_a_terminal(80, TERM="xterm", NO_COLOR="1")


@posix
def test_a_terminal_that_tells_no_size_is_taken_for_eighty_columns() -> None:
    assert "Patched but occupied: the update closed the entrance on 2021-03-05, but an\r\n" in on_a_terminal(
        0, TERM="dumb"
    )


@posix
def test_progress_keeps_to_one_line_of_a_narrow_terminal() -> None:
    two_lines = "\x1b[2K\x1b[1A\x1b[2K"
    assert two_lines not in on_a_terminal(40, TERM="xterm")


def test_what_bears_no_exception_is_loaded_before_a_request_to_end_becomes_one() -> None:
    """orjson 3.13 crashes if one is raised while it loads; so long a request ends the process as it always does."""
    body = """
import sys
import waspglass.cli.main as main
prepared = main._end_in_order
main._end_in_order = lambda: print("orjson" in sys.modules) or prepared()
sys.argv = ["waspglass", "--version"]
main.run()
"""
    done = subprocess.run([sys.executable, "-c", body], capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines()[0], done.returncode) == ("True", 0)


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, HANGUP], ids=str)
@pytest.mark.parametrize("delay", [0.15, 0.4, 0.7, 1.0])
def test_an_interrupt_at_any_time_leaves_all_reports_or_none(tmp_path: Path, delay: float, number: int) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*PROGRAM, *OCCUPIED, "--out", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(delay)
    process.send_signal(number)
    process.communicate(timeout=60)
    left = {path.name for path in out.iterdir()} if out.exists() else set()
    assert left in (set(), REPORTS)
    assert process.returncode in (128 + number, 30, -number, 1)  # 1: before the program itself had begun


@posix
@pytest.mark.parametrize(
    ("number", "before", "code", "said"),
    [
        (signal.SIGTERM, signal.SIG_DFL, 128 + signal.SIGTERM, "put away\n"),
        (HANGUP, signal.SIG_DFL, 128 + HANGUP, "put away\n"),
        (HANGUP, signal.SIG_IGN, 0, "went on\nput away\n"),
    ],
)
def test_a_request_to_end_puts_things_away_first_and_one_that_is_ignored_ends_nothing(
    number: int, before: signal.Handlers, code: int, said: str
) -> None:
    body = f"""
import os, signal
from waspglass.cli.main import _end_in_order
signal.signal({number:d}, signal.Handlers({before:d}))
_end_in_order()
try:
    os.kill(os.getpid(), {number:d})
    print("went on")
finally:
    print("put away")
"""
    done = subprocess.run([sys.executable, "-c", body], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, said)


@posix
@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "waspglass: interrupted\n"), (signal.SIGTERM, "")])
def test_a_request_to_end_that_a_library_makes_a_fault_of_its_own_ends_in_order(number: int, said: str) -> None:
    body = f"""
import contextlib, os
from waspglass.cli import commands, main

def query(prog_name):
    with contextlib.suppress(BaseException):
        os.kill(os.getpid(), {number:d})
    raise RuntimeError("Query interrupted")  # DuckDB does so

commands.program = lambda words: query
main.run()
"""
    done = subprocess.run([sys.executable, "-c", body], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (128 + number, said)


@posix
def test_a_forked_worker_that_is_asked_to_end_puts_nothing_of_its_parent_away() -> None:
    body = """
import os, signal
from waspglass.cli.main import _end_in_order
_end_in_order()
pid = os.fork()
try:
    if pid == 0:
        os.kill(os.getpid(), signal.SIGTERM)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
finally:
    print("put away")
"""
    done = subprocess.run([sys.executable, "-c", body], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{-signal.SIGTERM}\nput away\n")


@posix
def test_a_folder_that_was_removed_below_the_user_is_said(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    done = shell(f'cd {tmp_path}/gone && rmdir {tmp_path}/gone && "$@"', *OCCUPIED, "--out", "report")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "there no more" in done.stderr


def test_a_user_without_a_home_has_a_cache_that_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container often runs as a number that no name or home belongs to."""

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    for name in ("WASPGLASS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    cache = Cache(user_cache_folder())
    cache.put("0" * 64, b"x")
    assert cache.get("0" * 64) is None


@full_disk
@pytest.mark.parametrize("words", [("--help",), ("--version",), ("pack", "check", "toolshell"), ("trace", "--help")])
def test_a_full_disk_is_said_whatever_the_command(words: tuple[str, ...]) -> None:
    done = shell('"$@" > /dev/full', *words)
    assert done.returncode == 5
    assert done.stderr.startswith("waspglass: the answer cannot be written to standard output")
