"""Adding: all or nothing, once only, and whatever interrupts it leaves the store as it was."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import os
import re
import zipfile
import zlib
import zoneinfo
from pathlib import Path
from typing import ClassVar

import filelock
import fsspec
import numpy as np
import pytest
import zstandard
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.census.exports import COLUMNS_2021, PACK, add, added, banner, counts, jsonl, options, rows, states
from waspglass.census.add import add_exports
from waspglass.census.count import count
from waspglass.census.errors import StoreError
from waspglass.census.reading import open_reading
from waspglass.census.sources.mapping import Mapping, read_mapping
from waspglass.census.store.folder import Folder
from waspglass.census.store.manifest import Manifest
from waspglass.census.store.writer import SightingWriter
from waspglass.census.zones import ZONES
from waspglass.model.errors import UsageError
from waspglass.packs.builds import State

EXPORT = jsonl(banner("192.0.2.1"), banner("192.0.2.2", "15.1.2176.9"), banner("192.0.2.3", "15.1.2176"))


def content_of(store: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress, lambda data: zipped(a__json=data)])
def test_packed_or_not_it_is_the_same(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    assert added(add(tmp_path, "export.bin", pack(EXPORT))) == (3, {})
    assert states(tmp_path) == {State.VULNERABLE: 1, State.PATCHED: 1, State.UNDECIDABLE: 1}
    before = content_of(tmp_path / "store")
    for again in (EXPORT, gzip.compress(EXPORT), zstandard.compress(EXPORT), pack(EXPORT)):
        outcome = add(tmp_path, "other-name.json", again)
        assert outcome.known is not None
    assert content_of(tmp_path / "store") == before


def test_a_zip_with_many_exports(tmp_path: Path) -> None:
    path = tmp_path / "week.zip"
    row = '"2021-03-10 00:00:00","192.0.2.9",443,"","exchange",0,"DE","","",0,0,,"15.1.2176.2","",'
    shadow = f"{COLUMNS_2021}\n{row}\n".encode()
    path.write_bytes(
        zipped(
            **{
                "sub/2021-03-09-shodan__json": EXPORT,
                "2021-03-10-scan_exchange-de__csv": shadow,
                "readme__txt": b"hello",
            }
        )
    )
    outcomes = list(add_exports(Folder(str(tmp_path / "store")), [path], options()))
    assert [outcome.added is not None for outcome in outcomes] == [True, True, False]
    manifest = Folder(str(tmp_path / "store")).manifest()
    assert [each.name for each in manifest.refused] == ["week.zip:readme.txt"]
    assert len(manifest.added) == 2
    assert {(str(each.date), each.source) for each in counts(tmp_path)} == {
        ("2021-03-09", "shodan"), ("2021-03-10", "shadowserver.scan_exchange"),
    }  # fmt: skip


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_truncated_file_adds_nothing_and_says_where(tmp_path: Path, pack: object, keep: float) -> None:
    assert callable(pack)
    whole = pack(jsonl(*(banner(f"192.0.2.{n}", org=str(n) * 50) for n in range(200))))
    add(tmp_path, "first.json", EXPORT)
    before = content_of(tmp_path / "store" / "sightings")
    outcome = add(tmp_path, "cut.json.gz", whole[: int(len(whole) * keep)])
    assert outcome.refused is not None
    assert "unpacked bytes" in outcome.refused.reason or "recognised" in outcome.refused.reason
    assert content_of(tmp_path / "store" / "sightings") == before


def test_partial_takes_what_stands_before_the_break(tmp_path: Path) -> None:
    noise = [banner(f"192.0.{n // 250}.{n % 250}", org=f"{n * 7919 % 1000003:x}" * 9) for n in range(4000)]
    whole = gzip.compress(jsonl(*noise))
    outcome = add(tmp_path, "cut.json.gz", whole[: len(whole) * 2 // 3], partial=True)
    records, skips = added(outcome)
    assert 100 < records < 4000
    assert skips["truncated"] >= 1
    assert outcome.added is not None
    assert outcome.added.partial


def test_damage_in_the_middle_is_found(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(jsonl(*(banner(f"192.0.2.{n}", org=str(n * 7919)) for n in range(200)))))
    whole[len(whole) // 2] ^= 0xFF
    assert add(tmp_path, "a.json.gz", bytes(whole)).refused is not None


def test_an_interrupted_add_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(tmp_path, "first.json", EXPORT)
    before = content_of(tmp_path / "store")
    second = jsonl(banner("192.0.2.50"))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    places: list[tuple[type, str]] = [
        (SightingWriter, "write"),
        (SightingWriter, "close"),
        (Folder, "publish"),
        (Folder, "put_manifest"),
    ]
    for kind, name in places:
        with monkeypatch.context() as patched:
            patched.setattr(kind, name, interrupted)
            with pytest.raises(KeyboardInterrupt):
                add(tmp_path, "second.json", second)
        assert content_of(tmp_path / "store") == before, name
    assert added(add(tmp_path, "second.json", second)) == (1, {})


def test_an_export_that_the_manifest_names_stays_when_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Folder.put_manifest

    def interrupted(folder: Folder, manifest: Manifest) -> None:
        put(folder, manifest)
        if manifest.added:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Folder, "put_manifest", interrupted)
        with pytest.raises(KeyboardInterrupt):
            add(tmp_path, "first.json", EXPORT)
    assert sum(states(tmp_path).values()) > 0
    assert add(tmp_path, "first.json", EXPORT).known is not None


def test_what_a_killed_add_left_is_removed_by_the_next(tmp_path: Path) -> None:
    add(tmp_path, "first.json", EXPORT)
    stray = tmp_path / "store" / "sightings" / "date=2021-03-09" / "source=shodan" / f"{'0' * 16}-2021-03-09-0.parquet"
    stray.write_bytes(b"half a file")
    foreign = stray.with_name("notes.txt")
    foreign.write_bytes(b"not ours")
    left = tmp_path / "store" / ".adding" / "x.parquet"
    left.parent.mkdir()
    left.write_bytes(b"half a file")
    assert states(tmp_path)[State.VULNERABLE] == 1
    add(tmp_path, "second.json", jsonl(banner("192.0.2.50")))
    assert not stray.exists()
    assert foreign.read_bytes() == b"not ours"
    assert not left.exists()


def test_all_files_of_a_store_are_looked_for_as_often_for_many_exports_as_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    find = LocalFileSystem.find

    def counted(fs: LocalFileSystem, path: str) -> object:
        looked.append(path)
        return find(fs, path)

    monkeypatch.setattr(LocalFileSystem, "find", counted)
    add(tmp_path, "first.json", EXPORT)
    once = len(looked)
    looked.clear()
    paths = [tmp_path / "in" / f"{number}.json" for number in range(8)]
    for number, path in enumerate(paths):
        path.write_bytes(jsonl(banner(f"198.51.100.{number}")))
    assert all(each.added for each in add_exports(Folder(str(tmp_path / "store")), paths, options()))
    assert 0 < len(looked) <= once + 1


def test_data_without_a_manifest_is_not_touched(tmp_path: Path) -> None:
    add(tmp_path, "first.json", EXPORT)
    (tmp_path / "store" / "manifest.json").unlink()
    before = content_of(tmp_path / "store")
    with pytest.raises(StoreError):
        add(tmp_path, "second.json", EXPORT)
    assert content_of(tmp_path / "store") == before


def test_only_one_add_at_a_time(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    with filelock.FileLock(store / ".lock"), pytest.raises(StoreError):
        list(add_exports(Folder(str(store)), [], options()))


def test_a_manifest_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "manifest.json").write_text('{"schema": "waspglass/census-store/9"}')
    with pytest.raises(StoreError):
        add(tmp_path, "a.json", EXPORT)


def test_object_storage_has_the_same_layout() -> None:
    folder = Folder("memory://bucket/census")
    path = Path(__file__)
    assert not folder.local
    outcomes = list(add_exports(folder, [path], options()))
    assert outcomes[0].refused is not None


def test_a_store_on_object_storage(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(EXPORT)
    folder = Folder("memory://bucket/store-test")
    (outcome,) = add_exports(folder, [path], options())
    assert added(outcome) == (3, {})
    with open_reading(folder, PACK) as reading:
        (one,) = count(reading, reading.scans())
    assert one.total == 3


class Bucket(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Storage that has two names for its protocol, as S3 (`s3`, `s3a`) and Google's have."""

    protocol = ("bucket", "bucketa")
    store: ClassVar[dict[str, object]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(re.sub("^bucketa?://", "", path)))


def test_a_store_on_storage_with_two_names(tmp_path: Path) -> None:
    fsspec.register_implementation("bucket", Bucket, clobber=True)
    path = tmp_path / "a.json"
    path.write_bytes(EXPORT)
    folder = Folder("bucket://mine/census")
    list(add_exports(folder, [path], options()))
    with open_reading(folder, PACK) as reading:
        (one,) = count(reading, reading.scans())
    assert one.total == 3


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(1, 28), st.sampled_from(["15.1.2176.2", "15.1.2176.9"])),
        min_size=1,
        max_size=40,
    )
)
def test_nothing_is_counted_twice_and_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory, sightings: list[tuple[int, int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("store")
    lines = [
        banner(f"192.0.2.{host}", version, timestamp=f"2021-03-{day:02d}T10:00:00") for host, day, version in sightings
    ]
    half = len(lines) // 2
    for name, part in (("a", lines[:half]), ("b", lines[half:]), ("c", lines)):
        if part:
            add(folder, f"{name}.json", jsonl(*part))
    found = {(each.date.day, state): number for each in counts(folder) for state, number in each.addresses.items()}
    worst: dict[tuple[int, int], str] = {}
    for host, day, version in sightings:
        worst[day, host] = min(version, worst.get((day, host), version))
    expected: dict[tuple[int, State], int] = {}
    for (day, _), version in worst.items():
        key = (day, State.VULNERABLE if version.endswith(".2") else State.PATCHED)
        expected[key] = expected.get(key, 0) + 1
    assert found == expected


@pytest.mark.parametrize("place", [60, 3000])
def test_a_damaged_member_of_an_archive_is_refused(tmp_path: Path, place: int) -> None:
    """Damage in the first bytes, which tell the packing, and further on, which the checksum at the end tells."""
    noise = np.random.default_rng(1).integers(97, 122, 40_000).astype(np.uint8).tobytes().decode()
    content = jsonl(banner("192.0.2.1"), banner("192.0.2.2", org=noise))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("2021-03-09.json", content)
    damaged = bytearray(packed.getvalue())
    damaged[place] ^= 0xFF
    outcome = add(tmp_path, "exports.zip", bytes(damaged))
    assert outcome.refused is not None
    assert "damaged" in outcome.refused.reason or "broken" in outcome.refused.reason


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2021-03-09 00:11:30+01", "2021-03-08T23:11:30"),
        ("2021-03-09T00:11:30.5-0530", "2021-03-09T05:41:30"),
        ("2021-03-09 00:11:30 +01:00", "2021-03-08T23:11:30"),
        ("2021-03-09", "2021-03-09T00:00:00"),
        ("2021-03-09T00:11:30Z", "2021-03-09T00:11:30"),
        ("2021-03-09 00:11:30 UTC", "2021-03-09T00:11:30"),
        ("2021-03-09 00:11:30 CET", "2021-03-08T23:11:30"),
        ("2021-03-09T00:11:30.25 mesz", "2021-03-08T22:11:30"),
        ("2021-03-08 21:11:30 EST", "2021-03-09T02:11:30"),
        ("2021-03-09 00:11:30.123 +0100 CET", "2021-03-08T23:11:30"),
        ("2021-03-09T00:11:30-05:30[America/Nowhere]", "2021-03-09T05:41:30"),
    ],
)
def test_times_are_utc_whatever_zone_they_are_written_in(tmp_path: Path, written: str, utc: str) -> None:
    add(tmp_path, "a.json", jsonl(banner("192.0.2.1", timestamp=written)))
    (row,) = rows(tmp_path)
    assert (str(row["seen"])[:19].replace(" ", "T"), str(row["date"])) == (utc, utc[:10])


@pytest.mark.parametrize("zone", ["CST", "IST", "PST", "BST", "Nowhere", "pm", "+25:00:00", "Europe/Berlin"])
def test_a_zone_that_may_be_several_is_counted_and_not_taken_for_utc(tmp_path: Path, zone: str) -> None:
    lines = jsonl(*(banner("192.0.2.1", timestamp=f"2021-03-09 00:11:30{end}") for end in ("", f" {zone}")))
    records, skips = added(add(tmp_path, "a.json", lines))
    assert (records, skips) == (1, {"bad time": 1})
    records, skips = added(add(tmp_path / "named", "2021-03-09.json", lines))
    assert (records, skips) == (2, {"bad time": 1})


@pytest.mark.parametrize("day", [dt.date(1999, 12, 31), dt.date(2021, 4, 4), dt.date(2999, 1, 1)])
def test_a_day_that_cannot_be_is_refused(tmp_path: Path, day: dt.date) -> None:
    """It would be the last day of the store, which every question is about."""
    with pytest.raises(UsageError, match="no day of a scan"):
        add(tmp_path, "a.json", EXPORT, date=day)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_may_never_end_is_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "2021-03-09.json"
    os.mkfifo(pipe)
    outcomes = list(add_exports(Folder(str(tmp_path / "store")), [pipe, Path("/dev/zero")], options()))
    assert [each.refused is not None and "it is no file" in each.refused.reason for each in outcomes] == [True, True]


@pytest.mark.skipif(os.name != "posix", reason="names of files are Unicode here")
@pytest.mark.parametrize("content", [EXPORT, b"hello", b"PK\x03\x04"])
def test_the_name_of_a_file_need_not_be_unicode(tmp_path: Path, content: bytes) -> None:
    outcome = add(tmp_path, os.fsdecode(b"2021-03-09-\xff.json"), content)
    assert outcome.name == "2021-03-09-\\udcff.json"
    manifest = Folder(str(tmp_path / "store")).manifest()
    names = [*(each.name for each in manifest.added), *(each.name for each in manifest.refused)]
    assert names == [outcome.name]


@pytest.mark.parametrize("form", ["%d.%m.%Y %d", "%Q", "%Y-%m-%d %z %z"])
def test_a_form_of_a_time_that_cannot_be_read_is_refused_at_once(form: str) -> None:
    with pytest.raises(ValidationError, match="no form of a time"):
        Mapping(name="x", columns={"address": "ip"}, time=form)


def test_an_offset_beside_the_name_of_a_zone_is_what_counts() -> None:
    mapping = Mapping(name="x", columns={"address": "ip"}, time="%d.%m.%Y %H:%M %z (%Z)")
    assert mapping.moment("09.03.2021 10:30 +0100 (UTC)") == "2021-03-09T09:30:00"


def test_names_of_zones_mean_one_thing_in_the_tz_database() -> None:
    meanings: dict[str, set[float]] = {}
    for zone in zoneinfo.available_timezones():
        for month in range(12 * 26):
            moment = dt.datetime(2000 + month // 12, month % 12 + 1, 15, tzinfo=zoneinfo.ZoneInfo(zone))
            offset = moment.utcoffset()
            assert offset is not None
            meanings.setdefault(moment.tzname() or "", set()).add(offset.total_seconds() / 60)
    for name, minutes in ZONES.items():
        assert meanings.get(name, {minutes}) == {minutes}, name
    assert len(meanings["CST"]) > 1


@pytest.mark.parametrize("zone", ["CET", "UTC", "EST"])
def test_the_name_of_a_zone_in_a_declared_form_outranks_the_declared_zone(zone: str) -> None:
    mapping = Mapping(name="x", columns={"address": "ip"}, time="%d.%m.%Y %H:%M %Z", zone="Asia/Tokyo")
    utc = {"CET": "09:30", "UTC": "10:30", "EST": "15:30"}[zone]
    assert mapping.moment(f"09.03.2021 10:30 {zone}") == f"2021-03-09T{utc}:00"


def test_a_product_that_is_none_is_an_error(tmp_path: Path) -> None:
    """Every row would be stored and never counted."""
    with pytest.raises(UsageError, match=r"no product 'Exchange'. Products are exchange, sharepoint"):
        add(tmp_path, "a.json", EXPORT, product="Exchange")
    mapping = tmp_path / "list.toml"
    mapping.write_text("name = 'x'\nproduct = 'Exchange'\n[columns]\naddress = 'ip'", encoding="utf-8")
    with pytest.raises(UsageError, match=r"list.toml \(product\): no product 'Exchange'"):
        read_mapping(mapping)


def test_a_large_page_before_what_names_the_format_is_no_hindrance(tmp_path: Path) -> None:
    """The logon page of Exchange has some 60 KB, and Shodan writes `http` before `ip_str`."""
    page = {"http": {"html": "x" * 100_000}}
    first = page | {key: value for key, value in banner("192.0.2.1").items() if key != "http"}
    assert added(add(tmp_path, "a.json", jsonl(first))) == (1, {})


def test_an_array_of_no_objects_is_refused_with_the_way_out(tmp_path: Path) -> None:
    outcome = add(tmp_path, "a.json", b'[["192.0.2.1", 443]]')
    assert outcome.refused is not None
    assert "array of objects" in outcome.refused.reason


@pytest.mark.parametrize("size", [40, 9000])
def test_partial_takes_the_block_in_which_a_gzip_file_breaks(tmp_path: Path, size: int) -> None:
    """All of a small file is one block; a cut one was called empty."""
    rows = [f"192.0.{n // 250}.{n % 250}" for n in range(size)]
    shown = [{"_shodan": {}, "ip_str": each, "port": n, "x": n * 2654435761 % 2**32} for n, each in enumerate(rows)]
    whole = gzip.compress(jsonl(*shown[: size // 2])) + gzip.compress(jsonl(*shown[size // 2 :]))
    cut = whole[:-100]
    readable = zlib.decompressobj(wbits=31)
    first = readable.decompress(cut)
    lines = (first + zlib.decompressobj(wbits=31).decompress(readable.unused_data)).count(b"\n")
    outcome = add(tmp_path, "2021-03-09.json.gz", cut, partial=True)
    assert added(outcome)[0] in (lines, lines + 1)
    assert size // 2 < lines < size
