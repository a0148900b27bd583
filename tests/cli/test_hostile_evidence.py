"""Evidence that somebody prepared against its reader, through the program as a user calls it.

Each case ends soon, in bounded memory, with a verdict and counted skips or with one line that says what is wrong.
"""

from __future__ import annotations

import io
import json
import os
import socket
import struct
import subprocess
import sys
import tarfile
import unicodedata
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.evidence.trees import write_tree, zip_bytes
from tests.hunt.evidence import IIS_FIELDS, row

resource = pytest.importorskip("resource", reason="this system limits no process")
LOGS = "C/inetpub/logs/LogFiles/W3SVC1/"
LOG = f"#Fields: {IIS_FIELDS}\r\n{row('/aspnet_client/supp0rt.aspx', method='POST')}\r\n".encode()
SECONDS, MEGABYTES = 60, 700
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@dataclass(frozen=True)
class Answer:
    """What the program said."""

    code: int
    document: dict[str, object]
    error: str

    @property
    def skips(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        for skip in self.document["skipped"]:  # type: ignore[attr-defined]  # JSON
            counted[skip["reason"]] += skip["count"]
        return counted

    @property
    def found(self) -> set[str]:
        """Where the page was seen."""
        return {str(one["source"]) for one in self.document["findings"]}  # type: ignore[attr-defined]  # JSON


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def examine(evidence: Path, out: Path) -> Answer:
    """Runs the program under a limit of processor time; its memory is looked at afterwards."""
    words = [sys.executable, "-m", "waspglass.cli", "examine", str(evidence), "--format", "json", "--out", str(out)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=600, preexec_fn=_bounded)
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    for text in (done.stdout, done.stderr):
        assert not {c for c in text if unicodedata.category(c) in HIDDEN and c != "\n"}
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    assert peak < MEGABYTES or peak == before // 1024
    return Answer(done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr)


def test_pipes_sockets_devices_and_links_are_skipped_without_waiting(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "e", {LOGS + "u_ex210303.log": LOG}) / LOGS
    os.mkfifo(folder / "u_ex210304.log")
    (folder / "u_ex210305.log").symlink_to("/dev/zero")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..", target_is_directory=True)
    (folder / "proc").symlink_to("/proc", target_is_directory=True)
    here = Path.cwd()
    os.chdir(folder)  # the name of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("s.log")
    finally:
        os.chdir(here)
    answer = examine(tmp_path / "e", tmp_path / "out")
    assert answer.skips["special file"] == 2
    assert answer.skips["outside root"] == 4
    assert len(answer.found) == 1


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/null", "/nonexistent", ""])
def test_what_is_no_evidence_is_said(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    answer = examine(Path(place) if place else tmp_path / "empty", tmp_path / "out")
    assert (answer.code, answer.error.count("\n")) == (3, 1)
    assert not (tmp_path / "out").exists()


def test_a_pipe_as_evidence_is_said_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    answer = examine(tmp_path / "pipe", tmp_path / "out")
    assert (answer.code, "neither a folder nor a file" in answer.error) == (3, True)


def test_names_of_members_act_on_nothing(tmp_path: Path) -> None:
    names = ["a\nb.log", "bidi\u202egol.log", "\x1b[2J.log", "n" * 60_000 + ".log", "=cmd|x.log"]
    names += ["A.LOG", "a.log", "é.log"]
    outside = ["../../x.log", "/abs.log", "C:/../x.log", "x:stream.log"]
    archive = tmp_path / "names.zip"
    archive.write_bytes(zip_bytes({f"C/logs/{name}": LOG for name in names} | dict.fromkeys(outside, LOG)))
    answer = examine(archive, tmp_path / "out")
    assert answer.skips["same file"] == 1
    assert answer.skips["outside root"] + answer.skips["special file"] == len(outside)
    assert len(answer.found) == len(names) - 1
    assert {path.name for path in tmp_path.iterdir()} == {"names.zip", "out"}


def test_a_tar_of_everything_that_a_tar_can_hold(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)
        for name, kind in zip("lhcf", kinds, strict=True):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        for name in (LOGS + "u_ex210303.log", "../../escaped.log", "/etc/absolute.log"):
            info = tarfile.TarInfo(name)
            info.size = len(LOG)
            archive.addfile(info, io.BytesIO(LOG))
    (tmp_path / "e.tar").write_bytes(out.getvalue())
    answer = examine(tmp_path / "e.tar", tmp_path / "out")
    assert (answer.skips["outside root"], answer.skips["special file"], len(answer.found)) == (4, 2, 1)


def _overlapping(count: int) -> bytes:
    """Entries of a directory that all stand for the same 10 MB of packed zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = bytes(10 << 20)
    data = packer.compress(raw) + packer.flush()
    sizes = (zlib.crc32(raw), len(data), len(raw))
    body = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, *sizes, 7, 0) + b"C/a.log" + data
    names = [f"C/inetpub/logs/LogFiles/W3SVC1/u_ex{at:06}.log".encode() for at in range(count)]
    entry = struct.Struct("<4s6H3I5H2I")
    directory = b"".join(
        entry.pack(b"PK\x01\x02", 20, 20, 0, 8, 0, 0, *sizes, len(name), 0, 0, 0, 0, 0, 0) + name for name in names
    )
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end


def test_a_bomb_of_overlapping_members_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "bomb.zip").write_bytes(_overlapping(5000))
    answer = examine(tmp_path / "bomb.zip", tmp_path / "out")
    assert answer.skips["damaged"] == 5000


def test_archives_in_archives_end_somewhere(tmp_path: Path) -> None:
    content = zip_bytes({"u_ex.log": LOG})
    for level in range(4):
        content = zip_bytes({f"{level}-{at}.zip": content for at in range(6)})
    (tmp_path / "nested.zip").write_bytes(content)
    answer = examine(tmp_path / "nested.zip", tmp_path / "out")
    assert answer.skips["too deep"] > 0


def test_a_zip_with_a_member_without_a_name(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("X"), b"x")
        archive.writestr(zipfile.ZipInfo("C/u_ex.log"), LOG)
    content = out.getvalue().replace(b"X", b"\0", 2)
    (tmp_path / "e.zip").write_bytes(content)
    answer = examine(tmp_path / "e.zip", tmp_path / "out")
    assert len(answer.found) == 1


def test_long_lines_sparse_files_and_empty_ones(tmp_path: Path) -> None:
    folder = write_tree(
        tmp_path / "e",
        {
            LOGS + "u_ex210301.log": LOG + b"A" * (40 << 20) + b"\r\n" + LOG,
            LOGS + "u_ex210302.log": LOG,
            LOGS + "u_ex210303.log": b"",
            LOGS + "u_ex210304.log": LOG.split(b"\n")[0] + b"\n",
            LOGS + "u_ex210305.log": LOG.decode().encode("utf-16"),
            LOGS + "u_ex210306.log": LOG + bytes(100_000),
        },
    )
    os.truncate(folder / LOGS / "u_ex210302.log", 2 << 30)
    answer = examine(folder, tmp_path / "out")
    assert len(answer.found) == 4
    assert answer.skips["line too long"] == 2
    assert answer.skips["empty"] == 2  # one has a header
