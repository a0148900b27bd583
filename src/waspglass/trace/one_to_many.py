"""How alike one program is with each of many, all at once: the scores of `Background.likeness`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from waspglass.trace.collection import LEAST_INFORMATION, halves
from waspglass.trace.hashing import Features, joined
from waspglass.trace.pairing import Background, Side
from waspglass.trace.program import Program
from waspglass.trace.views import VIEWS, WEIGHTS

__all__ = ["Many"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _View:
    """One view of all programs: their features, ascending, and the program of each; the sums of each program alone."""

    feature: Features
    program: npt.NDArray[np.int64]
    contained: Floats
    united: Floats


class Many:
    """Programs with which others are compared one after the other.

    Args:
        programs: In the order of the scores.
        against: What pairs are measured against.
    """

    def __init__(self, programs: Sequence[Program], against: Background) -> None:
        self.programs = tuple(programs)
        self._against = against
        sides = [against.sides(program) for program in programs]
        self._views = {view: self._joined([side[view] for side in sides]) for view in VIEWS}

    def _joined(self, sides: Sequence[Side]) -> _View:
        count = [len(side.feature) for side in sides]
        feature = joined(side.feature for side in sides)
        program = np.repeat(np.arange(len(sides)), count)
        order = np.argsort(feature, kind="stable")
        alone = np.array([self._alone(side) for side in sides]).reshape(-1, 2)
        return _View(feature[order], program[order], alone[:, 0], alone[:, 1])

    def _alone(self, side: Side) -> tuple[float, float]:
        """What a program that shares nothing has in the sums of containment and of Jaccard."""
        weight = self._against.weight(side, 1)
        contained, united = self._against.lone(side)
        return float((contained * weight).sum()), float((united * weight).sum())

    def scores(self, program: Program) -> Floats:
        """The score of the program with each."""
        total, informed = np.zeros(len(self.programs)), np.zeros(len(self.programs))
        for view, side in self._against.sides(program).items():
            ratio, contained = self._ratio(self._views[view], side)
            counts = WEIGHTS[view] * contained / (contained + LEAST_INFORMATION)
            total += counts * ratio
            informed += counts
        return np.minimum(1.0, total / np.maximum(informed, 1e-6))

    def _ratio(self, view: _View, side: Side) -> tuple[Floats, Floats]:
        """Half containment, half Jaccard with each, and what the smaller program could share."""
        low, high = (np.searchsorted(view.feature, side.feature, where) for where in ("left", "right"))
        length = high - low
        place = np.repeat(low - np.cumsum(length) + length, length) + np.arange(length.sum())
        program, count = view.program[place], len(self.programs)
        once, twice = self._against.weight(side, 1), self._against.weight(side, 2)
        lone_contained, lone_united = self._against.lone(side)

        def summed(weight: Floats) -> Floats:
            return np.bincount(program, np.repeat(weight, length), count).astype(np.float64)

        common = summed(twice)
        alone = self._alone(side)
        contained = np.minimum(alone[0], view.contained) + summed(twice - lone_contained * once)
        united = alone[1] + view.united + 2 * summed(twice - lone_united * once) - common
        return halves(common, contained, united), contained
