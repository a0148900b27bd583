"""With which others of its group a program is compared to learn how alike it usually is, whatever names and order are.

All pairs of a large group are too many, so random ones stand for them. Which ones must depend on what the programs
hold, not on what they are called or in which order they come: else a renamed file could change an answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from waspglass.trace.program import Program

__all__ = ["PARTNERS", "contents", "partners", "stand_ins"]

Indices = npt.NDArray[np.int64]

PARTNERS = 100
"""Random partners of each program of a large group; twice as many scores for each are enough for a median."""


def contents(programs: Sequence[Program]) -> Indices:
    """A number for each program: the same for the same bytes in the same language, in an order that bytes decide."""
    _, number = np.unique([f"{program.sha256} {program.language}" for program in programs], return_inverse=True)
    return number.astype(np.int64)


def stand_ins(group: Indices, content: Indices) -> Indices:
    """For each program the first of its group with the same content: it is compared for all of them."""
    _, first, number = np.unique(np.stack([group, content], axis=1), axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[number.ravel()], dtype=np.int64)


def partners(group: Indices, content: Indices) -> tuple[Indices, Indices]:
    """Pairs inside groups, each program with others of its group: all of them, of large groups a sample of random ones.

    In large groups what has the same content is compared once, by its `stand_ins`. The lower number of each pair
    comes first.
    """
    first = stand_ins(group, content)
    order = np.lexsort((content, group))
    lower, upper = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for members in np.split(order, np.cumsum(np.bincount(group))[:-1]):
        count = len(members)
        if count <= 2 * PARTNERS:
            a, b = (members[side] for side in np.triu_indices(count, 1))
        else:
            draw = np.random.default_rng(0)
            one, other = np.repeat(np.arange(count), PARTNERS), draw.integers(0, count, count * PARTNERS)
            a, b = first[members[one]], first[members[other]]
            a, b = a[a != b], b[a != b]
        lower.append(np.minimum(a, b))
        upper.append(np.maximum(a, b))
    return np.concatenate(lower), np.concatenate(upper)
