"""Zips of other methods than stored and deflated: Deflate64 of Windows Explorer, bzip2 and LZMA."""

from __future__ import annotations

import bz2
import io
import random
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import inflate64
import pytest

from tests.evidence.trees import read_all
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import Limits
from waspglass.evidence.open import open_evidence
from waspglass.model.errors import EvidenceError
from waspglass.model.skip import SkipReason

ROWS = b"".join(
    b"2021-03-03 00:00:01 10.0.0.1 POST /ecp/x%d.js q=%d 443 - 198.51.100.7 Mozilla/5.0 - 200 0 0 5\r\n" % (n % 7, n)
    for n in range(9_000)
)
NAME = b"C/logs/u_ex210303.log"
AS_WINDOWS = r"C:\logs\u_ex210303.log"
METHODS = {9: "deflate64", 12: "bzip2", 14: "lzma"}


def deflated64(content: bytes) -> bytes:
    deflater = inflate64.Deflater()
    return bytes(deflater.deflate(content) + deflater.flush())


def zip_of(method: int, packed: bytes, size: int, crc: int) -> bytes:
    """A zip of one member, as the writers of these methods lay it out: lengths in both headers."""
    common = struct.pack("<5H3I2H", 45, 0, method, 0, 0, crc, len(packed), size, len(NAME), 0)
    local = b"PK\x03\x04" + common + NAME + packed
    directory = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<3H2I", 0, 0, 0, 0, 0) + NAME
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), len(local), 0)
    return local + directory + end


def made_by_python(method: int, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(NAME.decode(), content)
    return out.getvalue()


def whole_zip(method: int, content: bytes) -> bytes:
    if method == 9:
        return zip_of(method, deflated64(content), len(content), zlib.crc32(content))
    return made_by_python(method, content)


def put(tmp_path: Path, raw: bytes) -> Path:
    place = tmp_path / "collected.zip"
    place.write_bytes(raw)
    return place


def read_through(place: Path) -> tuple[int, SkipReason | None]:
    """How many bytes are given, and the fault behind them."""
    given = 0
    with open_evidence(place) as evidence:
        (file,) = evidence.files()
        try:
            with file.open() as stream:
                while block := stream.read(64 * 1024):
                    given += len(block)
        except EvidenceReadError as fault:
            return given, fault.reason
    return given, None


@pytest.mark.parametrize("method", METHODS, ids=METHODS.get)
@pytest.mark.parametrize("content", [ROWS, b"", b"x"], ids=["log", "empty", "one byte"])
def test_the_member_is_read(tmp_path: Path, method: int, content: bytes) -> None:
    assert read_all(put(tmp_path, whole_zip(method, content))) == ({AS_WINDOWS: content}, {})


@pytest.mark.parametrize("method", METHODS, ids=METHODS.get)
def test_two_readers_of_one_member_do_not_disturb_each_other(tmp_path: Path, method: int) -> None:
    with open_evidence(put(tmp_path, whole_zip(method, ROWS))) as evidence:
        (file,) = evidence.files()
        with file.open() as one, file.open() as two:
            assert one.read(1000) + two.read(1000) + one.read(1000) == ROWS[:1000] + ROWS[:2000]


@pytest.mark.parametrize("method", METHODS, ids=METHODS.get)
def test_other_bytes_than_were_packed_are_damage_and_come_first(tmp_path: Path, method: int) -> None:
    raw = whole_zip(method, ROWS).replace(struct.pack("<I", zlib.crc32(ROWS)), b"\1\2\3\4")
    assert read_through(put(tmp_path, raw)) == (len(ROWS), SkipReason.DAMAGED)


def test_a_member_that_ends_too_early_says_so(tmp_path: Path) -> None:
    packed = deflated64(ROWS)[:-4000]
    given, reason = read_through(put(tmp_path, zip_of(9, packed, len(ROWS), zlib.crc32(ROWS))))
    assert reason is SkipReason.TRUNCATED
    assert len(ROWS) // 2 < given < len(ROWS)


def test_more_than_the_directory_promises_is_not_given(tmp_path: Path) -> None:
    raw = zip_of(9, deflated64(ROWS), 1000, zlib.crc32(ROWS[:1000]))
    assert read_all(put(tmp_path, raw)) == ({AS_WINDOWS: ROWS[:1000]}, {})


def test_a_few_bytes_of_bzip2_do_not_fill_the_memory(tmp_path: Path) -> None:
    """`zipfile` unpacks all that it has read at once: 400 MB here, whatever the directory says."""
    zeros = bytes(400_000_000)
    packed = bz2.compress(zeros)
    raw = zip_of(12, packed, 200_000_000, 0)
    del zeros
    place = put(tmp_path, raw)
    with open_evidence(place) as evidence:
        (file,) = evidence.files()
        tracemalloc.start()
        try:
            with file.open() as stream:
                assert stream.read(100) == bytes(100)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 20_000_000


def test_a_bomb_of_deflate64_is_told(tmp_path: Path) -> None:
    size = 30_000_000
    raw = zip_of(9, deflated64(bytes(size)), size, 0)
    with pytest.raises(EvidenceError, match="compression bomb"):
        open_evidence(put(tmp_path, raw), Limits(ratio_floor=100_000))


def test_lzma_that_asks_for_gigabytes_is_refused(tmp_path: Path) -> None:
    raw = made_by_python(14, ROWS)
    at = raw.index(NAME) + len(NAME) + 5  # version, length, and the byte of lc, lp and pb
    greedy = raw[:at] + struct.pack("<I", 0xFFFFFFF0) + raw[at + 4 :]
    assert read_through(put(tmp_path, greedy)) == (0, SkipReason.UNREADABLE)


@pytest.mark.parametrize("method", METHODS, ids=METHODS.get)
def test_a_member_that_lies_before_the_archive_is_unreadable(tmp_path: Path, method: int) -> None:
    raw = bytearray(whole_zip(method, ROWS))
    at = raw.rfind(b"PK\x05\x06") + 16
    raw[at : at + 4] = struct.pack("<I", struct.unpack("<I", raw[at : at + 4])[0] + 100)
    assert read_through(put(tmp_path, bytes(raw))) == (0, SkipReason.UNREADABLE)
    _, skipped = read_all(put(tmp_path, bytes(raw).replace(NAME, NAME[:-4] + b".zip")))
    assert list(skipped.values()) == [SkipReason.UNREADABLE]


def test_what_few_zips_need_is_not_loaded_at_the_start() -> None:
    code = "import sys, waspglass.evidence.open; sys.exit('inflate64' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("method", METHODS, ids=METHODS.get)
def test_whatever_is_in_the_archive_the_fault_is_one_of_ours(tmp_path: Path, method: int) -> None:
    chance = random.Random(method)
    good = whole_zip(method, ROWS)
    start, end = good.index(NAME) + len(NAME), good.index(b"PK\x01\x02")
    for number in range(60):
        raw = bytearray(good)
        for _ in range(1 + number % 5):
            raw[chance.randrange(start, end)] ^= chance.randrange(1, 256)
        assert read_through(put(tmp_path, bytes(raw)))[1] is not None
