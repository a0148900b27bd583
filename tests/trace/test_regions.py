from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waspglass.trace.regions import GAP, LEAST, matching_runs, matching_tiles
from waspglass.trace.views import Tokens


def tokens(shape: list[int]) -> Tokens:
    values = np.array(shape, dtype=np.uint64)
    places = np.arange(len(shape), dtype=np.int32)
    return Tokens(values, values, np.ones(len(shape), dtype=np.uint8), places, places + 1)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=80), st.lists(st.integers(0, 3), max_size=80))
def test_runs_are_inside_do_not_overlap_and_match(a: list[int], b: list[int]) -> None:
    runs = matching_runs(tokens(a), tokens(b))
    taken_a: set[int] = set()
    for run in runs:
        assert 0 <= run.start_a < run.end_a <= len(a)
        assert 0 <= run.start_b < run.end_b <= len(b)
        assert LEAST <= run.matched <= min(run.end_a - run.start_a, run.end_b - run.start_b)
        place = set(range(run.start_a, run.end_a))
        assert not place & taken_a
        taken_a |= place


@given(st.integers(0, 50), st.integers(0, 50), st.integers(20, 60))
def test_a_copied_stretch_is_found_where_it_is(before: int, other: int, length: int) -> None:
    copied = [1000 + i for i in range(length)]
    a = [2000 + i for i in range(before)] + copied
    b = [3000 + i for i in range(other)] + copied
    (run,) = matching_runs(tokens(a), tokens(b))
    assert (run.start_a, run.end_a, run.start_b, run.end_b) == (before, before + length, other, other + length)
    assert run.renamed == 0


def test_a_gap_is_bridged_and_not_counted() -> None:
    copied = [1000 + i for i in range(60)]
    (run,) = matching_runs(tokens(copied), tokens([*copied[:30], 5, 6, 7, *copied[30:]]))
    assert (run.end_b - run.start_b, run.matched) == (63, 60)


@pytest.mark.parametrize(("gap", "runs"), [(GAP, 1), (GAP + 1, 2)])
def test_gaps_of_24_tokens_are_bridged_and_no_longer_ones(gap: int, runs: int) -> None:
    copied = [1000 + i for i in range(60)]
    assert GAP == 24
    assert len(matching_runs(tokens(copied), tokens([*copied[:30], *range(gap), *copied[30:]]))) == runs


def test_a_stretch_that_is_there_several_times_matches_as_often() -> None:
    copied = [1000 + i for i in range(20)]
    a = [*copied, 1, 2, *copied, 3, 4, *copied]
    b = [*copied, 5, 6, *copied, 7, 8, *copied]
    tiles = matching_tiles(tokens(a), tokens(b))
    assert [length for _, _, length in tiles] == [20, 20, 20]
    assert all(a[i : i + n] == b[j : j + n] == copied for i, j, n in tiles)
    assert len({j for _, j, _ in tiles}) == 3


def test_a_million_equal_tokens_are_bounded() -> None:
    assert len(matching_runs(tokens([7] * 200_000), tokens([7] * 200_000))) <= 1


def test_repetitive_code_that_is_written_differently_each_time_matches_in_one_run() -> None:
    shape = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] * 40
    written = [value * 1000 + place // 10 for place, value in enumerate(shape)]
    program = tokens(shape)
    program = Tokens(np.array(written, dtype=np.uint64), program.shape, program.role, program.start, program.end)
    (run,) = matching_runs(program, program)
    assert (run.start_a, run.end_a, run.start_b, run.end_b, run.renamed) == (0, 400, 0, 400, 0)
