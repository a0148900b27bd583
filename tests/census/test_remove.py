"""Removing: answers are those of a store that never had the export, whatever was asked or interrupted before."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.census.exports import PACK, add, banner, certificate, counts, jsonl, options, states
from tests.census.test_add import content_of
from waspglass.census.add import AddOptions, Outcome, add_exports
from waspglass.census.compare import compare
from waspglass.census.count import By, count
from waspglass.census.errors import CensusError, StoreError
from waspglass.census.reading import open_reading
from waspglass.census.remove import remove_exports
from waspglass.census.sources.all import all_sources
from waspglass.census.store.folder import Folder
from waspglass.census.store.manifest import Added, DataFile, Manifest
from waspglass.model.errors import UsageError
from waspglass.packs.builds import State
from waspglass.report.census_store import exports_json, exports_text, removed_text
from waspglass.report.census_text import outcome_text

FIRST, SECOND = jsonl(banner("192.0.2.1"), banner("192.0.2.2", "15.1.2176.9")), jsonl(banner("192.0.2.3"))


def removed(folder: Path, *words: str) -> None:
    remove_exports(Folder(str(folder / "store")), words)


def data_of(folder: Path) -> dict[str, bytes]:
    """Sightings and manifest, without what was worked out from them."""
    return {name: content for name, content in content_of(folder / "store").items() if not name.startswith("derived")}


def answers(folder: Path) -> list[object]:
    """Counts with servers from each kind of what is kept, and the comparison of the first and last day."""
    found: list[object] = [counts(folder, by) for by in (By.NOTHING, By.BUILD, By.ORGANISATION)]
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        days = sorted({day for day, _ in reading.scans()})
        if len(days) > 1:
            comparison, hosts = compare(reading, "shodan", days[0], days[-1])
            found += [comparison, list(hosts)]
    return found


Sighting = tuple[int, int, str, int]
SIGHTINGS = st.lists(
    st.tuples(
        st.integers(1, 9), st.integers(9, 12), st.sampled_from(["15.1.2176.2", "15.1.2176.9"]), st.integers(0, 3)
    ),
    min_size=1,
    max_size=12,
)


def export(sightings: list[Sighting]) -> bytes:
    return jsonl(
        *(
            banner(f"192.0.2.{host}", version, timestamp=f"2021-03-{day:02d}T10:00:00", ssl=certificate(f"{mark:x}"))
            for host, day, version, mark in sightings
        )
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(SIGHTINGS, min_size=2, max_size=4, unique_by=export), st.data())
def test_a_store_is_as_if_it_never_had_what_is_removed(
    tmp_path_factory: pytest.TempPathFactory, exports: list[list[Sighting]], data: st.DataObject
) -> None:
    with_all, without = tmp_path_factory.mktemp("all"), tmp_path_factory.mktemp("without")
    out = data.draw(st.sets(st.integers(0, len(exports) - 1), min_size=1, max_size=len(exports) - 1))
    for number, sightings in enumerate(exports):
        add(with_all, f"{number}.json", export(sightings))
        if number not in out:
            add(without, f"{number}.json", export(sightings))
        if data.draw(st.booleans()):
            answers(with_all)  # fills what is kept
    removed(with_all, *(f"{number}.json" for number in sorted(out)))
    assert data_of(with_all) == data_of(without)
    assert answers(with_all) == answers(without)


def test_nothing_of_a_host_stays_in_any_file(tmp_path: Path) -> None:
    add(tmp_path, "keep.json", SECOND)
    add(tmp_path, "gone.json", jsonl(banner("203.0.113.77", org="Muster GmbH", hostnames=["mail.muster.example"])))
    answers(tmp_path)
    removed(tmp_path, "gone.json")
    for content in content_of(tmp_path / "store").values():
        assert b"203.0.113.77" not in content
        assert b"uster" not in content
    assert not list((tmp_path / "store" / "derived").rglob("identity-*"))


def test_added_again_in_another_way_it_is_judged_anew(tmp_path: Path) -> None:
    """The same bytes make files of the same names; what was kept of the first must not answer for the second."""
    bare = jsonl({"_shodan": {}, "ip_str": "192.0.2.9", "port": 443, "timestamp": "2021-03-09T10:00:00"})
    add(tmp_path, "other.json", SECOND)
    add(tmp_path, "bare.json", bare)
    assert states(tmp_path) == {State.VULNERABLE: 1}
    removed(tmp_path, "bare.json")
    add(tmp_path, "bare.json", bare, product="exchange")
    assert states(tmp_path) == {State.VULNERABLE: 1, State.UNKNOWN: 1}


@pytest.mark.parametrize("place", ["put_manifest", "clean", "_remove"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_interrupted_it_is_done_wholly_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, nth: int
) -> None:
    add(tmp_path, "first.json", FIRST)
    only_first = answers(tmp_path)
    add(tmp_path, "second.json", SECOND)
    both = answers(tmp_path)
    original, calls = getattr(Folder, place), []

    def interrupted(*args: object) -> object:
        calls.append(1)
        if len(calls) == nth:
            raise KeyboardInterrupt
        return original(*args)

    with monkeypatch.context() as patched:
        patched.setattr(Folder, place, interrupted)
        try:
            removed(tmp_path, "second.json")
        except KeyboardInterrupt:
            assert answers(tmp_path) in (only_first, both)
    add(tmp_path, "other.json", jsonl(banner("192.0.2.40")))
    names = {each.name for each in Folder(str(tmp_path / "store")).manifest().added}
    files = {
        str(path.relative_to(tmp_path / "store")) for path in (tmp_path / "store" / "sightings").rglob("*.parquet")
    }
    assert files == {each.path for each in Folder(str(tmp_path / "store")).manifest().files()}
    if "second.json" in names:
        removed(tmp_path, "second.json")
    removed(tmp_path, "other.json")
    assert answers(tmp_path) == only_first


@pytest.mark.usefixtures("links")
def test_what_counts_stays_however_its_path_is_spelt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system may list other paths than it was asked with, all of them good."""
    (tmp_path / "real").mkdir()
    (tmp_path / "store").symlink_to(tmp_path / "real")
    add(tmp_path, "first.json", FIRST)
    find = Folder._find
    monkeypatch.setattr(Folder, "_find", lambda *asked: [str(Path(path).resolve()) for path in find(*asked)])
    add(tmp_path, "second.json", SECOND)
    removed(tmp_path, "second.json")
    assert sum(states(tmp_path).values()) == 2
    assert len(list((tmp_path / "real" / "sightings").rglob("*.parquet"))) == 1


def test_all_that_are_named_or_none(tmp_path: Path) -> None:
    add(tmp_path, "first.json", FIRST)
    before = content_of(tmp_path / "store")
    with pytest.raises(UsageError, match=r"no export 'second.json' in the store. `waspglass census list`"):
        removed(tmp_path, "first.json", "second.json")
    assert content_of(tmp_path / "store") == before


def test_names_that_several_have_are_told_apart_by_id(tmp_path: Path) -> None:
    add(tmp_path, "export.json", FIRST)
    one = add(tmp_path, "export.json", jsonl(banner("192.0.2.3", timestamp="2021-03-10T10:00:00"))).added
    assert one is not None
    with pytest.raises(UsageError, match=rf"2 exports are called 'export.json'.*{one.id} \(shodan, 2021-03-10\)"):
        removed(tmp_path, "export.json")
    removed(tmp_path, one.id.upper())
    assert [str(each.date) for each in counts(tmp_path)] == ["2021-03-09"]
    removed(tmp_path, "export.json")
    assert exports_text(Folder(str(tmp_path / "store")).manifest()) == "the store is empty"
    assert not (tmp_path / "store" / "sightings" / "date=2021-03-09").exists()


def test_the_note_of_a_refused_export_can_be_removed(tmp_path: Path) -> None:
    add(tmp_path, "first.json", FIRST)
    add(tmp_path, "x\x1b[2J.txt", b"hello")
    shown = exports_text(Folder(str(tmp_path / "store")).manifest())
    assert "\x1b" not in shown
    assert "refused" in shown
    removed(tmp_path, r"x\x1b[2J.txt")  # as it is shown
    assert Folder(str(tmp_path / "store")).manifest().refused == ()


def test_no_name_acts_on_a_terminal(tmp_path: Path) -> None:
    name = "a\x9b2J\u202egpj.json"
    add(tmp_path, name, SECOND)
    store = Folder(str(tmp_path / "store"))
    shown = [exports_text(store.manifest()), exports_json(store.manifest())]
    assert json.loads(shown[1])["exports"][0]["name"] == name
    shown.append(removed_text(remove_exports(store, [name])))
    assert shown[2] == "a\\x9b2J\\u202egpj.json: 1 sighting of 2021-03-09 removed"
    assert all(line.isprintable() for text in shown for line in text.splitlines())


@pytest.mark.parametrize("damage", [None, b"", b"PAR1 and no more"])
def test_a_damaged_file_names_the_export_to_remove_and_add_again(tmp_path: Path, damage: bytes | None) -> None:
    add(tmp_path, "first.json", FIRST)
    add(tmp_path, "second.json", jsonl(banner("192.0.2.3", timestamp="2021-03-10T10:00:00")))
    before = answers(tmp_path)
    (path,) = (tmp_path / "store" / "sightings" / "date=2021-03-10").rglob("*.parquet")
    path.unlink() if damage is None else path.write_bytes(damage)
    shutil.rmtree(tmp_path / "store" / "derived")
    with pytest.raises(CensusError, match="the store cannot be read") as caught:
        answers(tmp_path)
    named = re.search("remove ([0-9a-f]{12})`", str(caught.value))
    assert named is not None
    removed(tmp_path, named[1])
    assert [str(each.date) for each in counts(tmp_path)] == ["2021-03-09"]
    add(tmp_path, "second.json", jsonl(banner("192.0.2.3", timestamp="2021-03-10T10:00:00")))
    assert answers(tmp_path) == before


def test_an_empty_store_is_said_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is empty"):
        removed(tmp_path, "x")
    assert not (tmp_path / "store").exists()


def corrected(folder: Path, content: bytes, name: str = "2021-03-09-a.json", **changes: object) -> Outcome:
    return add(folder, name, content, **changes)


def test_a_corrected_export_takes_the_place_of_the_earlier_one(tmp_path: Path) -> None:
    corrected(tmp_path, FIRST)
    outcome = corrected(tmp_path, SECOND)
    assert [each.name for each in outcome.earlier] == ["2021-03-09-a.json"]
    assert sum(states(tmp_path).values()) == 3
    corrected(tmp_path, FIRST + SECOND[:-2] + b', "x": 1}\n', replace=True)
    fresh = tmp_path / "fresh"
    corrected(fresh, FIRST + SECOND[:-2] + b', "x": 1}\n')
    assert data_of(tmp_path) == data_of(fresh)


def test_only_the_same_name_source_and_day_is_replaced(tmp_path: Path) -> None:
    corrected(tmp_path, FIRST, "export.json")
    next_day = jsonl(banner("192.0.2.3", timestamp="2021-03-10T10:00:00"))
    assert corrected(tmp_path, next_day, "export.json", replace=True).earlier == ()
    assert len(counts(tmp_path)) == 2


def test_what_the_correction_lacks_is_not_taken_out(tmp_path: Path) -> None:
    """A download of each evening has rows of two days, and the next one those of the second day again."""
    three = [jsonl(banner(f"192.0.2.{day}", timestamp=f"2021-03-{day:02d}T10:00:00")) for day in (8, 9, 10)]
    first = corrected(tmp_path, three[0] + three[1], "export.json").added
    outcome = corrected(tmp_path, three[1] + three[2], "export.json", replace=True)
    assert (outcome.earlier, outcome.replaced) == ((first,), ())
    assert [each.date.day for each in counts(tmp_path)] == [8, 9, 10]
    whole = corrected(tmp_path, b"".join(three), "export.json", replace=True)
    assert len(whole.replaced) == 2
    assert [each.total for each in counts(tmp_path)] == [1, 1, 1]


def test_a_cut_export_replaces_none_that_is_whole(tmp_path: Path) -> None:
    packed = gzip.compress(FIRST)
    corrected(tmp_path, packed)
    cut = gzip.compress(jsonl(*(banner(f"192.0.2.{n}") for n in range(3, 99))))
    outcome = corrected(tmp_path, cut[: len(cut) // 2], partial=True, replace=True)
    assert outcome.added is not None
    assert outcome.added.partial
    assert len(outcome.earlier) == 1
    assert "counts beside the earlier one of this name" in outcome_text(outcome)
    assert corrected(tmp_path, cut, replace=True).replaced == (*outcome.earlier, outcome.added)


def test_exports_of_one_run_do_not_replace_one_another(tmp_path: Path) -> None:
    """`census add de/report.csv at/report.csv --replace`."""
    corrected(tmp_path, FIRST)
    paths = []
    for land, content in (("de", SECOND), ("at", jsonl(banner("192.0.2.4")))):
        paths.append(tmp_path / land / "2021-03-09-a.json")
        paths[-1].parent.mkdir()
        paths[-1].write_bytes(content)
    outcomes = list(add_exports(Folder(str(tmp_path / "store")), paths, options(replace=True)))
    assert [(len(each.replaced), len(each.earlier)) for each in outcomes] == [(1, 0), (0, 1)]
    assert sum(states(tmp_path).values()) == 2


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("written", [True, False])
def test_an_interrupted_replacement_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bool, readable: bool
) -> None:
    """The storage fails while the manifest is replaced, perhaps after it was, and may not say which one it has."""
    corrected(tmp_path, FIRST)
    put, get = Folder.put_manifest, Folder.manifest

    def failing(folder: Folder, manifest: Manifest) -> None:
        if written:
            put(folder, manifest)
        if not readable:
            monkeypatch.setattr(Folder, "manifest", unreadable)
        raise OSError("connection lost")

    def unreadable(folder: Folder) -> Manifest:
        raise StoreError("the manifest cannot be read")

    monkeypatch.setattr(Folder, "put_manifest", failing)
    with pytest.raises(StoreError):
        corrected(tmp_path, SECOND, replace=True)
    monkeypatch.setattr(Folder, "put_manifest", put)
    monkeypatch.setattr(Folder, "manifest", get)
    assert sum(states(tmp_path).values()) == (1 if written else 2)


def test_a_refused_correction_leaves_the_earlier_export(tmp_path: Path) -> None:
    corrected(tmp_path, FIRST)
    before = data_of(tmp_path)
    corrected(tmp_path, b'{"_shodan": {}, "ip_str": "x", "port": 1}\n', replace=True)
    after = data_of(tmp_path)
    assert {**after, "manifest.json": b""} == {**before, "manifest.json": b""}
    assert sum(states(tmp_path).values()) == 2


def test_object_storage(tmp_path: Path) -> None:
    folder = Folder("memory://bucket/remove-test")
    for name, content in (("a.json", FIRST), ("b.json", SECOND)):
        (tmp_path / name).write_bytes(content)
        options = AddOptions(all_sources(), dt.datetime(2021, 4, 1, tzinfo=dt.UTC))
        list(add_exports(folder, [tmp_path / name], options))
    remove_exports(folder, ["a.json"])
    with open_reading(folder, PACK) as reading:
        (one,) = count(reading, reading.scans())
    assert one.total == 1
    assert len(folder.fs.find(folder.path("sightings"))) == 1


_DAY = DataFile(path="x.parquet", date=dt.date(2021, 3, 9), source="shodan", rows=1, bytes=1)
_ADDED = Added(
    name="a.json", digest="1", file_digest="1", source="shodan", added=dt.datetime(2021, 4, 1, tzinfo=dt.UTC),
    records=1, files=(_DAY,),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reissues"),
    [
        ({"digest": "2"}, True),
        ({}, False),
        ({"digest": "2", "name": "b.json"}, False),
        ({"digest": "2", "source": "censys"}, False),
        ({"digest": "2", "files": (_DAY.model_copy(update={"date": dt.date(2021, 3, 10)}),)}, False),
    ],
)
def test_a_correction_has_name_source_and_a_day_of_what_it_corrects_and_other_content(
    change: dict[str, object], reissues: bool
) -> None:
    assert _ADDED.model_copy(update=change).reissues(_ADDED) is reissues
