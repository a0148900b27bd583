"""How a log is opened and cut into blocks."""

from __future__ import annotations

import gzip
import io
import os
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import IIS_FIELDS, MemoryFile, row, rules_of, sigma
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.compressed import decompressed
from waspglass.evidence.limits import Limits
from waspglass.evidence.member import TreeFile
from waspglass.evidence.open import open_evidence
from waspglass.evidence.signature import Signature
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome.result import Progress
from waspglass.hunt.scan import blocks, line_numbers
from waspglass.hunt.scan.blocks import open_blocks
from waspglass.model.skip import SkipReason

POST_JS = sigma("s: {cs-method: POST, cs-uri-stem|endswith: .js}\ncondition: s")
LIMIT = 1 << 20


def _log(rows: int) -> bytes:
    lines = [row("/a.js" if n % 5000 == 7 else "/owa/", method="POST", query=f"n={n}") for n in range(rows)]
    lines.insert(rows // 2, "y" * (2 * LIMIT))
    return "\r\n".join([f"#Fields: {IIS_FIELDS}", *lines]).encode()


@dataclass(frozen=True)
class LocalFile:
    """A file on this machine, opened as the evidence opens it."""

    path: str
    local: Path
    modified: datetime | None = None
    forkable: bool = True
    above: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return self.local.stat().st_size

    def open(self) -> BinaryIO:
        return self.local.open("rb")

    def seekable(self) -> BinaryIO:
        return self.open()


def test_a_local_file_gives_what_a_stream_gives(tmp_path: Path) -> None:
    data = _log(20_000)
    path = tmp_path / "log"
    path.write_bytes(data)
    on_disk = hunt([Artefact("iis", "w3c", LocalFile("log", path))], rules_of(POST_JS))
    streamed = hunt([Artefact("iis", "w3c", MemoryFile("log", data))], rules_of(POST_JS))
    assert on_disk.findings == streamed.findings
    assert on_disk.skipped == streamed.skipped
    assert len(on_disk.findings) == 4


@pytest.mark.parametrize("quiet", [0, 3 << 20])
def test_lines_that_were_not_counted_are_caught_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: int
) -> None:
    monkeypatch.setattr(line_numbers, "_QUIET", quiet)
    monkeypatch.setattr(line_numbers, "_FEW", 1 << 20)
    data = _log(60_000)
    path = tmp_path / "log"
    path.write_bytes(data)
    found = hunt([Artefact("iis", "w3c", LocalFile("log", path))], rules_of(POST_JS))
    wanted = [number for number, line in enumerate(data.split(b"\n"), 1) if b"/a.js" in line]
    assert sorted(one.line or 0 for one in found.findings) == wanted
    assert len(wanted) == 12


@pytest.mark.parametrize("local", [True, False])
def test_a_stream_without_a_descriptor_is_read(local: bool) -> None:
    blocks = [bytes(one.view[one.start : one.end]) for one in open_blocks(io.BytesIO(b"a\nb"), LIMIT, local=local)]
    assert b"".join(blocks) == b"a\nb\n"


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system opens files without O_NOFOLLOW")
@pytest.mark.parametrize("link", ["file", "folder"])
def test_a_link_put_in_place_of_a_listed_log_is_not_followed(tmp_path: Path, link: str) -> None:
    """Whoever can write into the evidence while it is examined must not have other files of the machine read."""
    inside, outside = tmp_path / "evidence" / "logs", tmp_path / "outside"
    inside.mkdir(parents=True)
    outside.mkdir()
    (inside / "u_ex.log").write_bytes(_log(10))
    (outside / "u_ex.log").write_bytes(_log(100))
    with open_evidence(tmp_path / "evidence") as evidence:
        (listed,) = evidence.files()
        (inside / "u_ex.log").unlink()
        if link == "file":
            (inside / "u_ex.log").symlink_to(outside / "u_ex.log")
        else:
            inside.rmdir()
            inside.symlink_to(outside, target_is_directory=True)
        result = hunt([Artefact("iis", "w3c", listed)], rules_of(POST_JS))
    assert result.findings == ()
    assert [one.reason for one in result.skipped] == [SkipReason.UNREADABLE]
    assert result.scanned == ()


def test_a_log_that_becomes_shorter_while_it_is_read_is_a_skip_and_what_came_before_stands(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(_log(40_000))
    told = 0

    def cut(_: Progress) -> None:
        nonlocal told
        told += 1
        if told == 1:
            os.truncate(path, 4096)

    result = hunt([Artefact("iis", "w3c", LocalFile("log", path))], rules_of(POST_JS), progress=cut)
    assert 9 in {one.line for one in result.findings}
    assert SkipReason.TRUNCATED in {one.reason for one in result.skipped}


def test_a_log_that_grows_while_it_is_read_is_read_as_far_as_it_went(tmp_path: Path) -> None:
    path = tmp_path / "log"
    data = _log(40_000)
    path.write_bytes(data)

    def grow(_: Progress) -> None:
        with path.open("ab") as log:
            log.write(data)

    result = hunt([Artefact("iis", "w3c", LocalFile("log", path))], rules_of(POST_JS), progress=grow)
    assert [one.bytes - 1 for one in result.scanned] == [len(data)]  # the last line got a line feed


def test_what_stands_before_a_damaged_place_of_a_compressed_log_has_its_line() -> None:
    data = gzip.compress(_log(20_000))[:-1000]
    file = TreeFile(
        "log.gz", None, None, None, lambda: decompressed(io.BytesIO(data), Signature.GZIP, Limits(), "log.gz")
    )
    result = hunt([Artefact("iis", "w3c", file)], rules_of(POST_JS))
    assert [one.line for one in result.findings][:1] == [9]
    assert SkipReason.TRUNCATED in {one.reason for one in result.skipped}


def test_a_hole_of_a_terabyte_is_a_long_line_that_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log"
    head = _log(10)
    path.write_bytes(head)
    try:
        with path.open("r+b") as log:
            log.truncate(1 << 40)
    except OSError:
        pytest.skip("the file system has no sparse files of that size")
    begun = time.process_time()
    result = hunt([Artefact("iis", "w3c", LocalFile("log", path))], rules_of(POST_JS))
    assert time.process_time() - begun < 20
    assert [one.line for one in result.findings] == [10]
    assert SkipReason.LINE_TOO_LONG in {one.reason for one in result.skipped}


def _blocks_of(stream: BinaryIO, limit: int, *, local: bool) -> list[tuple[int, int, bytes]]:
    return [
        (block.offset, block.too_long, bytes(block.view[block.start : block.end]))
        for block in open_blocks(stream, limit, local=local)
    ]


def test_a_stream_that_unpacks_a_file_is_not_measured_by_it(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    data = b"a row\n" * 3000
    path.write_bytes(gzip.compress(data))
    with gzip.open(path) as stream:
        assert b"".join(lines for _, _, lines in _blocks_of(cast("BinaryIO", stream), 4096, local=False)) == data


@pytest.mark.parametrize("local", [True, False])
@given(st.lists(st.integers(0, 30).map(lambda length: b"x" * length), max_size=12), st.booleans(), st.integers(1, 16))
def test_blocks_hold_each_line_once_and_tell_of_those_that_are_too_long(
    local: bool, lines: list[bytes], ended: bool, size: int
) -> None:
    """Lines may be as long as the limit and what is read at once; what is longer is skipped whole, and counted."""
    limit = 10
    data = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    with tempfile.TemporaryFile() as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", size)
        file.write(data)
        file.seek(0)
        found = _blocks_of(file, limit, local=local)
    told, at = [], 0
    for offset, too_long, text in found:
        skipped = data[at:offset]
        assert skipped.count(b"\n") + bool(skipped and not skipped.endswith(b"\n")) == too_long
        assert not text or text.endswith(b"\n")
        assert (data + b"\n").startswith(text, offset)
        told += text.splitlines()
        at = offset + len(text)
    assert at >= len(data)
    assert all(line in told for line in data.splitlines() if len(line) <= limit)
    assert not any(len(line) > limit + size for line in told)
