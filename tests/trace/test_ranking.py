from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trace.programs import background, source
from waspglass.trace.baseline import USUAL_BASELINE
from waspglass.trace.calibration import USUAL_SIZE, load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.commons import load_commons
from waspglass.trace.matrix import likenesses, listed_pairs
from waspglass.trace.program import program_of
from waspglass.trace.ranking import DECISIVE, ranked

Floats = npt.NDArray[np.float64]


def at(score: Floats | float, baseline: float = USUAL_BASELINE, tokens: float = USUAL_SIZE) -> Floats:
    scores = np.atleast_1d(np.asarray(score, dtype=np.float64))
    same = np.ones_like(scores)
    return ranked(scores, baseline * same, tokens * same, load_calibration())


def test_a_usual_pair_keeps_its_score() -> None:
    scores = np.linspace(0, 1, 21)
    assert at(scores).tolist() == pytest.approx(scores.tolist(), abs=1e-9)


def test_a_high_score_stays_whatever_else_is_seen() -> None:
    assert at(DECISIVE, 0.3, 40)[0] == DECISIVE
    assert at(0.9, 0.01, 5000)[0] == 0.9


def test_among_pairs_that_are_hardly_alike_the_rest_of_the_evidence_counts() -> None:
    assert at(0.1, baseline=0.02) > at(0.1) > at(0.1, baseline=0.15)
    assert at(0.02, tokens=50) > at(0.02) > at(0.02, tokens=3000)
    assert at(0.25, tokens=3000) > at(0.25) > at(0.25, tokens=50)


@given(st.floats(0.01, 0.4), st.floats(10, 50_000))
def test_of_two_pairs_of_one_kind_the_more_alike_stands_higher(baseline: float, tokens: float) -> None:
    scores = at(np.linspace(0, 1, 401), baseline, tokens)
    assert np.all(np.diff(scores) >= 0)
    assert 0 <= scores[0] <= scores[-1] <= 1


def test_the_pairs_of_a_list_are_ranked_so_and_their_ratios_do_not_know() -> None:
    programs = [program_of(source("tiny.py", "x = 1\ny = x\n")), *(program_of(text) for text in background(12))]
    collection, calibration = Collection(programs, load_commons()), load_calibration()
    first, second = np.array([0, 1]), np.array([1, 2])
    listed = listed_pairs(collection, first, second, calibration)
    found = likenesses(collection, first, second, calibration)
    rank = ranked(found.raised, found.baseline, found.tokens, calibration)
    assert listed.score.tolist() == rank.tolist()
    assert listed.score[0] > found.raised[0]
    assert abs(listed.llr[0]) <= 1
