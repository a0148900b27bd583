from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.model.errors import PackError
from waspglass.packs.known_good import open_known_good, read_known_good, write_known_good
from waspglass.packs.load import load_pack

BUILDS = st.lists(st.sampled_from(["15.1.2106.2", "15.1.2176.2", "15.2.721.2"]), max_size=3)


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@given(
    files=st.dictionaries(st.binary(min_size=32, max_size=32), BUILDS, max_size=40),
    other=st.binary(min_size=32, max_size=32),
)
def test_lookups_agree_with_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, files: dict[bytes, list[str]], other: bytes
) -> None:
    path = tmp_path_factory.mktemp("known") / "k.bin"
    assert write_known_good(path, files, ["made by hand"]) == len(files)
    known = read_known_good(path)
    assert len(known) == len(files)
    assert known.builds == tuple(sorted({build for builds in files.values() for build in builds}))
    for one in files:
        assert one in known
        assert one.hex() in known
    assert (other in known) == (other in files)


def test_hashes_that_begin_alike_are_told_apart(tmp_path: Path) -> None:
    one, other, third = (b"\xff" * 8 + bytes([n]) * 24 for n in (1, 2, 3))
    write_known_good(tmp_path / "k.bin", {one: ["a"], other: ["b"]}, [])
    known = read_known_good(tmp_path / "k.bin")
    assert [x in known for x in (one, other, third)] == [True, True, False]


def test_the_file_holds_the_builds_of_each_hash_as_its_format_says(tmp_path: Path) -> None:
    low, high = b"\0" * 32, b"\xff" * 32
    write_known_good(tmp_path / "k.bin", {high: ["b", "a"], low: ["b"]}, [])
    content = (tmp_path / "k.bin").read_bytes()
    header = json.loads(content[12 : 12 + int.from_bytes(content[8:12], "little")])
    sets = [header["sets"][index] for index in struct.unpack("<2H", content[-4:])]
    assert [[header["builds"][index] for index in one] for one in sets] == [["b"], ["a", "b"]]


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    files = {digest("a"): ["1", "2"], digest("b"): ["2"]}
    write_known_good(tmp_path / "1.bin", files, ["s"])
    write_known_good(tmp_path / "2.bin", dict(reversed(files.items())), ["s"])
    assert (tmp_path / "1.bin").read_bytes() == (tmp_path / "2.bin").read_bytes()


@pytest.mark.parametrize("wrong", ["", "ab", "z" * 64, b"short"])
def test_what_is_no_sha256_is_refused(tmp_path: Path, wrong: str | bytes) -> None:
    write_known_good(tmp_path / "k.bin", {digest("a"): []}, [])
    with pytest.raises(ValueError, match=r"SHA-256|hex"):
        _ = wrong in read_known_good(tmp_path / "k.bin")


@pytest.mark.parametrize("cut", [0, 5, 12, 30, -1])
def test_a_damaged_file_is_a_pack_error(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "k.bin"
    write_known_good(path, {digest("a"): ["1"]}, ["s"])
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(PackError):
        read_known_good(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("hostile") / "k.bin"
    path.write_bytes(b"WASPKG1\n" + content)
    try:
        read_known_good(path)
    except PackError as error:
        assert error.location is not None


def test_the_packs_file_is_small_and_says_where_it_is_from() -> None:
    pack = load_pack("proxylogon")
    known = open_known_good(pack)
    assert known is not None
    assert len(known) == 125_684
    assert len(known.builds) == 108
    assert (Path(pack.root) / "known_good.bin").stat().st_size < 5_000_000
    assert "CSS-Exchange" in known.sources[0]
    assert hashlib.sha256(b"no file of Exchange").digest() not in known


def test_the_packs_file_holds_the_baseline(shared_data: Path) -> None:
    import polars as pl

    known = open_known_good(load_pack("proxylogon"))
    assert known is not None
    table = pl.read_parquet(shared_data / "exchange-baseline" / "exchange_baseline.parquet")
    assert all(sha256 in known for (sha256,) in table.sample(2000, seed=1).select("sha256").iter_rows())
