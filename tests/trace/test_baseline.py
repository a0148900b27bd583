from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waspglass.trace.baseline import (
    ABOVE_MEDIAN,
    GROUP_STRENGTH,
    NEIGHBOUR,
    PROGRAM_STRENGTH,
    USUAL_BASELINE,
    among_many_tasks,
    baseline_of,
    baseline_of_pair,
    baselines_of_programs,
    log_odds,
)
from waspglass.trace.calibration import load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.matrix import all_pairs
from waspglass.trace.partners import partners
from waspglass.trace.program import Program
from waspglass.trace.syntax import Reading
from waspglass.trace.views import VIEWS


def naive(group: list[int], scores: dict[tuple[int, int], float], program: int) -> float:
    """The formula of the docs for one program, in log odds."""

    def odds(score: float) -> float:
        return float(np.log((score + 0.01) / (1.01 - score)))

    def drawn(median: float, weight: float, strength: float, towards: float) -> float:
        return (median * weight + towards * strength) / (weight + strength)

    inside = [score for (a, _), score in scores.items() if group[a] == group[program]]
    centre = usual = odds(USUAL_BASELINE)
    if inside:
        centre = drawn(odds(float(np.median(inside))), group.count(group[program]), GROUP_STRENGTH, usual)
    own = [odds(score) for pair, score in scores.items() if program in pair]
    return drawn(float(np.median(own)), len(own), PROGRAM_STRENGTH, centre) if own else centre


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=9), st.data())
def test_baselines_equal_the_formula(members: list[int], data: st.DataObject) -> None:
    names = sorted(set(members))
    group = [names.index(one) for one in members]
    first, second = partners(np.array(group), np.arange(len(group)))
    drawn = data.draw(st.lists(st.integers(0, 100), min_size=len(first), max_size=len(first)))
    scores = np.array(drawn) / 100
    found = baselines_of_programs(np.array(group), first, second, scores)
    named = dict(zip(zip(first.tolist(), second.tolist(), strict=True), scores.tolist(), strict=True))
    for program, baseline in enumerate(found.tolist()):
        assert float(log_odds(np.array(baseline))) == pytest.approx(naive(group, named, program), abs=1e-6)


def test_few_programs_lean_on_the_usual_baseline() -> None:
    assert baseline_of(np.empty(0), 0) == USUAL_BASELINE
    assert USUAL_BASELINE < baseline_of(np.array([0.3]), 2) < baseline_of(np.array([0.3]), 500) < 0.3


def test_the_less_usual_of_two_programs_counts() -> None:
    lonely, social = np.full(40, 0.02), np.full(40, 0.3)
    both = baseline_of_pair(lonely, social, 40)
    assert both == pytest.approx(baseline_of_pair(social, lonely, 40))
    assert both < baseline_of_pair(social, social, 40)
    assert baseline_of_pair(np.empty(0), np.empty(0), 0) == pytest.approx(USUAL_BASELINE)


def test_without_programs_there_is_nothing_to_measure() -> None:
    none = np.empty(0, dtype=np.int64)
    assert len(baselines_of_programs(none, none, none, np.empty(0))) == 0


def made(count: int, language: str, common: int, draw: np.random.Generator) -> list[Program]:
    """Programs that share so many of 50 features of each view with all others of the same call."""
    known = {view: draw.integers(0, 2**32, common, dtype=np.uint32) for view in VIEWS}
    return [
        Program(
            f"{index}.{language}", "0" * 64, language, Reading.SYNTAX, 300,
            {
                view: np.unique(np.r_[known[view], draw.integers(0, 2**32, 50 - common, dtype=np.uint32)])
                for view in VIEWS
            },
        )
        for index in range(count)
    ]  # fmt: skip


def test_programs_in_another_language_do_not_make_a_likeness_look_rare() -> None:
    """They share nothing with ours; that says nothing of two of ours."""
    median = {}
    for language in ("python", "java"):
        draw = np.random.default_rng(1)
        programs = [*made(20, "python", 20, draw), *made(90, language, 0, draw)]
        tables = list(all_pairs(Collection(programs), load_calibration()))
        first, second, llr = (np.concatenate([getattr(t, name) for t in tables]) for name in ("first", "second", "llr"))
        inside = (first < 20) & (second < 20)
        median[language] = float(np.median(llr[inside]))
    assert median["java"] < median["python"] - 0.5


def test_a_folder_of_many_tasks_does_not_make_programs_for_one_of_them_look_rare() -> None:
    """Six tasks of 30 programs: what two for one task have in common is nothing special, also without a list of pairs.

    The median over all is that of different tasks.
    """
    draw = np.random.default_rng(2)
    tasks = [made(30, "python", 15, draw) for _ in range(6)]
    mixed = [replace(program, name=f"{number}") for number, program in enumerate(chain(*tasks))]
    together = list(all_pairs(Collection(mixed), load_calibration()))
    first, second, llr = (np.concatenate([getattr(t, name) for t in together]) for name in ("first", "second", "llr"))
    same = first // 30 == second // 30
    assert np.median(llr[~same]) < np.median(llr[same]) < 1.0


def test_the_twentieth_nearest_program_raises_a_baseline_and_never_lowers_it() -> None:
    first, second = np.triu_indices(25, 1)
    baseline = np.full(26, 0.05)
    raised = among_many_tasks(baseline, first, second, np.full(len(first), 0.4))
    assert np.all(raised[:25] > 0.15)
    assert raised[25] == pytest.approx(0.05)
    few = among_many_tasks(baseline, first[first < 1], second[first < 1], np.full(24, 0.4))
    assert np.all(few[1:] == pytest.approx(0.05))
    assert np.all(among_many_tasks(baseline, first, second, np.full(len(first), 0.06)) >= 0.05 - 1e-9)


@pytest.mark.parametrize("count", [20, 30])
def test_nearest_are_those_with_the_highest_scores_in_whatever_order_they_come(count: int) -> None:
    scores = np.linspace(0.1, 0.9, count)[np.random.default_rng(3).permutation(count)]
    one, others = np.zeros(count, dtype=np.int64), np.arange(1, count + 1)
    raised = among_many_tasks(np.full(count + 1, 0.01), one, others, scores)
    assert log_odds(raised)[0] == pytest.approx(log_odds(np.sort(scores))[-NEIGHBOUR] - ABOVE_MEDIAN)
