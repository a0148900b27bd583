"""Zip archives: whole, hostile, damaged, encrypted."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.trees import contents, read_all, zip_bytes
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import DEFAULT_LIMITS
from waspglass.evidence.open import open_evidence
from waspglass.evidence.skip_log import SkipLog
from waspglass.evidence.zip_salvage import SalvagedZip
from waspglass.model.errors import EvidenceError
from waspglass.model.skip import SkipReason

FILES = {f"C/logs/{number}.log": os.urandom(3000) + b"x" * 3000 for number in range(4)}
AS_WINDOWS = {name.replace("C/", "C:/", 1).replace("/", "\\"): content for name, content in FILES.items()}


def put(tmp_path: Path, content: bytes) -> Path:
    place = tmp_path / "evidence.bin"
    place.write_bytes(content)
    return place


def test_members_are_read_by_content_not_by_name(tmp_path: Path) -> None:
    assert read_all(put(tmp_path, zip_bytes(FILES))) == (AS_WINDOWS, {})


def test_hostile_members(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("../up.log", "/etc/passwd", "C/a:c", "C/a:b", "C/ok.log", "c/OK.LOG"):
            archive.writestr(zipfile.ZipInfo(name), b"x")
        link = zipfile.ZipInfo("C/link.log")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        device = zipfile.ZipInfo("C/device.log")
        device.create_system, device.external_attr = 3, (stat.S_IFCHR | 0o600) << 16
        archive.writestr(device, "")
    found, skipped = read_all(put(tmp_path, out.getvalue()))
    assert found == {r"C:\ok.log": b"x"}
    assert sorted(skipped.values()) == sorted(
        [SkipReason.OUTSIDE_ROOT] * 3 + [SkipReason.SPECIAL_FILE] * 3 + [SkipReason.SAME_FILE]
    )


def test_a_bomb_is_refused_before_and_while_reading(tmp_path: Path) -> None:
    limits = replace(DEFAULT_LIMITS, ratio_floor=1_000_000)
    place = put(tmp_path, zip_bytes({"C/bomb.log": bytes(5_000_000), "C/ok.log": b"x"}))
    found, skipped = read_all(place, limits)
    assert found == {r"C:\ok.log": b"x"}
    assert list(skipped.values()) == [SkipReason.COMPRESSION_BOMB]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_bomb_that_claims_to_be_packed_badly_is_one(tmp_path: Path, method: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("C/bomb.log", bytes(5_000_000))
        archive.writestr("C/ok.log", b"x")
    raw = bytearray(out.getvalue())
    packed_at = raw.find(b"PK\x01\x02") + 20
    raw[packed_at : packed_at + 4] = struct.pack("<I", 4_000_000)
    found, skipped = read_all(put(tmp_path, bytes(raw)), replace(DEFAULT_LIMITS, ratio_floor=1_000_000))
    assert found == {r"C:\ok.log": b"x"}
    assert list(skipped.values()) == [SkipReason.COMPRESSION_BOMB]


def test_a_member_that_lies_about_its_size_ends_as_damaged(tmp_path: Path) -> None:
    raw = zip_bytes({"C/x.log": b"a" * 10_000})
    size = struct.pack("<I", 10_000)
    place = put(tmp_path, raw.replace(size, struct.pack("<I", 500)))
    with open_evidence(place) as evidence:
        (file,) = evidence.files()
        with pytest.raises(EvidenceReadError) as caught, file.open() as stream:
            stream.read()
    assert caught.value.reason is SkipReason.DAMAGED


def test_members_that_share_data_are_damaged_but_for_the_last(tmp_path: Path) -> None:
    """Bombs are made so (Fifield 2019): the data of each member are the headers and data of all behind it."""
    raw = bytearray(zip_bytes({"a.log": b"", "b.log": b"here"}))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        begin = archive.start_dir
    data = bytes(raw[30 + len("a.log") : begin])
    struct.pack_into("<H", raw, begin + 10, zipfile.ZIP_STORED)
    struct.pack_into("<3I", raw, begin + 16, zlib.crc32(data), len(data), len(data))
    with open_evidence(put(tmp_path, bytes(raw))) as evidence:
        one, other = evidence.files()
        assert other.open().read() == b"here"
        with pytest.raises(EvidenceReadError, match="damaged"):
            one.open().read()


def test_a_member_under_another_name_is_damaged(tmp_path: Path) -> None:
    raw = zip_bytes({"a.log": b"a", "b.log": b"b"}).replace(b"a.log", b"c.log", 1)
    with open_evidence(put(tmp_path, raw)) as evidence:
        one, other = evidence.files()
        assert other.open().read() == b"b"
        with pytest.raises(EvidenceReadError, match="damaged"):
            one.open().read()


def test_the_sum_of_all_members_is_bounded(tmp_path: Path) -> None:
    found, skipped = read_all(put(tmp_path, zip_bytes(FILES)), replace(DEFAULT_LIMITS, total_bytes=13_000))
    assert len(found) == 2
    assert list(skipped.values()) == [SkipReason.TOO_LARGE] * 2


def test_one_damaged_member_does_not_hide_the_others(tmp_path: Path) -> None:
    raw = bytearray(zip_bytes(FILES))
    raw[200:240] = bytes(40)
    good, bad = {}, []
    with open_evidence(put(tmp_path, bytes(raw))) as evidence:
        for file in evidence.files():
            try:
                with file.open() as stream:
                    good[file.path] = stream.read()
            except EvidenceReadError as fault:
                bad.append(fault.reason)
    assert good == {path: content for path, content in AS_WINDOWS.items() if not path.endswith("0.log")}
    assert bad == [SkipReason.DAMAGED]


def streamed_zip() -> bytes:
    """As a collector writes it into a pipe: lengths stand behind the members."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.out = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]  # narrower on purpose
            self.out += data
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    return bytes(pipe.out)


@pytest.mark.parametrize("raw", [zip_bytes(FILES), streamed_zip()], ids=["with lengths", "streamed"])
def test_a_zip_that_broke_off_gives_what_is_there(tmp_path: Path, raw: bytes) -> None:
    whole = raw[: raw.index(b"PK\x01\x02")]
    found, skipped = read_all(put(tmp_path, whole))
    assert found == AS_WINDOWS
    assert list(skipped.values()) == [SkipReason.DAMAGED]
    with open_evidence(put(tmp_path, whole[:-2000])) as evidence:
        good, cut = {}, []
        for file in evidence.files():
            with file.open() as stream:
                try:
                    good[file.path] = stream.read()
                except EvidenceReadError as fault:
                    cut.append(fault.reason)
    assert len(good) == 3
    assert good.items() <= AS_WINDOWS.items()
    assert cut == [SkipReason.TRUNCATED]


def in_zip64_form(names: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """As a writer makes it that does not know how long a member will be: lengths in the extra field."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in names.items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(content)
    return out.getvalue()


LENGTHS = struct.pack("<HH", 0x0001, 16)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
@pytest.mark.parametrize("extra", ["there", "absent", "absurd", "never written"])
def test_no_member_is_lost_behind_lengths_of_zip64(tmp_path: Path, method: int, extra: str) -> None:
    raw = in_zip64_form(FILES, method)
    whole = bytearray(raw[: raw.index(b"PK\x01\x02")])
    place = whole.find(LENGTHS)
    while place >= 0 and extra != "there":
        if extra == "absent":
            whole[place : place + 2] = b"\x34\x12"
        elif extra == "absurd" and method == zipfile.ZIP_DEFLATED:  # a stored member would be taken for cut
            whole[place + 4 : place + 20] = b"\xff" * 15 + b"\x7f"
        elif extra == "never written":
            whole[place + 4 : place + 20] = bytes(16)
        place = whole.find(LENGTHS, place + 4)
    found, skipped = read_all(put(tmp_path, bytes(whole)))
    assert found == AS_WINDOWS
    assert list(skipped.values()) == [SkipReason.DAMAGED]


def test_a_stored_archive_of_zip64_is_not_cut_at_its_own_members(tmp_path: Path) -> None:
    inner = {"C/inner.zip": zip_bytes(FILES), "C/z.log": bytes(70_000)}  # what ends with a directory is read by that
    raw = in_zip64_form(inner, zipfile.ZIP_STORED)
    found, _ = read_all(put(tmp_path, raw[: raw.rindex(b"PK\x01\x02")]))
    assert found[r"C:\inner.zip"] == inner["C/inner.zip"]
    assert len(found) == len(inner) + len(FILES)


def test_names_of_a_zip_that_broke_off_are_in_the_encoding_that_they_say(tmp_path: Path) -> None:
    raw = zip_bytes({"C/ü.log": b"x", "C/a.log": b"y"})
    raw = raw[: raw.index(b"PK\x01\x02")].replace(b"C/a.log", b"C/\x81.log")
    assert read_all(put(tmp_path, raw))[1].popitem()[1] is SkipReason.DUPLICATE_PATH


def test_a_length_that_is_false_does_not_hide_the_members_behind_it(tmp_path: Path) -> None:
    raw = zip_bytes(FILES)
    whole = bytearray(raw[: raw.index(b"PK\x01\x02")])
    whole[18:22] = struct.pack("<I", 0x7FFFFFFF)
    assert read_all(put(tmp_path, bytes(whole)))[0] == AS_WINDOWS


def local_header(method: int = 8, flags: int = 8) -> bytes:
    return struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, flags, method, 0, 0, 0, 0, 0, 1, 0) + b"a"


def headers_in_one_anothers_data(blocks: int, each: int) -> bytes:
    """A chain of stored deflate blocks; what follows each header in them joins the chain at the next block's start."""
    length = 60_000
    out = bytearray(local_header())
    for _ in range(blocks):
        body = bytearray(b"\x01" * length)
        for at in range(0, length - 100, length // each):
            rest = length - at - len(local_header()) - 5
            piece = local_header() + b"\0" + struct.pack("<HH", rest, rest ^ 0xFFFF)
            body[at : at + len(piece)] = piece
        out += b"\0" + struct.pack("<HH", length, length ^ 0xFFFF) + body
    return bytes(out) + b"\xff" * 10


class CountedReads:
    """An archive in memory that counts the bytes that are asked of it."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.given = raw, 0

    def pread(self, length: int, offset: int) -> bytes:
        data = self.raw[offset : offset + length]
        self.given += len(data)
        return data


def test_headers_in_one_anothers_data_are_unpacked_within_a_bound() -> None:
    raw = headers_in_one_anothers_data(blocks=20, each=200)
    archive = CountedReads(raw)
    limits = replace(DEFAULT_LIMITS, ratio_floor=1_000_000)
    salvaged = SalvagedZip(archive.pread, len(raw), limits, "x.zip")
    skips = SkipLog("x.zip")
    names = [member.parts for member in salvaged.members(skips)]
    assert len(names) == 20 * 200 + 1  # as many as there are headers: none is lost, though some are cut short
    assert [skip.reason for skip in skips.total()] == [SkipReason.DAMAGED, SkipReason.LIMIT_REACHED]
    assert archive.given < 60 * len(raw)  # 2,000 without the bound
    before = archive.given
    again = SkipLog("x.zip")
    assert [member.parts for member in salvaged.members(again)] == names
    assert again.total() == skips.total()
    assert archive.given - before < 3 * len(raw)  # ends are looked for once


def test_headers_side_by_side_cost_a_read_a_block() -> None:
    raw = local_header(method=0) * 50_000
    archive = CountedReads(raw)
    salvaged = SalvagedZip(archive.pread, len(raw), DEFAULT_LIMITS, "x.zip")
    assert sum(1 for _ in salvaged.members(SkipLog("x.zip"))) == 50_000
    assert archive.given < 10 * len(raw)


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "cut"])
def test_a_method_that_is_not_read_is_not_called_damage(tmp_path: Path, cut: bool) -> None:
    """PPMd, method 98, which some packers offer."""
    raw = bytearray(zip_bytes({"C/x.log": b"x" * 100, "C/y.log": b"y"}))
    directory = raw.index(b"PK\x01\x02")
    raw[8:10] = raw[directory + 10 : directory + 12] = struct.pack("<H", 98)
    reasons = []
    with open_evidence(put(tmp_path, bytes(raw[:directory] if cut else raw))) as evidence:
        for file in evidence.files():
            try:
                with file.open() as stream:
                    assert stream.read() == b"y"
            except EvidenceReadError as fault:
                reasons.append(fault.reason)
        reasons += [skip.reason for skip in evidence.skipped() if "x.log" in skip.source]
    assert reasons == [SkipReason.UNREADABLE]


def encrypted(raw: bytes) -> bytes:
    out = bytearray(raw)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = out.find(magic)
        while place >= 0:
            out[place + at] |= 1
            place = out.find(magic, place + 4)
    return bytes(out)


def test_a_wholly_encrypted_zip_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError) as caught:
        open_evidence(put(tmp_path, encrypted(zip_bytes({"C/x.log": b"x", "C/y.log": b"y"}))))
    assert "password" in str(caught.value)


def test_one_encrypted_member_is_a_skip(tmp_path: Path) -> None:
    raw = bytearray(zip_bytes({"C/x.log": b"x", "C/y.log": b"y"}))
    raw[raw.rfind(b"PK\x01\x02") + 8] |= 1
    assert read_all(put(tmp_path, bytes(raw)))[1] == {r"evidence.bin\C/y.log": SkipReason.ENCRYPTED}


def test_a_directory_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    place = put(tmp_path, zip_bytes({f"{number}": b"" for number in range(500)}))
    with pytest.raises(EvidenceError, match="directory"):
        open_evidence(place, replace(DEFAULT_LIMITS, files=50))


@pytest.mark.parametrize("pointed", [0, None], ids=["to nothing", "to the record"])
def test_a_directory_whose_length_only_the_record_of_large_zips_tells_is_refused(
    tmp_path: Path, pointed: int | None
) -> None:
    plain = zip_bytes({f"{number}.log": b"x" for number in range(20)})
    at = len(plain) - 22
    length, start = struct.unpack_from("<LL", plain, at + 12)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 20, 20, length, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at if pointed is None else pointed, 1)
    lie = plain[at : at + 12] + struct.pack("<L", 46) + plain[at + 16 :]
    place = put(tmp_path, plain[:at] + record + locator + lie)
    if pointed is None:  # what points to nothing is refused by newer versions of Python
        assert len(read_all(place)[0]) == 20
    with pytest.raises(EvidenceError, match="its directory has 20 entries"):
        read_all(place, replace(DEFAULT_LIMITS, files=5))


def test_an_empty_zip_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no files"):
        open_evidence(put(tmp_path, zip_bytes({})))


def test_times_are_taken_only_where_they_are_in_utc(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("C/unix.log", (2001, 1, 1, 0, 0, 0))
    info.extra = struct.pack("<HHBi", 0x5455, 5, 1, 1_614_744_000)
    ntfs = zipfile.ZipInfo("C/ntfs.log", (2001, 1, 1, 0, 0, 0))
    ticks = (1_614_744_000 + 11_644_473_600) * 10_000_000
    ntfs.extra = struct.pack("<HHIHHQQQ", 0x0A, 32, 0, 1, 24, ticks, ticks, ticks)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for one in (info, ntfs, zipfile.ZipInfo("C/dos.log", (2021, 3, 3, 4, 0, 0))):
            archive.writestr(one, b"x")
    with open_evidence(put(tmp_path, out.getvalue())) as evidence:
        moments = [file.modified for file in evidence.files()]
    assert moments == [datetime(2021, 3, 3, 4, tzinfo=UTC)] * 2 + [None]


def test_members_can_be_read_side_by_side_and_again(tmp_path: Path) -> None:
    with open_evidence(put(tmp_path, zip_bytes(FILES))) as evidence, ThreadPoolExecutor(8) as pool:
        files = list(evidence.files()) * 20
        read = list(pool.map(lambda file: (file.path, file.open().read()), files))
    assert all(AS_WINDOWS[path] == content for path, content in read)


@given(st.data())
def test_any_damage_ends_in_errors_of_ours(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    raw = bytearray(zip_bytes({"C/a.log": b"a" * 200, "C/b.log": b"b"}))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    place = put(tmp_path_factory.mktemp("zip"), bytes(raw[: data.draw(st.integers(1, len(raw)))]))
    try:
        with open_evidence(place) as evidence:
            contents(evidence)
    except EvidenceError:
        pass
