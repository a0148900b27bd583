"""Figures of merit for scores and log likelihood ratios; ties are handled exactly."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

__all__ = ["average_precision", "best_f1", "cllr", "min_cllr", "roc_auc", "true_positives_at"]


def _steps(label: Labels, score: Floats) -> tuple[Floats, Floats]:
    """False and true positives at every distinct score, from strict to lax."""
    order = np.argsort(-score, kind="stable")
    last = np.r_[np.flatnonzero(np.diff(score[order])), len(score) - 1]
    true = np.cumsum(label[order])[last].astype(np.float64)
    return last + 1.0 - true, true


def roc_auc(label: Labels, score: Floats) -> float:
    """Area under the ROC curve."""
    false, true = _steps(label, score)
    return float(np.trapezoid(np.r_[0, true] / true[-1], np.r_[0, false] / false[-1]))


def average_precision(label: Labels, score: Floats) -> float:
    """Area under the precision-recall curve, as a sum of steps."""
    false, true = _steps(label, score)
    return float(np.sum(np.diff(np.r_[0, true]) / true[-1] * true / (true + false)))


def best_f1(label: Labels, score: Floats) -> float:
    """The greatest F1 over all thresholds."""
    false, true = _steps(label, score)
    return float(np.max(2 * true / (true + false + true[-1])))


def true_positives_at(label: Labels, score: Floats, rate: float) -> float:
    """Share of derived pairs found at a threshold that at most `rate` of the independent pairs reach."""
    false, true = _steps(label, score)
    allowed = false <= rate * false[-1] + 1e-9
    return float(true[allowed].max(initial=0) / true[-1])


def cllr(label: Labels, llr: Floats) -> float:
    """Log-likelihood-ratio cost in bits (Brümmer and du Preez 2006)."""
    derived, independent = llr[label == 1], llr[label == 0]
    cost = np.mean(np.logaddexp(0, -derived)) + np.mean(np.logaddexp(0, independent))
    return float(cost / (2 * math.log(2)))


def min_cllr(label: Labels, score: Floats) -> float:
    """Cllr after the best monotone recalibration (pool adjacent violators)."""
    values, place, count = np.unique(score, return_inverse=True, return_counts=True)
    derived = np.bincount(place, weights=label, minlength=len(values))
    blocks: list[list[float]] = []
    for hits, size in zip(derived, count, strict=True):
        blocks.append([float(hits), float(size), 1.0])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            upper = blocks.pop()
            blocks[-1] = [x + y for x, y in zip(blocks[-1], upper, strict=True)]
    share = np.repeat([b[0] / b[1] for b in blocks], [int(b[2]) for b in blocks])[place]
    prior = math.log(label.sum() / (len(label) - label.sum()))
    return cllr(label, np.log((share + 1e-12) / (1 - share + 1e-12)) - prior)
