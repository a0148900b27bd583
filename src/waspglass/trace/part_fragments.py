"""Fragments: stretches that two programs have and next to nobody else, wherever they begin and end.

A copied fragment need not be a function, or it stands in the middle of one. Of the windows in it most are new to
everybody; how many such windows two programs share is counted for all pairs at once. Independent programs for one task
share a few by chance, seldom fifty.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from waspglass.trace.commons import Commons
from waspglass.trace.hashing import joined
from waspglass.trace.program import Program

__all__ = ["ENOUGH_WINDOWS", "fragment_llr", "windows_of_their_own"]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

WINDOW_VIEWS = ("shape", "flow", "words5")
"""Views of windows: two that names do not matter to, and one of tokens as written."""
FEW_PROGRAMS = 3
"""A window of two that share a fragment may be in a third: a copy of the copy."""
ENOUGH_WINDOWS = 50.0
"""Windows from which on a fragment speaks for derivation. Of 13 labelled sets .005 of the independent pairs have as
many (mean of families), of synthetic fragments of 10 to 50 % of the lines, renamed or not, .62."""
ENOUGH_OF_TOKENS = 0.12
"""And so many for each token of the smaller program, which is 4 % of its windows: programs of 5,000 tokens that were
written for one task share a hundred by chance (set hjc1, where the copies share no more)."""
STEEPNESS = 2.0


def windows_of_their_own(
    programs: Sequence[Program], first: Indices, second: Indices, commons: Commons | None
) -> Floats:
    """How many windows the two programs of each pair share that at most one other has, and programs at large do not."""
    total = np.zeros(len(first))
    if not len(first):  # of no cells a sparse table gives objects that are no numbers
        return total
    for view in WINDOW_VIEWS:
        features = [program.views[view] for program in programs]
        own, place = np.unique(joined(features), return_inverse=True)
        met = np.bincount(place, minlength=len(own))
        rare = (met >= 2) & (met <= FEW_PROGRAMS) & ((commons.share(own) if commons else np.zeros(len(own))) == 0)
        kept = rare[place]
        ends = np.r_[0, np.cumsum([len(array) for array in features])]
        row = np.repeat(np.arange(len(programs)), np.diff(ends))[kept]
        table = sparse.csr_matrix((np.ones(len(row)), (row, place[kept])), shape=(len(programs), len(own)))
        total += np.asarray((table @ table.T).tocsr()[first, second]).ravel()
    return total


def fragment_llr(windows: Floats, tokens: Floats) -> Floats:
    """What so many windows of their own say, in nats: less than was measured, for where they stand is not looked at.

    Args:
        windows: Of each pair.
        tokens: Of the smaller program of each.
    """
    enough = np.maximum(ENOUGH_WINDOWS, ENOUGH_OF_TOKENS * tokens)
    return np.asarray(STEEPNESS * np.log(np.maximum(windows, 1.0) / enough), dtype=np.float64)
