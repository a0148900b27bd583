"""Tar archives, plain and compressed: whole, hostile, damaged."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.trees import WHEN, contents, read_all, tar_bytes
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import DEFAULT_LIMITS
from waspglass.evidence.open import open_evidence
from waspglass.model.errors import EvidenceError
from waspglass.model.skip import SkipReason

FILES = {f"fs/c:/logs/{number}.log": os.urandom(150_000) for number in range(5)}
AS_WINDOWS = {name.replace("fs/c:/", "C:/").replace("/", "\\"): content for name, content in FILES.items()}

Packer = Callable[[bytes], bytes]
PACKERS: dict[str, Packer] = {"tar": bytes, "tar.gz": gzip.compress, "tar.zst": zstandard.compress}


def put(tmp_path: Path, content: bytes) -> Path:
    place = tmp_path / "evidence.bin"
    place.write_bytes(content)
    return place


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_members_are_read_in_any_order_and_again(tmp_path: Path, pack: Packer) -> None:
    with open_evidence(put(tmp_path, pack(tar_bytes(FILES)))) as evidence:
        files = list(evidence.files())
        for file in [*reversed(files), *files]:
            with file.open() as stream:
                assert stream.read() == AS_WINDOWS[file.path]
        assert files[0].modified == WHEN
        assert evidence.skipped() == ()


def test_a_compressed_tar_is_listed_while_it_is_unpacked(tmp_path: Path) -> None:
    files = {f"C/{number}.log": os.urandom(400_000) for number in range(40)}
    place = put(tmp_path, gzip.compress(tar_bytes(files), 1)[:-1_000_000])
    with open_evidence(place) as evidence:
        first = next(iter(evidence.files()))
        with first.open() as stream:
            assert stream.read() == files["C/0.log"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_forked_processes_read_members_at_the_same_time(tmp_path: Path, pack: Packer) -> None:
    files = {f"C/{number}.log": os.urandom(3_000_000) for number in range(6)}
    with open_evidence(put(tmp_path, pack(tar_bytes(files)))) as evidence:
        children = []
        for file in evidence.files():
            child = os.fork()
            if child == 0:
                same = False
                try:
                    with file.open() as stream:
                        same = stream.read() == files[file.path.replace(":\\", "/")]
                finally:
                    os._exit(0 if same else 1)
            children.append(child)
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(files)
        assert len(contents(evidence)) == len(files)


def hostile_tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("../up.log", "/etc/passwd", "C/a.txt:b", "C/ok.log", "C/OK.log"):
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"x"))
        for name, kind in (("C/sym", tarfile.SYMTYPE), ("C/hard", tarfile.LNKTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        for name, kind in (("C/char", tarfile.CHRTYPE), ("C/block", tarfile.BLKTYPE), ("C/pipe", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(name)
            info.type = kind
            archive.addfile(info)
    return out.getvalue()


def test_hostile_members(tmp_path: Path) -> None:
    found, skipped = read_all(put(tmp_path, hostile_tar()))
    assert found == {r"C:\ok.log": b"x"}
    reasons = sorted(skipped.values())
    assert reasons.count(SkipReason.OUTSIDE_ROOT) == 4
    assert reasons.count(SkipReason.SPECIAL_FILE) == 4
    assert reasons.count(SkipReason.SAME_FILE) == 1


def test_a_header_that_asks_for_gigabytes_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("C/ok.log")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
        archive.addfile(tarfile.TarInfo("C/" + "n" * 300))
    raw = bytearray(out.getvalue())
    at = raw.index(b"PaxHeader")
    start = at - at % 512
    raw[start + 124 : start + 136] = b"77777777777\0"
    header = bytes(raw[start : start + 148]) + b" " * 8 + bytes(raw[start + 156 : start + 512])
    raw[start + 148 : start + 156] = b"%06o\0 " % sum(header)
    found, skipped = read_all(put(tmp_path, bytes(raw)))
    assert found == {r"C:\ok.log": b"x"}
    assert list(skipped.values()) == [SkipReason.DAMAGED]


def with_body(kind: bytes, body: bytes) -> bytes:
    """A header of that kind, and its body."""
    info = tarfile.TarInfo("header")
    info.type, info.size = kind, len(body)
    return info.tobuf(format=tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512)


def pax(*values: str) -> bytes:
    """Records of so many bytes as they say."""
    return b"".join(next(r for n in range(99) if len(r := b"%d %s\n" % (n, one.encode())) == n) for one in values)


SPARSE = with_body(tarfile.XHDTYPE, pax("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.realsize=5"))
HEADERS = {
    "lengths that lie: each name would reach to the end": with_body(tarfile.XHDTYPE, b"2 " * 200_000 + b"="),
    "a map of nothing": SPARSE + with_body(tarfile.REGTYPE, b"4000000\n" + b"0\n" * 4_000_000),
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_headers_that_would_cost_hours_or_gigabytes_are_refused(tmp_path: Path, header: bytes) -> None:
    before = tar_bytes({"C/a.log": b"a"})[:1024]
    found, skipped = read_all(put(tmp_path, before + header + tar_bytes({f"C/{n}.log": b"b" for n in range(3)})))
    assert found == {r"C:\a.log": b"a"}
    assert skipped == {"evidence.bin": SkipReason.DAMAGED}


def test_of_what_is_said_of_all_members_only_what_means_something_is_kept(tmp_path: Path) -> None:
    said = with_body(tarfile.XGLTYPE, pax("mtime=1614729600", *(f"a{number}=b" for number in range(10_000))))
    with open_evidence(put(tmp_path, said + tar_bytes({f"C/{n}.log": b"b" for n in range(3)}))) as evidence:
        files = list(evidence.files())
    assert [file.path for file in files] == [r"C:\0.log", r"C:\1.log", r"C:\2.log"]
    assert {file.modified for file in files} == {datetime(2021, 3, 3, tzinfo=UTC)}
    assert evidence.skipped() == ()


def test_digits_of_which_a_search_takes_the_square(tmp_path: Path) -> None:
    """Any user may give a file such an attribute; it must not hide what follows."""
    attribute = b"200000 SCHILY.xattr.user.a=" + b"1" * 199_972 + b"\n"
    header = with_body(tarfile.XHDTYPE, attribute + pax("path=C/b.log"))
    found, skipped = read_all(put(tmp_path, header + tar_bytes({"C/a.log": b"a", "C/c.log": b"c"})))
    assert (found, skipped) == ({r"C:\b.log": b"a", r"C:\c.log": b"c"}, {})


def test_names_that_look_like_headers(tmp_path: Path) -> None:
    """The letter behind 156 bytes of a header is its kind; a long name may have any there."""
    out = io.BytesIO()
    names = [f"C/{letter * 250}.log" for letter in "xgL1"]
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        with tarfile.open(fileobj=out, mode="w", format=form) as archive:
            for name in names:
                archive.addfile(tarfile.TarInfo(f"{form}{name}"))
        found, skipped = read_all(put(tmp_path, out.getvalue()))
        assert (len(found), skipped) == (len(names), {})
        out.seek(0)


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_what_lies_before_the_break_is_read(tmp_path: Path, pack: Packer) -> None:
    packed = pack(tar_bytes(FILES))
    good, bad = {}, []
    with open_evidence(put(tmp_path, packed[: len(packed) * 2 // 3])) as evidence:
        for file in evidence.files():
            try:
                with file.open() as stream:
                    good[file.path] = stream.read()
            except EvidenceReadError as fault:
                bad.append(fault.reason)
        skipped = [skip.reason for skip in evidence.skipped()]
    assert len(good) >= 1
    assert good.items() < AS_WINDOWS.items()
    assert {*bad, *skipped} <= {SkipReason.TRUNCATED, SkipReason.DAMAGED}
    assert skipped


def test_a_damaged_header_is_not_taken_for_the_end(tmp_path: Path) -> None:
    raw = bytearray(tar_bytes({"C/a.log": b"a", "C/b.log": b"b", "C/c.log": b"c"}))
    raw[1024:1100] = b"\xff" * 76
    found, skipped = read_all(put(tmp_path, bytes(raw)))
    assert found == {r"C:\a.log": b"a"}
    assert skipped == {"evidence.bin": SkipReason.DAMAGED}


def sparse(tmp_path: Path, size: int, pieces: list[tuple[int, bytes]]) -> Path:
    """A tar with one sparse file, in the form 0.1 of GNU tar."""
    data = b"".join(piece for _, piece in pieces)
    place = tmp_path / "sparse.tar"
    info = tarfile.TarInfo("C/logs/s.log")
    info.size = len(data)
    info.pax_headers = {
        "GNU.sparse.size": str(size),
        "GNU.sparse.numblocks": str(len(pieces)),
        "GNU.sparse.map": ",".join(f"{offset},{len(piece)}" for offset, piece in pieces),
    }
    with tarfile.open(place, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(data))
    return place


def test_a_sparse_member_is_read_with_its_holes(tmp_path: Path) -> None:
    pieces = [(0, b"head"), (3 << 20, b"middle" * 1000), (5 << 20, b"tail")]
    whole = bytearray(6 << 20)
    for offset, piece in pieces:
        whole[offset : offset + len(piece)] = piece
    found, skipped = read_all(sparse(tmp_path, len(whole), pieces))
    assert found == {r"C:\logs\s.log": bytes(whole)}
    assert skipped == {}


def test_a_sparse_member_as_gnu_tar_writes_it_unless_told_otherwise(tmp_path: Path) -> None:
    info = tarfile.TarInfo("C/logs/s.log")
    info.type, info.size = tarfile.GNUTYPE_SPARSE, 512 + 4
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    octal = [(0, 512), (1 << 20, 4), ((1 << 20) + 4, 0), (0, 0)]
    header[386:482] = b"".join(b"%011o\0" % number for piece in octal for number in piece)
    header[482:495] = b"\0%011o\0" % ((1 << 20) + 4)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    data = b"h" * 512 + b"tail"
    found, skipped = read_all(put(tmp_path, bytes(header) + data.ljust(1024, b"\0") + bytes(1024)))
    assert found == {r"C:\logs\s.log": b"h" * 512 + bytes((1 << 20) - 512) + b"tail"}
    assert skipped == {}


@pytest.mark.parametrize(
    ("size", "pieces", "reason"),
    [
        (100 << 30, [(0, b"x")], SkipReason.COMPRESSION_BOMB),
        (10, [(5, b"x"), (0, b"y")], SkipReason.DAMAGED),
        (10, [(0, b"abc"), (2, b"y")], SkipReason.DAMAGED),
        (10, [(9, b"abc")], SkipReason.DAMAGED),
    ],
)
def test_a_hostile_map_of_a_sparse_member(
    tmp_path: Path, size: int, pieces: list[tuple[int, bytes]], reason: SkipReason
) -> None:
    place = sparse(tmp_path, size, pieces)
    with tarfile.open(place, "a") as archive:
        archive.addfile(tarfile.TarInfo("C/other.log"))
    with open_evidence(place) as evidence:
        assert [file.path for file in evidence.files()] == [r"C:\other.log"]
        assert [skip.reason for skip in evidence.skipped()] == [reason]


def test_a_bomb_ends_as_one(tmp_path: Path) -> None:
    packed = gzip.compress(tar_bytes({"C/a.log": b"a", "C/bomb.log": bytes(30_000_000)}), 9)
    limits = replace(DEFAULT_LIMITS, ratio_floor=5_000_000, ratio=100)
    with open_evidence(put(tmp_path, packed), limits) as evidence:
        files = list(evidence.files())
        with files[0].open() as stream:
            assert stream.read() == b"a"
        with files[1].open() as stream, pytest.raises(EvidenceReadError) as caught:
            stream.read()
    assert caught.value.reason is SkipReason.COMPRESSION_BOMB


def test_the_temporary_file_is_bounded(tmp_path: Path) -> None:
    files = {f"C/{number}.log": os.urandom(2_000_000) for number in range(10)}
    with open_evidence(
        put(tmp_path, gzip.compress(tar_bytes(files), 1)), replace(DEFAULT_LIMITS, spool_bytes=9_000_000)
    ) as evidence:
        listed = list(evidence.files())
        assert [skip.reason for skip in evidence.skipped()] == [SkipReason.TOO_LARGE]
        with listed[0].open() as stream:
            assert stream.read() == files["C/0.log"]


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    files = {"C/a.log": os.urandom(12_000_000)}
    with open_evidence(put(tmp_path, gzip.compress(tar_bytes(files), 1))) as evidence:
        assert contents(evidence) == {r"C:\a.log": files["C/a.log"]}
        assert os.name == "nt" or list(spool.iterdir()) == []  # Windows removes the file when it is closed
    assert list(spool.iterdir()) == []


def test_an_archive_of_refused_members_only_is_an_error(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("link")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(EvidenceError, match="outside root"):
        open_evidence(put(tmp_path, out.getvalue()))


@given(st.data())
def test_any_damage_ends_in_errors_of_ours(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    pack = data.draw(st.sampled_from(sorted(PACKERS)))
    raw = bytearray(tar_bytes({"C/a.log": b"a" * 600, "C/b.log": b"b"}))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, 2048))] = data.draw(st.integers(0, 255))
    packed = bytearray(PACKERS[pack](bytes(raw)))
    if data.draw(st.booleans()):
        packed[data.draw(st.integers(0, len(packed) - 1))] ^= 0xFF
    place = put(tmp_path_factory.mktemp("tar"), bytes(packed[: data.draw(st.integers(1, len(packed)))]))
    try:
        with open_evidence(place) as evidence:
            contents(evidence)
    except EvidenceError:
        pass
