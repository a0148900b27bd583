from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trace.programs import INDEPENDENT, ORIGINAL, background, renamed, source
from waspglass.trace.collection import FEW, LEAST_INFORMATION, UNIQUE_IN_JACCARD, Collection
from waspglass.trace.commons import load_commons
from waspglass.trace.pairing import Background
from waspglass.trace.program import Program, Reading, program_of
from waspglass.trace.views import VIEWS, WEIGHTS


def made(name: str, features: dict[str, set[int]]) -> Program:
    views = {view: np.array(sorted(features.get(view, set())), dtype=np.uint32) for view in VIEWS}
    return Program(name, "0" * 64, "python", Reading.SYNTAX, 100, views)


def naive_score(programs: list[Program], a: int, b: int) -> float:
    """The formula of the docs, written out."""
    count = len(programs)
    lone = FEW / (FEW + count)
    unique = max(lone, UNIQUE_IN_JACCARD)
    total = informed = 0.0
    for view in VIEWS:
        sets = [set(program.views[view].tolist()) for program in programs]
        everything = set().union(*sets)
        frequency = {feature: sum(feature in one for one in sets) for feature in everything}
        weight = {feature: -math.log(frequency[feature] / (count + 1)) for feature in everything}

        size = [
            {alone: sum(weight[f] * (1 if frequency[f] > 1 else alone) for f in one) for alone in (lone, unique)}
            for one in sets
        ]
        common = sum(weight[f] for f in sets[a] & sets[b])
        contained = min(size[a][lone], size[b][lone])
        united = size[a][unique] + size[b][unique] - common
        ratio = 0.5 * (common / max(contained, 1e-6) + common / max(united, 1e-6))
        counts = WEIGHTS[view] * contained / (contained + LEAST_INFORMATION)
        total += counts * min(1.0, ratio)
        informed += counts
    return total / max(informed, 1e-6)


Features = st.fixed_dictionaries({view: st.frozensets(st.integers(0, 15), max_size=10) for view in VIEWS[:3]})


@settings(max_examples=60, deadline=None)
@given(st.lists(Features, min_size=2, max_size=6))
def test_fast_scores_equal_the_formula(contents: list[dict[str, set[int]]]) -> None:
    programs = [made(f"p{i}", content) for i, content in enumerate(contents)]
    collection = Collection(programs)
    first, second = np.triu_indices(len(programs), 1)
    matrix = collection.score_all()
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        assert matrix[a, b] == pytest.approx(naive_score(programs, a, b), abs=1e-4)
        assert matrix[b, a] == pytest.approx(matrix[a, b], abs=1e-6)


def test_one_pair_against_a_background_equals_the_collection_of_them_all() -> None:
    programs = [program_of(s) for s in (source("a.py", ORIGINAL), source("b.py", renamed(ORIGINAL)), *background(9))]
    together = Collection(programs, load_commons()).score_all()[0, 1]
    apart = Background(programs[2:], commons=load_commons()).likeness(programs[0], programs[1]).score
    assert apart == pytest.approx(float(together), abs=1e-5)


def test_a_program_is_wholly_like_its_copy_and_hardly_like_another() -> None:
    texts = (ORIGINAL, ORIGINAL, *INDEPENDENT)
    scores = Collection([program_of(source(f"{i}.py", text)) for i, text in enumerate(texts)]).score_all()
    assert scores[0, 1] == pytest.approx(1.0, abs=1e-3)
    assert scores[0, 2:].max() < 0.2


def test_a_view_in_which_nothing_can_be_shared_says_nothing() -> None:
    """Programs without literals are not less alike for that."""
    contents = [{"shape": {1, 2, 3}}, {"shape": {1, 2, 3}}, {"shape": {4, 5, 6}}]
    scores = Collection([made(f"p{i}", one) for i, one in enumerate(contents)]).score_all()
    assert scores[0, 1] == pytest.approx(1.0, abs=1e-3)
    assert scores[0, 2] == 0.0


def test_an_empty_program_is_like_nothing() -> None:
    scores = Collection([made("a", {}), made("b", {}), made("c", {"shape": {1}})]).score_all()
    assert scores.max() == 0.0
