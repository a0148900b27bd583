"""What can be opened at all, and what is said when it cannot; loose and compressed logs, archives inside archives."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.trees import contents, read_all, tar_bytes, write_tree, zip_bytes
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import DEFAULT_LIMITS
from waspglass.evidence.open import open_evidence
from waspglass.model.errors import EvidenceError
from waspglass.model.skip import SkipReason

LOG = b"#Fields: date time\r\n" + b"2021-03-03 00:00:00\r\n" * 3000


def put(tmp_path: Path, content: bytes, name: str = "evidence") -> Path:
    place = tmp_path / name
    place.write_bytes(content)
    return place


def test_a_loose_file_is_evidence_and_can_be_mapped(tmp_path: Path) -> None:
    place = put(tmp_path, LOG, "u_ex210303.log")
    with open_evidence(place) as evidence:
        (file,) = evidence.files()
        assert (file.path, file.size, file.local) == ("u_ex210303.log", len(LOG), place)
        with file.open() as stream:
            assert stream.fileno() >= 0


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_loose_compressed_log_whatever_its_name(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    assert read_all(put(tmp_path, pack(LOG), "log.txt"))[0] == {"log.txt": LOG}


def test_compressed_logs_in_a_tree_give_their_content(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "C/a.log.gz": gzip.compress(LOG) + gzip.compress(LOG),
            "C/b.log.zst": zstandard.compress(LOG) + zstandard.compress(LOG),
            "C/c.log.gz": LOG,
        },
    )
    found, skipped = read_all(tmp_path)
    assert found == {r"C:\a.log.gz": LOG * 2, r"C:\b.log.zst": LOG * 2, r"C:\c.log.gz": LOG}
    assert skipped == {}


def test_a_cut_compressed_log_gives_what_lies_before_the_cut(tmp_path: Path) -> None:
    log = os.urandom(3_000_000)
    write_tree(
        tmp_path, {"C/a.log.gz": gzip.compress(log)[:2_000_000], "C/b.log.zst": zstandard.compress(log)[:2_000_000]}
    )
    with open_evidence(tmp_path) as evidence:
        for file in evidence.files():
            with file.open() as stream:
                got = stream.read(1 << 20) + stream.read(1 << 20)
                with pytest.raises(EvidenceReadError) as caught:
                    stream.read(1 << 20)
            assert caught.value.reason is SkipReason.TRUNCATED
            assert len(got) > 1_800_000
            assert log.startswith(got)


def test_members_of_archives_inside_follow_the_archive(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "C/old.zip": zip_bytes({"u_ex1.log": LOG, "deep/u_ex2.log.gz": gzip.compress(LOG), "../x": b""}),
            "C/old.tar.gz": gzip.compress(tar_bytes({"u_ex3.log": LOG})),
        },
    )
    found, skipped = read_all(tmp_path)
    assert {path: content for path, content in found.items() if path.count("\\") > 1} == {
        r"C:\old.zip\u_ex1.log": LOG,
        r"C:\old.zip\deep\u_ex2.log.gz": LOG,
        r"C:\old.tar.gz\u_ex3.log": LOG,
    }
    assert skipped == {r"C:\old.zip\..\x": SkipReason.OUTSIDE_ROOT}


def test_a_second_listing_unpacks_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path, {"C/old.tar.gz": gzip.compress(tar_bytes({"x.log": LOG}))})
    with open_evidence(tmp_path) as evidence:
        first = contents(evidence)
        monkeypatch.setattr("waspglass.evidence.tree_of_evidence.Spool", None)
        assert contents(evidence) == first
        assert first[r"C:\old.tar.gz\x.log"] == LOG


def test_archives_inside_archives_end_at_a_limit(tmp_path: Path) -> None:
    inner = zip_bytes({"x.log": LOG})
    for number in range(4):
        inner = zip_bytes({f"{number}.zip": inner})
    found, skipped = read_all(put(tmp_path, inner))
    assert not any(path.endswith("x.log") for path in found)
    assert skipped == {r"3.zip\2.zip\1.zip": SkipReason.TOO_DEEP}


def test_a_zip_that_holds_itself_in_name_only_is_damaged_and_skipped(tmp_path: Path) -> None:
    write_tree(tmp_path, {"C/x.zip": b"PK\x03\x04 not a zip", "C/y.log": LOG, "C/z.7z": b"7z\xbc\xaf\x27\x1c"})
    found, skipped = read_all(tmp_path)
    assert found[r"C:\y.log"] == LOG
    assert skipped == {r"C:\x.zip": SkipReason.DAMAGED, r"C:\z.7z": SkipReason.NOT_RECOGNISED}


def test_a_bomb_in_a_log_ends_as_one(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"C/a.log.gz": gzip.compress(bytes(40_000_000)), "C/b.log.zst": zstandard.compress(bytes(40_000_000))}
    )
    with open_evidence(tmp_path, replace(DEFAULT_LIMITS, ratio_floor=1_000_000)) as evidence:
        for file in evidence.files():
            with file.open() as stream, pytest.raises(EvidenceReadError) as caught:
                stream.read()
            assert caught.value.reason is SkipReason.COMPRESSION_BOMB


def test_zeros_that_compress_a_thousandfold_are_read_when_they_are_few(tmp_path: Path) -> None:
    write_tree(tmp_path, {"C/a.log.gz": gzip.compress(bytes(10_000_000))})
    assert read_all(tmp_path)[0] == {r"C:\a.log.gz": bytes(10_000_000)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "archives of this kind"),
        (b"Rar!\x1a\x07\x01\x00" + bytes(100), "archives of this kind"),
        (b"PK\x03\x04" + b"x" * 100, "zip"),
    ],
)
def test_what_cannot_be_opened_says_so_with_a_hint(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(EvidenceError, match=words) as caught:
        open_evidence(put(tmp_path, content))
    assert caught.value.hint
    assert caught.value.exit_code == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_evidence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EvidenceError, match="neither"):
        open_evidence(tmp_path / "pipe")


def test_a_path_with_a_nul_is_not_a_path() -> None:
    with pytest.raises(EvidenceError):
        open_evidence(Path("a\0b"))


@given(st.binary(min_size=1, max_size=3000))
def test_any_bytes_are_a_loose_file_or_an_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    place = put(tmp_path_factory.mktemp("loose"), content)
    try:
        with open_evidence(place) as evidence:
            contents(evidence)
    except EvidenceError:
        pass
