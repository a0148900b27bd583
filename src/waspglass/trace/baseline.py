"""How alike independent programs are here: in general, and each program with the others.

What a match says depends on how alike the two programs are with everybody else. A program that resembles nobody is
seldom alike another by chance, so of a pair the less usual program counts. All is worked out in log odds, by medians:
derived pairs among many move them little, and only to the careful side. Few programs are drawn to what is usual.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "USUAL_BASELINE",
    "among_many_tasks",
    "baseline_of",
    "baseline_of_pair",
    "baselines_of_pairs",
    "baselines_of_programs",
    "from_log_odds",
    "log_odds",
]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

USUAL_BASELINE = 0.05
"""Median score of independent programs for one task over the training sets."""
GROUP_STRENGTH = 20.0
"""How many programs of a group the usual baseline counts as much as."""
PROGRAM_STRENGTH = 20.0
"""How many scores of a program the baseline of its group counts as much as."""
NEIGHBOUR, ABOVE_MEDIAN = 20, 0.8
"""In a folder of many tasks the so many-th nearest program is still one for the same task, and so many nats of log odds
more alike than the median of these."""


def log_odds(score: Floats) -> Floats:
    """Log odds, kept finite at 0 and 1."""
    odds: Floats = np.log((score + 0.01) / (1.01 - score))
    return odds


def from_log_odds(odds: Floats) -> Floats:
    """The reverse of `log_odds`."""
    return np.asarray(1.01 - 1.02 / (1.0 + np.exp(odds)), dtype=np.float64)


def _medians(scores: Floats) -> Floats:
    """Of each row, in log odds."""
    return log_odds(np.median(scores, axis=1))


def _drawn(medians: Floats, weight: float, strength: float, towards: Floats) -> Floats:
    return np.asarray((medians * weight + towards * strength) / (weight + strength), dtype=np.float64)


def _centres(scores: Floats, programs: int) -> Floats:
    """Of each row of scores in one group, in log odds: how alike independent programs of the group are."""
    return _drawn(_medians(scores), programs, GROUP_STRENGTH, log_odds(np.array(USUAL_BASELINE)))


def baseline_of(scores: Floats, programs: int) -> float:
    """How alike independent programs of a group are; the usual where nothing was measured.

    Args:
        scores: Of pairs in the group.
        programs: That these are between; few of them say little.
    """
    return float(from_log_odds(_centres(scores[None], programs))[0]) if len(scores) else USUAL_BASELINE


def baseline_of_pair(one: Floats, other: Floats, programs: int) -> float:
    """As `baselines_of_pairs`, of one pair."""
    return float(baselines_of_pairs(one, other[None], programs)[0])


def baselines_of_pairs(one: Floats, others: Floats, programs: int) -> Floats:
    """How alike the less usual of two programs is with a background, for one program and each of several others.

    Args:
        one: Scores of the one with each of the background.
        others: The same of the others, a row each.
        programs: In the background.
    """
    if not len(one):
        return np.full(len(others), USUAL_BASELINE)
    same = np.broadcast_to(one, (len(others), len(one)))
    centres = _centres(np.concatenate([same, others], axis=1), programs)
    odds = [_drawn(_medians(side), side.shape[1], PROGRAM_STRENGTH, centres) for side in (same, others)]
    return from_log_odds(np.minimum(*odds))


def baselines_of_programs(group: Indices, first: Indices, second: Indices, scores: Floats) -> Floats:
    """How alike each program is with others of its group, as a score.

    Args:
        group: Number of each program's group.
        first: One program of each pair; pairs lie inside groups, and a sample of them is enough.
        second: The other.
        scores: Of these pairs.
    """
    if not len(group):
        return np.empty(0)
    size = np.bincount(group)
    order = np.argsort(group[first], kind="stable")
    by_group = np.split(scores[order], np.cumsum(np.bincount(group[first], minlength=len(size)))[:-1])
    centre = log_odds(np.array([baseline_of(found, count) for found, count in zip(by_group, size, strict=True)]))
    side, both = np.r_[first, second], log_odds(np.r_[scores, scores])
    order = np.lexsort((both, side))
    ranked, count = both[order], np.bincount(side, minlength=len(group))
    start = np.cumsum(count) - count
    some = np.flatnonzero(count)
    lower, upper = start[some] + (count[some] - 1) // 2, start[some] + count[some] // 2
    odds = centre[group]
    weight = count[some] / (count[some] + PROGRAM_STRENGTH)
    odds[some] = weight * (ranked[lower] + ranked[upper]) / 2 + (1 - weight) * odds[some]
    return from_log_odds(odds)


def among_many_tasks(baseline: Floats, first: Indices, second: Indices, scores: Floats) -> Floats:
    """Baselines where nobody says which programs are for one task: not below what the nearest twenty show.

    In a folder of many tasks the median is that of programs with nothing in common, and two independent programs for
    one task would look rare. Of one large task little changes. Twenty copies of one program look like a task.

    Args:
        baseline: Of each program, with all others taken for one task.
        first: One program of each pair that is somewhat alike, each pair once.
        second: The other.
        scores: Of these pairs.
    """
    who, both = np.r_[first, second], np.r_[scores, scores]
    order = np.lexsort((-both, who))
    rank = np.arange(len(who)) - np.searchsorted(who[order], who[order])
    at = order[rank == NEIGHBOUR - 1]
    odds = log_odds(baseline)
    odds[who[at]] = np.maximum(odds[who[at]], log_odds(both[at]) - ABOVE_MEDIAN)
    return from_log_odds(odds)
