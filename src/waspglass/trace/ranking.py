"""In which order listed pairs stand: by their scores, and low scores also by what else the likelihood ratio sees.

A low score says little by itself. Which of two pairs that are hardly alike is the likelier copy shows in how alike
either program is with others, and in how large the smaller one is. The ratio weighs these already, so its numbers are
used. Among high scores they would only do harm. Third programs have raised the score before, and do not count again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waspglass.trace.baseline import USUAL_BASELINE, from_log_odds, log_odds
from waspglass.trace.calibration import USUAL_SIZE, Calibration, covariates

__all__ = ["DECISIVE", "ranked"]

Floats = npt.NDArray[np.float64]

DECISIVE = 0.6
"""Scores from which on nothing else counts."""


def ranked(score: Floats, baseline: Floats, tokens: Floats, calibration: Calibration) -> Floats:
    """Scores for ranking, 0 to 1, in a collection; those of usual pairs stay what they are.

    Args:
        score: Of each pair, raised by third programs and parts.
        baseline: How alike the less usual of the two is with others of its task.
        tokens: Of the smaller program. Of next to nothing nothing is known, so it stands above what is known to differ.
        calibration: From scores to answers.
    """
    none = np.zeros_like(score)
    seen = covariates(score, baseline, tokens, none)
    usual = covariates(score, none + USUAL_BASELINE, none + USUAL_SIZE, none)
    weight = np.array(calibration.linked.coefficients) / calibration.linked.coefficients[0]
    open_to_more = np.maximum(0.0, 1.0 - score / DECISIVE) ** 2
    moved = from_log_odds(log_odds(score) + open_to_more * ((seen - usual) @ weight))
    return np.where(score < DECISIVE, np.maximum(0.0, moved), score)
