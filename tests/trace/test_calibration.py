from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.trace.calibration import PartLikeness, covariates, load_calibration, part_covariates

scores = st.floats(0, 1)


def llr(score: float, baseline: float, tokens: float, programs: int, *, linked: bool = False) -> float:
    values = load_calibration().llr(
        np.array([score]), np.array([baseline]), np.array([tokens]), programs, chained=np.zeros(1) if linked else None
    )
    return float(values[0])


@given(scores, scores, st.floats(0, 0.5), st.floats(0, 20_000), st.sampled_from([2, 100]), st.booleans())
def test_more_alike_never_speaks_less_for_derivation(
    a: float, b: float, baseline: float, tokens: float, programs: int, linked: bool
) -> None:
    low, high = sorted((a, b))
    below = llr(low, baseline, tokens, programs, linked=linked)
    assert below <= llr(high, baseline, tokens, programs, linked=linked) + 1e-9


@given(scores, st.floats(0, 0.5), st.floats(0, 1e6), st.sampled_from([2, 100]))
def test_nothing_is_claimed_beyond_what_was_measured(
    score: float, baseline: float, tokens: float, programs: int
) -> None:
    calibration = load_calibration()
    regime = calibration.regime(programs)
    assert regime.lower <= llr(score, baseline, tokens, programs) <= regime.upper
    if tokens < calibration.least_tokens:
        assert abs(llr(score, baseline, tokens, programs)) <= 1


def test_where_independent_programs_are_more_alike_the_same_score_says_less() -> None:
    assert llr(0.3, 0.2, 500, 100) < llr(0.3, 0.03, 500, 100)


def part_llrs(score: float, own: float, tried: int = 1) -> npt.NDArray[np.float64]:
    """Those of a copy as written and of a renamed one."""
    alike = PartLikeness(np.array([score]), np.array([own]), np.array([score]))
    return np.concatenate(load_calibration().part_llrs(alike, alike, tried))


@given(scores, scores, st.floats(0, 3000), st.floats(0, 3000), st.integers(0, 10**6))
def test_parts_that_are_more_alike_and_hold_more_of_their_own_never_speak_less_for_derivation(
    a: float, b: float, own: float, other: float, tried: int
) -> None:
    (low, high), (less, more) = sorted((a, b)), sorted((own, other))
    assert np.all(part_llrs(low, less, tried) <= part_llrs(high, less, tried) + 1e-9)
    if low > 0.05:
        assert np.all(part_llrs(low, less, tried) <= part_llrs(low, more, tried) + 1e-9)
    assert np.all(part_llrs(low, less, tried) >= load_calibration().part.lower)
    assert np.all(part_llrs(low, less, tried) <= load_calibration().part.upper)


def test_the_best_of_more_pairs_of_parts_than_were_measured_says_less() -> None:
    measured = load_calibration().part.tried
    assert part_llrs(0.6, 80, measured) == pytest.approx(part_llrs(0.6, 80, 1))
    assert part_llrs(0.6, 80, 10 * measured) == pytest.approx(part_llrs(0.6, 80, 1) - np.log(10))


def test_the_calibration_holds_what_the_docs_promise() -> None:
    calibration = load_calibration()
    for regime in (calibration.linked, calibration.collection, calibration.alone):
        assert regime.measured is not None
        assert regime.measured.worst_cllr < 1
        assert regime.measured.false_derived < 0.001
    part = calibration.part.measured
    assert part is not None
    assert part.worst_cllr < 1
    assert part.false_derived < 0.0002
    assert calibration.derived_at > 6.9


@pytest.mark.parametrize(
    ("programs", "tokens", "regime"), [(2, 150, "alone"), (9, 150, "alone"), (10, 40, "collection")]
)
def test_from_ten_programs_on_other_numbers_hold_and_smaller_programs_are_enough(
    programs: int, tokens: int, regime: str
) -> None:
    calibration = load_calibration()
    assert calibration.enough_tokens(programs) == tokens
    assert calibration.regime(programs) == getattr(calibration, regime)
    assert calibration.regime(programs, linked=True) == (calibration.alone if regime == "alone" else calibration.linked)
    same, size = np.ones(2), np.array([tokens - 1.0, tokens])
    few, enough = calibration.llr(same, np.full(2, 0.05), size, programs)
    assert few == 1.0
    assert enough > 1.0


@pytest.mark.parametrize(
    ("score", "baseline", "tokens"), [(0.3, 0.05, 300.0), (0.7, 0.2, 90.0), (0.0, 0.0, 1.0), (1.0, 1.0, 1e6)]
)
def test_the_ratio_is_linear_in_what_is_written_down(score: float, baseline: float, tokens: float) -> None:
    """Against the formula one number after the other, with bounds of size 40 to 5,000 and of the baseline .01 to .9."""

    def odds(share: float) -> float:
        return math.log((share + 0.01) / (1.01 - share))

    usual, size = odds(min(max(baseline, 0.01), 0.9)), math.log(min(max(tokens, 40.0), 5000.0) / 300.0)
    above = odds(score) - usual
    one = [np.array([value]) for value in (score, baseline, tokens, 0.25)]
    assert covariates(*one[:3])[0] == pytest.approx([above, -usual, size, above * size, 1.0])
    assert covariates(*one)[0] == pytest.approx([above, 0.25, size, above * size, 1.0])
    alike, own = odds(score) - odds(0.05), math.log(min(max(tokens, 10.0), 2000.0) / 100.0)
    assert part_covariates(one[0], one[2])[0] == pytest.approx([alike, own, alike * own, 1.0])
