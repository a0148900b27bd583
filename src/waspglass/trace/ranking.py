"""In which order listed pairs stand: by their scores, and low scores also by what else the likelihood ratio sees.

A low score says little by itself. Which of two pairs that are hardly alike is the likelier copy shows in how alike
either program is with others, in how large the smaller one is, and in whether both resemble a third one. The ratio
weighs these already, so its numbers are used. Among high scores they would only do harm.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waspglass.trace.baseline import USUAL_BASELINE, from_log_odds, log_odds
from waspglass.trace.calibration import USUAL_SIZE, Calibration, covariates

__all__ = ["DECISIVE", "ranked"]

Floats = npt.NDArray[np.float64]

DECISIVE = 0.5
"""Scores from which on nothing else counts."""
CHAINS = 0.5
"""What chains through a third program count against their weight in the ratio: a part of one program in another brings
that one's whole neighbourhood a little nearer."""


def ranked(score: Floats, baseline: Floats, tokens: Floats, chained: Floats, calibration: Calibration) -> Floats:
    """Scores for ranking, 0 to 1, in a collection; those of usual pairs stay what they are.

    Args:
        score: Of each pair, raised by third programs and parts.
        baseline: How alike the less usual of the two is with others of its task.
        tokens: Of the smaller program.
        chained: How much the two resemble a third program in common (`links.chained`).
        calibration: From scores to answers.
    """
    seen = covariates(score, baseline, tokens, chained)
    none = np.zeros_like(score)
    usual = covariates(score, none + USUAL_BASELINE, none + USUAL_SIZE, none + 0.5)
    numbers = np.array(calibration.linked.coefficients)
    weight = numbers / numbers[0] * np.array([1.0, CHAINS, 1.0, 1.0, 0.0])
    open_to_more = np.maximum(0.0, 1.0 - score / DECISIVE) ** 2
    moved = from_log_odds(log_odds(score) + open_to_more * ((seen - usual) @ weight))
    return np.where(score < DECISIVE, np.maximum(0.0, moved), score)
