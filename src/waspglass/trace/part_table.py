"""The parts of many programs side by side: of two programs the pair of parts that tells most.

A function that was copied into a long program makes the two a little alike as wholes only. Its likeness to its
origin, and how much of it nobody else has, lift the pair: above what independent programs reach, and not to where
copies of whole programs are. Rarity is taken from whole programs, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from waspglass.trace.calibration import Calibration, PartLikeness
from waspglass.trace.collection import FEW, LARGE, LEAST_INFORMATION, UNIQUE_IN_JACCARD, halves
from waspglass.trace.commons import Commons
from waspglass.trace.hashing import joined, look_up
from waspglass.trace.part_fragments import fragment_llr, windows_of_their_own
from waspglass.trace.parts import BELOW_DERIVED, NAMELESS, part_answers, part_llr
from waspglass.trace.program import Program
from waspglass.trace.views import VIEWS, WEIGHTS

__all__ = ["Best", "PartTable", "lifted_by_parts"]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

ROWS, CELLS = 8, 1_000_000
"""Programs whose parts are compared with those of their partners at once, and pairs of parts (about 80 bytes each)."""
LIFTED_FROM, LIFTED_TO = 0.03, 0.4
"""Pairs below share too little for a part of any size; what a part can lift the score of a pair to."""
LIFTED_OWN = 40.0
"""Tokens of a part that nobody else is known to have, below which it lifts nothing: short routines are alike anyway."""


@dataclass(frozen=True, slots=True)
class _View:
    """Parts by features of one view: roots of weights, of what is met in both and in one alone.

    Attributes:
        weight: Of the view in the mean of all.
        both, one: By what weighs a feature that both programs have, or one of them.
        new: What no other program and no commons have counts 1.
        contained, united: What containment and Jaccard divide by if nothing is shared.
    """

    weight: float
    both: sparse.csr_matrix
    one: sparse.csr_matrix
    new: sparse.csr_matrix
    contained: Floats
    united: Floats


@dataclass(frozen=True, slots=True)
class Best:
    """The best pairs of parts.

    Attributes:
        written: How alike they are in all views, as `Background.likeness` says.
        structure: The same in the views that names do not matter to.
        tried: Pairs of parts that the two programs have.
    """

    written: PartLikeness
    structure: PartLikeness
    tried: Floats

    def own(self) -> Floats:
        """Tokens of the smaller part that nobody else is known to have, in the way that finds most of them."""
        return np.maximum(self.written.own, self.structure.own)


class PartTable:
    """The parts of programs, ready for being compared with one another.

    Args:
        parts: Of each program.
        task: All programs whose features are the less rare for it; None for two programs alone.
        commons: What is common in programs at large.
        calibration: From scores to what they say.
    """

    def __init__(
        self,
        parts: Sequence[Sequence[Program]],
        task: Sequence[Program] | None,
        commons: Commons | None,
        calibration: Calibration,
    ) -> None:
        self._flat = [part for found in parts for part in found]
        self._start = np.r_[0, np.cumsum([len(found) for found in parts])]
        public = [commons is not None and commons.is_routine(part.views["flow"]) for part in self._flat]
        self._tokens = np.array([part.telling for part in self._flat], dtype=np.float64)
        self._tokens[public] = 0.0
        self._alone = task is None
        self._total = 2 if task is None else len(task)
        self._lone = FEW / (FEW + self._total) if self._total < LARGE else 0.0
        self._calibration = calibration
        self._views = [self._view(view, task, commons) for view in VIEWS]

    def _view(self, view: str, task: Sequence[Program] | None, commons: Commons | None) -> _View:
        strength = commons.strength if commons and self._total < LARGE else 0.0
        features = [part.views[view] for part in self._flat]
        own, place = np.unique(joined(features), return_inverse=True)
        prior = commons.share(own) if commons else np.zeros(len(own))
        shared, alone, met = self._counts(view, own, task)
        both, one = (-np.log((n + strength * prior) / (self._total + 1 + strength)) for n in (shared, alone))
        ends = np.r_[0, np.cumsum([len(array) for array in features])]

        def matrix(value: Floats) -> sparse.csr_matrix:
            data = value[place].astype(np.float32)
            return sparse.csr_matrix((data, place, ends), shape=(len(features), len(own)))

        def total(least: float) -> Floats:
            return np.asarray(matrix(np.where(met, one, least * one)).sum(axis=1)).ravel()

        new = matrix(((shared <= 2) & (prior == 0)).astype(np.float64))
        united = total(max(self._lone, UNIQUE_IN_JACCARD))
        return _View(WEIGHTS[view], matrix(np.sqrt(both)), matrix(np.sqrt(one)), new, total(self._lone), united)

    def _counts(
        self, view: str, own: npt.NDArray[np.uint32], task: Sequence[Program] | None
    ) -> tuple[Indices, Indices, npt.NDArray[np.bool_]]:
        """In how many programs each feature is if both of a pair have it or one; whether it is sure to be met again."""
        if task is None:
            return np.full(len(own), 2), np.full(len(own), 1), np.zeros(len(own), dtype=bool)
        known, counts = np.unique(joined(program.views[view] for program in task), return_counts=True)
        place, found = look_up(known, own)
        shared = np.ones(len(own), dtype=np.int64)
        shared[found] = counts[place[found]]
        return shared, shared, shared >= 2

    def _compared(self, rows: Indices, columns: Indices) -> tuple[PartLikeness, PartLikeness]:
        """How alike some parts are with others: in all views, and in those that names do not matter to."""
        shape = len(rows), len(columns)
        sums = {way: _Sums(np.zeros(shape), np.zeros(shape), np.zeros(shape), 0.0) for way in (VIEWS, NAMELESS)}
        least = max(self._lone, UNIQUE_IN_JACCARD)
        for name, view in zip(VIEWS, self._views, strict=True):
            common = (view.both[rows] @ view.both[columns].T).toarray()
            contained = np.minimum(view.contained[rows, None], view.contained[None, columns])
            united = view.united[rows, None] + view.united[None, columns] - common
            if self._alone:
                met = (view.one[rows] @ view.one[columns].T).toarray()
                contained += common - self._lone * met
                united += 2 * (common - least * met)
            counts = view.weight * contained / (contained + LEAST_INFORMATION)
            new_a, new_b = view.new[rows], view.new[columns]
            size_a, size_b = np.asarray(new_a.sum(axis=1)), np.asarray(new_b.sum(axis=1)).T
            new = (new_a @ new_b.T).toarray()
            alike = halves(common, contained, united)
            exclusive = halves(new, np.minimum(size_a, size_b), size_a + size_b - new)
            for way, total in sums.items():
                if name in way:
                    total.add(view.weight, counts, alike, exclusive)
        tokens = np.minimum(self._tokens[rows, None], self._tokens[None, columns])
        return sums[VIEWS].likeness(tokens), sums[NAMELESS].likeness(tokens)

    def best(self, first: Indices, second: Indices, least_own: float = 0.0) -> Best:
        """The most telling pair of parts of each of the given pairs of programs; those of `least_own` tokens first."""
        found = np.zeros((7, len(first)))
        for here in self._together(first, second) if len(first) else ():
            rows, row_of = self._parts(np.unique(first[here]))
            columns, column_of = self._parts(np.unique(second[here]))
            written, structure = self._compared(rows, columns)
            llr = part_llr(written, structure, self._calibration)
            llr[np.maximum(written.own, structure.own) < least_own] -= 100.0
            for pair in here.tolist():
                a, b = row_of[int(first[pair])], column_of[int(second[pair])]
                inside = llr[a, b]
                row, column = divmod(int(np.argmax(inside)), inside.shape[1])
                at = (a.start + row, b.start + column)
                found[:, pair] = *written.at(at), *structure.at(at), inside.size
        return Best(PartLikeness(*found[:3]), PartLikeness(*found[3:6]), found[6])

    def _together(self, first: Indices, second: Indices) -> Iterator[Indices]:
        """The pairs by groups of so few parts that all of these can be compared at once."""
        order = np.lexsort((second, first // ROWS))
        size = np.diff(self._start)
        for block in np.split(order, np.flatnonzero(np.diff(first[order] // ROWS)) + 1):
            rows = max(1, int(size[np.unique(first[block])].sum()))
            new = np.r_[True, np.diff(second[block]) != 0][: len(block)]
            columns = np.cumsum(size[second[block]] * new)
            yield from np.split(block, np.flatnonzero(np.diff(columns * rows // CELLS)) + 1)

    def _parts(self, programs: Indices) -> tuple[Indices, dict[int, slice]]:
        """Numbers of the parts of some programs, and where among them those of each program are."""
        counts = self._start[programs + 1] - self._start[programs]
        ends = np.cumsum(counts)
        spans = zip(programs.tolist(), (ends - counts).tolist(), ends.tolist(), strict=True)
        places = {program: slice(start, end) for program, start, end in spans}
        return np.concatenate([np.arange(self._start[p], self._start[p + 1]) for p in programs]), places


@dataclass(slots=True)
class _Sums:
    """What the likeness of parts with others is added up from, view by view."""

    score: Floats
    informed: Floats
    exclusive: Floats
    weight: float

    def add(self, weight: float, counts: Floats, alike: Floats, exclusive: Floats) -> None:
        """One more view."""
        self.score += counts * alike
        self.informed += counts
        self.exclusive += weight * exclusive
        self.weight += weight

    def likeness(self, tokens: Floats) -> PartLikeness:
        """The mean over the views; of the smaller parts so many tokens count."""
        exclusive = self.exclusive / self.weight
        return PartLikeness(self.score / np.maximum(self.informed, 1e-6), exclusive * tokens, exclusive)


def lifted_by_parts(
    programs: Sequence[Program],
    first: Indices,
    second: Indices,
    score: Floats,
    commons: Commons | None,
    calibration: Calibration,
) -> tuple[Floats, Floats]:
    """The scores of pairs, raised where a part of one program seems to be in the other; and what a raised one may say.

    What a pair is raised to is `LIFTED_TO` times the probability of that, were it as likely as not at the outset. The
    ratio of a raised pair must not say more than that of its parts or fragments, or than that of the wholes; where
    nothing was raised, the bound is infinite.

    Args:
        programs: Those that were read with their parts may be lifted.
        first: Number of one program of each pair.
        second: Of the other.
        score: Of each pair.
        commons: What is common in programs at large.
        calibration: From scores of parts to what they say.
    """
    several = np.array([len(program.parts) > 0 for program in programs], dtype=bool)
    low = score < LIFTED_TO
    lifted: Floats = score.copy()
    said = np.full(len(score), -np.inf)
    if several.any():
        here = np.flatnonzero(low)
        tokens = np.array([program.tokens for program in programs], dtype=np.float64)
        smaller = np.minimum(tokens[first[here]], tokens[second[here]])
        llr = fragment_llr(windows_of_their_own(programs, first[here], second[here], commons), smaller)
        lifted[here] = np.maximum(score[here], LIFTED_TO * _probability(llr))
        said[here] = np.minimum(llr, calibration.derived_at - BELOW_DERIVED)
    wanted = np.flatnonzero((score >= LIFTED_FROM) & low & (several[first] | several[second]))
    if len(wanted):
        table = PartTable([program.parts or (program,) for program in programs], programs, commons, calibration)
        best = table.best(first[wanted], second[wanted], LIFTED_OWN)
        copied = LIFTED_TO * _probability(part_llr(best.written, best.structure, calibration))
        lifted[wanted] = np.where(best.own() >= LIFTED_OWN, np.maximum(lifted[wanted], copied), lifted[wanted])
        answers, _ = part_answers(best.written, best.structure, calibration)
        said[wanted] = np.maximum(said[wanted], answers)
    return lifted, np.where(lifted > score, said, np.inf)


def _probability(llr: Floats) -> Floats:
    """Of derivation, were it as likely as not at the outset."""
    return np.asarray(1.0 / (1.0 + np.exp(-llr)), dtype=np.float64)
