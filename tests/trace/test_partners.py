from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waspglass.trace.calibration import load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.matrix import all_pairs, listed_pairs
from waspglass.trace.partners import PARTNERS, contents, partners, stand_ins
from waspglass.trace.program import Program
from waspglass.trace.syntax import Reading
from waspglass.trace.views import VIEWS

groups = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=30)


@given(groups)
def test_partners_are_all_pairs_inside_small_groups(members: list[tuple[int, int]]) -> None:
    names = sorted({group for group, _ in members})
    group = np.array([names.index(one) for one, _ in members])
    found = partners(group, np.array([content for _, content in members]))
    pairs = sorted(zip(*(side.tolist() for side in found), strict=True))
    count = len(group)
    assert pairs == [(a, b) for a in range(count) for b in range(a + 1, count) if group[a] == group[b]]


@given(groups)
def test_the_first_of_a_group_with_the_same_content_stands_in(members: list[tuple[int, int]]) -> None:
    group, content = (np.array(side) for side in zip(*members, strict=True))
    assert stand_ins(group, content).tolist() == [members.index(member) for member in members]


def test_of_large_groups_each_program_has_partners_enough() -> None:
    count = 3 * PARTNERS
    group = np.r_[np.zeros(count, dtype=np.int64), np.ones(2, dtype=np.int64)]
    first, second = partners(group, np.arange(count + 2))
    assert np.all(first < second)
    assert np.all(group[first] == group[second])
    assert np.bincount(np.r_[first, second])[:count].min() > PARTNERS // 2


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_partners_are_drawn_by_content_alone(draw: object) -> None:
    """In whatever order: large groups, some with copies."""
    content = np.array([*range(250), *range(40), *[7] * 20])
    group = np.array([0] * 250 + [0] * 40 + [1] * 20)
    order = np.array(draw.sample(range(len(content)), len(content)))  # type: ignore[attr-defined]  # Random, to hypothesis
    expected, found = (
        sorted(sorted((int(what[a]), int(what[b]))) for a, b in zip(*partners(where, what), strict=True))
        for where, what in ((group, content), (group[order], content[order]))
    )
    assert found == expected


def made(count: int) -> list[Program]:
    """Programs for one task; every fifth shares more with the one before, every tenth is the same as the first."""
    draw = np.random.default_rng(4)
    common = {view: draw.integers(0, 2**32, 15, dtype=np.uint32) for view in VIEWS}
    programs: list[Program] = []
    for number in range(count):
        views = {
            view: np.unique(np.r_[common[view], draw.integers(0, 2**32, draw.integers(10, 60), dtype=np.uint32)])
            for view in VIEWS
        }
        if number % 5 == 4:
            views = {view: np.unique(np.r_[views[view], programs[-1].views[view][:40]]) for view in VIEWS}
        one = Program(f"{number}.py", f"{number:064}", "python", Reading.SYNTAX, int(draw.integers(50, 600)), views)
        programs.append(replace(programs[0], name=one.name) if number % 10 == 9 else one)
    return programs


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_renamed_or_in_another_order_the_same_programs_get_the_same_answers(seed: int, *, listed: bool) -> None:
    programs = made(2 * PARTNERS + 40)
    moved = np.random.default_rng(seed).permutation(len(programs))
    again = [replace(programs[old], name=f"z{place}.py") for place, old in enumerate(moved.tolist())]
    assert contents(again).tolist() == contents(programs)[moved].tolist()
    tables = []
    for collection in (Collection(programs), Collection(again)):
        if listed:
            first, second = np.triu_indices(len(programs), 1)
            found = [listed_pairs(collection, first, second, load_calibration())]
        else:
            found = list(all_pairs(collection, load_calibration()))
        llr, verdict = np.zeros((len(programs),) * 2), np.zeros((len(programs),) * 2, dtype=np.int8)
        for table in found:
            for a, b in ((table.first, table.second), (table.second, table.first)):
                llr[a, b], verdict[a, b] = table.llr, table.verdict
        tables.append((llr, verdict))
    (llr, verdict), (llr_again, verdict_again) = tables
    assert len(np.unique(verdict)) > 1
    assert np.array_equal(verdict[np.ix_(moved, moved)], verdict_again)
    assert np.allclose(llr[np.ix_(moved, moved)], llr_again, atol=1e-4)
