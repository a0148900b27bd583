from __future__ import annotations

import importlib.util
from dataclasses import fields

import numpy as np
import pytest

from tests.trace.programs import INDEPENDENT, ORIGINAL, background, renamed, source
from waspglass.trace.calibration import load_calibration
from waspglass.trace.cluster import RayCluster
from waspglass.trace.collection import Collection
from waspglass.trace.commons import load_commons
from waspglass.trace.executor import Executor, InProcess, Processes
from waspglass.trace.links import best_chain, links_of, with_third
from waspglass.trace.matrix import PairTable, all_pairs, least_score, likenesses, listed_pairs
from waspglass.trace.parts import program_with_parts
from waspglass.trace.program import Program, Source, program_of
from waspglass.trace.reading import read_programs
from waspglass.trace.verdict import Verdict

SOURCES = [*background(1100), source("a.py", ORIGINAL), source("b.py", renamed(ORIGINAL))]


@pytest.fixture(scope="module")
def programs() -> list[Program]:
    return read_programs(SOURCES, InProcess())


def table(programs: list[Program], least: float, executor: Executor) -> dict[str, list[float]]:
    tables = list(all_pairs(Collection(programs, load_commons()), load_calibration(), least, executor))
    return {
        field.name: np.concatenate([getattr(one, field.name) for one in tables]).tolist() for field in fields(PairTable)
    }


@pytest.mark.parametrize(("count", "least"), [(1, 0.0), (2, 0.0), (30, 0.0), (30, 0.2), (1102, 0.5)])
def test_blocks_give_what_the_whole_matrix_gives(programs: list[Program], count: int, least: float) -> None:
    """The naive twin: all scores at once, then what third programs say of all pairs."""
    some = programs[-count:]
    whole = Collection(some, load_commons()).score_all()
    found = table(some, least, InProcess())
    first, second = np.triu_indices(count, 1)
    direct = whole[first, second]
    links = links_of(count, [(first, second, direct)] if count >= load_calibration().alone_below else ())
    score = with_third(best_chain(links, first, second), direct)
    kept = score >= np.float32(least)
    assert found["first"] == first[kept].tolist()
    assert found["second"] == second[kept].tolist()
    assert found["score"] == pytest.approx(score[kept].tolist(), abs=1e-6)


def test_processes_read_and_compare_as_one_does(programs: list[Program]) -> None:
    read = read_programs(SOURCES, Processes(2))
    assert all(
        (a.name, a.sha256, a.tokens, a.remarks) == (b.name, b.sha256, b.tokens, b.remarks)
        and all(np.array_equal(a.views[view], b.views[view]) for view in a.views)
        for a, b in zip(programs, read, strict=True)
    )
    assert table(programs, 0.3, InProcess()) == table(read, 0.3, Processes(2))


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (pip install '.[cluster]')")
def test_ray_reads_and_compares_as_one_process_does(programs: list[Program]) -> None:
    with RayCluster("local") as ray:
        read = read_programs(SOURCES, ray)
        found = table(read, 0.3, ray)
    assert found == table(programs, 0.3, InProcess())


def test_only_of_very_many_pairs_those_that_share_little_are_left_out() -> None:
    assert least_score(2000) == 0.0
    assert least_score(2001) == 0.1


def test_a_program_beside_itself_is_the_same() -> None:
    collection = Collection([program_of(source("a.py", ORIGINAL)), program_of(source("b.py", INDEPENDENT[0]))])
    table = listed_pairs(collection, np.array([0, 0]), np.array([0, 1]), load_calibration())
    assert table.score[0] == 1.0
    assert table.llr[0] > 0 > table.llr[1]


def test_no_pairs_give_an_empty_table() -> None:
    none = np.empty(0, dtype=np.int64)
    assert len(listed_pairs(Collection([]), none, none, load_calibration())) == 0


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("broken.py", "\n".join(f"{line} )] }}}} if" for line in ORIGINAL.splitlines()).encode()),
        ("same.cs", b"class A { int f(int a) { return a + 1; } }\n" * 40),
        ("noise.exe", bytes((i * i * 31 + i // 7) % 256 for i in range(20_000))),
        ("long.py", b"x = 1\n" * 500_000),
    ],
)
def test_what_was_not_read_in_one_way_and_whole_is_not_called_independent(name: str, raw: bytes) -> None:
    """A copy that no grammar can read has nothing in common with its original here."""
    programs = [program_of(one) for one in (source("shared.py", ORIGINAL * 3), Source(name, raw), *background(12))]
    collection, calibration = Collection(programs, load_commons()), load_calibration()
    listed = listed_pairs(collection, np.array([0, 0]), np.array([1, 2]), calibration)
    assert listed.words()[0] is Verdict.CANNOT_TELL
    tables = list(all_pairs(collection, calibration))
    words = {
        pair: word
        for one in tables
        for pair, word in zip(zip(one.first, one.second, strict=True), one.words(), strict=True)
    }
    assert words[0, 1] is Verdict.CANNOT_TELL


@pytest.mark.parametrize("least", [0.02, 0.2, 0.35])
def test_pairs_that_are_not_written_change_nothing_for_the_others(least: float) -> None:
    """Neither how usual a likeness is, nor what a part lifts, may rest on what is left out."""
    function = ORIGINAL.split("\n\n\n")[2]
    texts = [one.raw.decode() for one in background(24)]
    copied = source("copied.py", "\n\n\n".join([*INDEPENDENT * 2, function]))
    programs = [program_with_parts(one) for one in (source("shared.py", ORIGINAL), copied)]
    programs += [
        program_with_parts(source(f"{i}.py", f"{text}\n{ORIGINAL[40 * i :][:200]}")) for i, text in enumerate(texts)
    ]
    collection, calibration = Collection(programs, load_commons()), load_calibration()

    def rows(floor: float) -> set[tuple[int, int, float, float, int]]:
        return {
            (int(a), int(b), round(float(score), 6), round(float(llr), 6), int(verdict))
            for one in all_pairs(collection, calibration, floor)
            for a, b, score, llr, verdict in zip(one.first, one.second, one.score, one.llr, one.verdict, strict=True)
        }

    assert rows(least) == {row for row in rows(0.0) if row[2] >= least}


def test_a_pair_of_two_languages_needs_the_size_that_the_rarer_one_asks_for() -> None:
    """Of three Java programs among many in Python it is not known what is usual."""
    lines = "".join(f"total{row} = litres({row}) + {row}\n" for row in range(9))
    texts = [source(f"{number}.py", lines.replace("total", f"sum{number}_")) for number in range(12)]
    programs = [program_of(text) for text in (*texts, source("a.js", lines))]
    first, second = np.array([0, 12, 0]), np.array([12, 0, 1])
    found = likenesses(Collection(programs, load_commons()), first, second, load_calibration())
    assert found.enough.tolist() == [False, False, True]
