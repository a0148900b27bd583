from __future__ import annotations

import json
import os
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.trace.programs import INDEPENDENT, ORIGINAL, background, renamed, reordered, source
from waspglass.model.errors import OutputError, UsageError
from waspglass.model.skip import Skipped, SkipReason
from waspglass.trace import index as index_module
from waspglass.trace.calibration import load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.commons import load_commons
from waspglass.trace.executor import InProcess, Processes
from waspglass.trace.files import file_names
from waspglass.trace.index import Index, build_index, index_files, open_index, shard_of
from waspglass.trace.load import load, load_candidates
from waspglass.trace.program import Source, program_of
from waspglass.trace.sketch import sketches
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict


def written(folder: Path, sources: list[Source]) -> Path:
    folder.mkdir()
    for one in sources:
        (folder / one.name).write_bytes(one.raw)
    return folder


def test_the_source_of_a_disguised_copy_is_the_first_candidate(tmp_path: Path) -> None:
    others = [source(f"n{i}.py", text.raw.decode() + f"\nx{i} = {i}\n") for i, text in enumerate(background(40))]
    assert build_index([*others, source("shared.py", ORIGINAL)], tmp_path / "index").files == 41
    found = open_index(tmp_path / "index").candidates(renamed(ORIGINAL).encode(), 5)
    assert found[0].name == "shared.py"
    assert 0.1 < found[0].share <= 1.0


def test_a_sample_in_utf_16_finds_its_source_in_utf_8(tmp_path: Path) -> None:
    build_index([*background(20), source("shared.py", ORIGINAL)], tmp_path / "index")
    for coding in ("utf-16", "utf-16-le"):
        assert open_index(tmp_path / "index").candidates(ORIGINAL.encode(coding), 1)[0].name == "shared.py"


@pytest.mark.parametrize(
    ("name", "change"), [("a.ps1", str.lower), ("a.SQL", str.upper), ("a.vbs", str.swapcase), ("a", str.upper)]
)
def test_capitals_that_mean_nothing_do_not_hide_the_source(
    tmp_path: Path, name: str, change: Callable[[str], str]
) -> None:
    text = ORIGINAL.replace("station", "Station").replace("return", "Return")
    build_index([*background(20), source(name, text)], tmp_path / "index")
    best = open_index(tmp_path / "index").candidates(change(text).encode(), 1)[0]
    assert (best.name, best.share > 0.9) == (name, True)


def test_a_shard_is_the_same_whatever_is_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    together = index_module.shard_of(background(20))
    monkeypatch.setattr(index_module, "BATCH_BYTES", 1)
    alone = index_module.shard_of(background(20))
    assert (alone.names, alone.features.tolist()) == (together.names, together.features.tolist())


def _mix(draw: random.Random, texts: list[str]) -> str:
    """A program of statements of several others (synthetic)."""
    lines = [line for text in texts for line in text.splitlines()]
    return "\n".join(draw.choice(lines).replace("station", f"s{draw.randrange(99)}") for _ in range(40))


def test_what_the_exhaustive_comparison_puts_first_is_among_the_candidates(tmp_path: Path) -> None:
    """The naive twin of the index: score the sample against everything."""
    draw = random.Random(5)  # synthetic programs, not secrets
    originals = [_mix(draw, [ORIGINAL, *INDEPENDENT]) for _ in range(300)]
    programs = [source(f"{i:03}.py", text) for i, text in enumerate(originals)]
    build_index(programs, tmp_path / "index")
    opened = open_index(tmp_path / "index")
    read = [program_of(one) for one in programs]
    for number in range(0, 300, 15):
        lines = originals[number].splitlines()
        sample = source("sample.py", "\n".join([*lines[10:35], "print('new')", *lines[:6]]))
        collection = Collection([*read, program_of(sample)])
        scores = collection.score_all()[:300, 300]
        best = programs[int(np.argmax(scores))].name
        assert best == programs[number].name
        assert best in {one.name for one in opened.candidates(sample.raw, 5)}


@pytest.mark.parametrize("change", [renamed, reordered, lambda text: renamed(reordered(text))])
def test_derived_samples_are_found_among_many(tmp_path: Path, change: object) -> None:
    assert callable(change)
    build_index([*background(200), source("shared.py", ORIGINAL)], tmp_path / "index")
    assert open_index(tmp_path / "index").candidates(str(change(ORIGINAL)).encode(), 5)[0].name == "shared.py"


def _naive_candidates(names: list[str], texts: list[bytes], sample: bytes) -> dict[str, float]:
    """Set arithmetic, one feature after the other."""
    prints = [set(sketch.tolist()) for sketch in sketches(texts)]
    wanted = set(sketches([sample])[0].tolist())
    weight = {
        feature: np.log((len(names) + 1) / max(1, sum(feature in one for one in prints))) for feature in wanted
    }  # fmt: skip
    total = sum(weight.values())
    shares = [sum(weight[feature] for feature in wanted & one) / total for one in prints]
    return {name: share for name, share in zip(names, shares, strict=True) if share > 0}


def test_shares_are_those_of_set_arithmetic_in_one_shard_or_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [*background(30), source("shared.py", ORIGINAL)]
    sample = f"{ORIGINAL}\n{sources[0].raw.decode()}".encode()  # of which some is frequent and some is rare
    naive = _naive_candidates([one.name for one in sources], [one.raw.lower() for one in sources], sample.lower())
    answers = []
    for size in (1000, 7):
        monkeypatch.setattr(index_module, "SHARD_FILES", size)
        build_index(sources, tmp_path / str(size))
        answers.append(open_index(tmp_path / str(size)).candidates(sample))
    assert len(list((tmp_path / "7").glob("features-*.npy"))) == 5
    assert answers[0] == answers[1]
    assert {one.name: round(one.share, 9) for one in answers[0]} == {k: round(v, 9) for k, v in naive.items()}


@pytest.mark.parametrize(("files", "passed_over"), [(120, True), (3060, False)])
def test_what_more_than_fifty_files_and_one_of_fifty_have_points_nowhere(
    tmp_path: Path, files: int, passed_over: bool
) -> None:
    common = [source(f"{n}.py", INDEPENDENT[0]) for n in range(60)]
    build_index([*common, *(source(f"{n}.py", f"x = {n}") for n in range(60, files))], tmp_path)
    assert (open_index(tmp_path).candidates(INDEPENDENT[0].encode()) == ()) is passed_over


def test_several_processes_write_the_index_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "SHARD_FILES", 5)
    monkeypatch.setattr("secrets.token_hex", lambda _: "0a")
    folder = written(tmp_path / "shared", background(23))
    names = list(file_names(folder, []))
    assert names == sorted(names)
    assert len(names) == 23
    index_files(names, tmp_path / "one", InProcess())
    index_files(names, tmp_path / "two", Processes(2))
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "two").iterdir())
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in files)


@pytest.mark.usefixtures("links")
def test_a_folder_is_indexed_and_its_files_are_read_again(tmp_path: Path) -> None:
    folder = written(tmp_path / "shared", [source("a.py", ORIGINAL), source("gone.py", ORIGINAL + "# other\n")])
    (folder / "deeper").mkdir()
    (folder / "deeper" / "b.py").write_text(INDEPENDENT[0], encoding="utf-8")
    (folder / "link.py").symlink_to(folder / "a.py")
    os.mkfifo(folder / "pipe")
    skipped: list[Skipped] = []
    built = index_files(file_names(folder, skipped), tmp_path / "index", InProcess())
    assert (built.files, built.skipped) == (3, ())
    assert {skip.reason for skip in skipped} == {SkipReason.OUTSIDE_ROOT, SkipReason.SPECIAL_FILE}
    (folder / "gone.py").unlink()
    loaded = load_candidates(tmp_path / "index", [source("found.py", ORIGINAL)])
    assert [Path(one.name).name for one in loaded.sources] == ["a.py"]
    assert [skip.source for skip in loaded.skipped] == [(folder / "gone.py").as_posix()]


def test_a_file_that_is_gone_before_it_is_read_is_a_skip(tmp_path: Path) -> None:
    folder = written(tmp_path / "shared", background(3))
    names = [*file_names(folder, []), (folder / "gone.py").as_posix()]
    built = index_files(names, tmp_path / "index", InProcess())
    assert built.files == 3
    assert [(skip.source, skip.reason) for skip in built.skipped] == [
        ((folder / "gone.py").as_posix(), SkipReason.UNREADABLE)
    ]  # fmt: skip


def test_what_is_packed_in_a_sample_finds_its_source(tmp_path: Path) -> None:
    from base64 import b64encode

    folder = written(tmp_path / "shared", [*background(20), source("shared.py", ORIGINAL)])
    index_files(file_names(folder, []), tmp_path / "index", InProcess())
    packed = f'import base64\nexec(base64.b64decode("{b64encode(ORIGINAL.encode()).decode()}"))\n'
    loaded = load_candidates(tmp_path / "index", [source("found.py", packed)], 1)
    assert "shared.py" in {Path(one.name).name for one in loaded.sources}


def test_an_index_is_written_over_by_a_smaller_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "SHARD_FILES", 2)
    build_index(background(9), tmp_path)
    build_index(background(3), tmp_path)
    assert sorted(path.name[-9:] for path in tmp_path.iterdir()) == ["00000.npy", "00001.npy", "ames.json"]
    assert len(open_index(tmp_path).names) == 3


def test_an_index_of_nothing_is_not_written(tmp_path: Path) -> None:
    assert build_index([], tmp_path / "new").files == 0
    with pytest.raises(UsageError, match="no index here"):
        open_index(tmp_path / "new")
    build_index(background(3), tmp_path / "old")
    assert build_index([], tmp_path / "old").files == 0
    assert len(open_index(tmp_path / "old").names) == 3


def test_an_index_without_files_has_no_candidates() -> None:
    assert Index((), (), ()).candidates(ORIGINAL.encode()) == ()


def first_shard(index: Path) -> Path:
    (found,) = index.glob("features-*-00000.npy")
    return found


def test_names_and_features_of_two_builds_make_no_index(tmp_path: Path) -> None:
    """As they are met by a query that reads the names just before the index is built again."""
    build_index(background(3), tmp_path)
    names = (tmp_path / "names.json").read_bytes()
    build_index([source("shared.py", ORIGINAL), *background(2)], tmp_path)
    (tmp_path / "names.json").write_bytes(names)
    with pytest.raises(UsageError, match="damaged"):
        open_index(tmp_path)


DAMAGED_FILES = {
    "npy": b"\x93NUMPY nonsense",
    "empty": b"",
    "zip": b"PK\x03\x04 nonsense",
    "pickle": b"\x80\x04N.",
    "nested": b"\x93NUMPY\x01\x00\xff\x0f" + b"(" * 4095,
}


DAMAGED_FEATURES = {"square": np.zeros((2, 2), dtype=np.uint64), "signed": np.zeros(2, dtype=np.int64)}
DAMAGED_HEADS = {
    "version": {"version": 99},
    "starts": {"starts": [7]},
    "before": {"starts": [-1]},
    "sizes": {"sizes": []},
    "build": {"build": "../index"},
}


@pytest.mark.parametrize(
    "damage", ["missing", "json", "deep", "infinite", *DAMAGED_FILES, *DAMAGED_FEATURES, "folder", *DAMAGED_HEADS]
)
def test_a_damaged_index_is_refused(tmp_path: Path, damage: str) -> None:
    index = tmp_path / "index"
    build_index([source("a.py", ORIGINAL)], index)
    head = json.loads((index / "names.json").read_text(encoding="utf-8"))
    shard = first_shard(index)
    if damage == "missing":
        (index / "names.json").unlink()
    elif damage == "json":
        (index / "names.json").write_text("[", encoding="utf-8")
    elif damage == "deep":
        (index / "names.json").write_text("[" * 100_000, encoding="utf-8")
    elif damage == "infinite":
        (index / "names.json").write_text(json.dumps(head | {"sizes": [float("inf")]}), encoding="utf-8")
    elif damage == "folder":
        shard.unlink()
        shard.mkdir()
    elif damage in DAMAGED_FILES:
        shard.write_bytes(DAMAGED_FILES[damage])
    elif damage in DAMAGED_FEATURES:
        np.save(shard, DAMAGED_FEATURES[damage])
    else:
        (index / "names.json").write_text(json.dumps(head | DAMAGED_HEADS[damage]), encoding="utf-8")
    with pytest.raises(UsageError):
        open_index(index)


@pytest.mark.parametrize("number", [1, 0xFFFF])
def test_a_feature_that_points_past_the_names_is_damage(tmp_path: Path, number: int) -> None:
    build_index([source("a.py", ORIGINAL)], tmp_path)
    features = np.load(first_shard(tmp_path))
    np.save(first_shard(tmp_path), features | np.uint64(number))
    with pytest.raises(UsageError):
        open_index(tmp_path).candidates(ORIGINAL.encode())


def test_features_in_no_order_are_damage(tmp_path: Path) -> None:
    build_index([source("a.py", ORIGINAL), source("b.py", ORIGINAL)], tmp_path)
    features = np.load(first_shard(tmp_path))
    np.save(first_shard(tmp_path), features[::-1])
    with pytest.raises(UsageError, match="damaged"):
        open_index(tmp_path)


def test_features_in_no_order_that_a_look_missed_end_in_an_answer_or_are_damage() -> None:
    """Opening looks at some places of a large shard; until numpy 2.4 a search in it may end before it begins."""
    shard = index_module.shard_of(background(20))
    for seed in range(20):
        strewn = np.random.default_rng(seed).permutation(shard.features)
        foreign = Index((*shard.names, *shard.names), (*shard.sizes, *shard.sizes), ((0, shard.features), (20, strewn)))
        try:
            assert len(foreign.candidates(background(20)[3].raw)) <= 40
        except UsageError as fault:
            assert "not in order" in str(fault)


def test_an_interruption_leaves_the_index_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "SHARD_FILES", 1)

    def interrupted() -> Iterator[Source]:
        yield source("new.py", INDEPENDENT[0])
        yield source("newer.py", INDEPENDENT[1])
        raise KeyboardInterrupt

    for before in ((), (source("old.py", ORIGINAL),)):
        if before:
            build_index(before, tmp_path / "index")
        with pytest.raises(KeyboardInterrupt):
            build_index(interrupted(), tmp_path / "index")
        left = {path.suffix for path in (tmp_path / "index").iterdir()}
        assert left == ({".npy", ".json"} if before else set())
    assert open_index(tmp_path / "index").names == ("old.py",)


def test_an_index_that_a_query_reads_stays_where_a_file_that_is_read_cannot_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index([source("old.py", ORIGINAL)], tmp_path)
    removed = Path.unlink

    def windows(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".npy":
            raise PermissionError(13, "it is in use")
        removed(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", windows)
    with pytest.raises(OutputError, match="in use"):
        build_index([source("new.py", INDEPENDENT[0])], tmp_path)
    assert open_index(tmp_path).names == ("old.py",)


def test_a_group_of_files_of_which_none_can_be_read_has_no_features() -> None:
    assert len(shard_of([]).features) == 0


def test_what_a_killed_run_left_is_swept_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / "index" / ".unfinished-0123456789abcdef"
    left.mkdir(parents=True)
    (left / "features-00000.npy").write_bytes(b"half of it")
    build_index([Source("a.py", ORIGINAL.encode())], tmp_path / "index")
    assert not left.exists()
    assert len(open_index(tmp_path / "index").names) == 1


def test_a_second_run_into_one_place_is_refused_and_the_first_ends_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "SHARD_FILES", 2)
    build_index([source("old.py", ORIGINAL)], tmp_path)

    def beside() -> Iterator[Source]:
        yield from background(5)
        with pytest.raises(OutputError, match="another run is writing"):
            build_index([source("second.py", ORIGINAL)], tmp_path)
        yield source("last.py", ORIGINAL)

    assert build_index(beside(), tmp_path).files == 6
    assert (len(open_index(tmp_path).names), open_index(tmp_path).names[-1]) == (6, "last.py")
    assert not list(tmp_path.glob(".*"))


def test_a_foreign_folder_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="the folder is not empty"):
        build_index([], tmp_path)
    with pytest.raises(OutputError, match="no folder"):
        build_index([], tmp_path / "mine.txt")


def test_a_file_that_changed_since_is_said_to_have(tmp_path: Path) -> None:
    file = tmp_path / "shared.py"
    file.write_text(ORIGINAL, encoding="utf-8")
    index_files([str(file)], tmp_path / "index", InProcess())
    file.write_text(ORIGINAL + "# longer\n", encoding="utf-8")
    loaded = load_candidates(tmp_path / "index", [source("found.py", ORIGINAL)])
    assert [one.name for one in loaded.sources] == [str(file)]
    (skip,) = loaded.skipped
    assert "changed since" in (skip.detail or "")


def test_a_library_is_one_in_an_index_too_where_it_is_the_only_candidate(tmp_path: Path) -> None:
    for name, text in (("node_modules/a.py", ORIGINAL), ("own.py", INDEPENDENT[0])):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = [str(tmp_path / name) for name in ("node_modules/a.py", "own.py")]
    index_files(files, tmp_path / "index", InProcess())
    loaded = load_candidates(tmp_path / "index", [source("found.py", ORIGINAL)], 1)
    assert [one.name for one in loaded.sources] == files[:1]
    result = trace(
        [source("found.py", ORIGINAL)], loaded.sources, background(),
        calibration=load_calibration(), commons=load_commons(), shared_besides=loaded.besides,
    )  # fmt: skip
    assert (result.verdict, result.comparisons[0].reasons[0]) == (Verdict.CANNOT_TELL, "elsewhere")


def test_what_an_index_of_an_archive_names_is_read_from_the_archive(tmp_path: Path) -> None:
    archive = tmp_path / "shared.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("sent/shared.py", ORIGINAL)
        file.writestr("other.py", INDEPENDENT[0])
    build_index(load([archive]).sources, tmp_path / "index")
    loaded = load_candidates(tmp_path / "index", [source("found.py", renamed(ORIGINAL))])
    assert loaded.sources[0] == source(f"{archive.as_posix()}:sent/shared.py", ORIGINAL)
    archive.unlink()
    assert load_candidates(tmp_path / "index", [source("found.py", ORIGINAL)]).skipped


def test_archives_in_a_folder_are_indexed_as_what_they_hold(tmp_path: Path) -> None:
    folder = written(tmp_path / "shared", [*background(20), Source("seven.7z", b"7z\xbc\xaf\x27\x1c" + bytes(500))])
    with zipfile.ZipFile(folder / "sent.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("c/shared.py", ORIGINAL)
    built = index_files(file_names(folder, []), tmp_path / "index", InProcess())
    assert (built.files, [Path(skip.source).name for skip in built.skipped]) == (21, ["seven.7z"])
    loaded = load_candidates(tmp_path / "index", [source("found.py", renamed(ORIGINAL))])
    assert loaded.sources[0] == source(f"{folder.as_posix()}/sent.zip:c/shared.py", ORIGINAL)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_foreign_index_cannot_make_a_pipe_or_device_be_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    build_index([source(str(tmp_path / "pipe"), ORIGINAL), source("/dev/zero", ORIGINAL)], tmp_path / "index")
    loaded = load_candidates(tmp_path / "index", [source("found.py", ORIGINAL)])
    assert loaded.sources == ()
    assert {skip.reason for skip in loaded.skipped} == {SkipReason.SPECIAL_FILE}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("name", ["names.json", "features-*-00000.npy"])
def test_an_index_that_is_a_pipe_is_no_index(tmp_path: Path, name: str) -> None:
    build_index(background(3), tmp_path)
    (path,) = tmp_path.glob(name)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UsageError, match="damaged"):
        open_index(tmp_path)


@pytest.mark.parametrize("name", ["a\0b.py", "\ud800.py"])
def test_a_foreign_index_may_hold_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    build_index([source(name, ORIGINAL)], tmp_path / "index")
    loaded = load_candidates(tmp_path / "index", [source("found.py", ORIGINAL)])
    assert loaded.sources == ()
    assert [skip.reason for skip in loaded.skipped] == [SkipReason.UNREADABLE]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_an_encoding_does_not_hide_a_candidate(tmp_path: Path, encoding: str) -> None:
    build_index([*background(20), Source("shared.py", ORIGINAL.encode(encoding))], tmp_path / "index")
    best = open_index(tmp_path / "index").candidates(ORIGINAL.encode(), 1)
    assert [one.name for one in best] == ["shared.py"]
