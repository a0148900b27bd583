"""All pairs of a collection, or a given list of them: score, log likelihood ratio, answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from waspglass.trace.calibration import Calibration, baseline_of
from waspglass.trace.collection import Collection
from waspglass.trace.groups import comparison_groups
from waspglass.trace.program import Program
from waspglass.trace.verdict import Verdict

__all__ = ["BestPairs", "PairTable", "all_pairs", "listed_pairs"]

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_BASELINE_SAMPLE = 200_000
_VERDICTS = np.array([Verdict.INDEPENDENT, Verdict.CANNOT_TELL, Verdict.DERIVED], dtype=object)


@dataclass(frozen=True, slots=True)
class PairTable:
    """Pairs as parallel arrays.

    Attributes:
        first, second: Numbers of the programs.
        score: 0 to 1.
        llr: Natural-log likelihood ratio derived : independent.
        verdict: 0 independent, 1 cannot tell, 2 derived; `words` spells them.
    """

    first: Indices
    second: Indices
    score: Floats
    llr: Floats
    verdict: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.score)

    def words(self) -> list[Verdict]:
        """The answers, one a pair."""
        return list(_VERDICTS[self.verdict])

    def best(self, count: int) -> PairTable:
        """The `count` pairs with the highest scores, best first."""
        order = np.argsort(-self.score, kind="stable")[:count]
        return PairTable(self.first[order], self.second[order], self.score[order], self.llr[order], self.verdict[order])


class BestPairs:
    """Keeps the best pairs of tables that pass by."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._kept: list[PairTable] = []

    def watch(self, tables: Iterable[PairTable]) -> Iterator[PairTable]:
        """The same tables, unchanged."""
        for table in tables:
            self._kept.append(table.best(self._count))
            yield table

    def table(self) -> PairTable:
        """The best of all that passed."""
        joined = [
            np.concatenate([getattr(table, name) for table in self._kept] or [np.empty(0)])
            for name in ("first", "second", "score", "llr", "verdict")
        ]
        return PairTable(
            joined[0].astype(np.int64), joined[1].astype(np.int64), joined[2], joined[3], joined[4].astype(np.int8)
        ).best(self._count)


def _verdicts(llr: Floats, tokens: Floats, calibration: Calibration, programs: int) -> npt.NDArray[np.int8]:
    verdict = np.ones(len(llr), dtype=np.int8)
    enough = tokens >= calibration.enough_tokens(programs)
    verdict[enough & (llr >= calibration.derived_at)] = 2
    verdict[enough & (llr <= calibration.independent_at)] = 0
    return verdict


def _tokens(programs: Sequence[Program]) -> Floats:
    return np.array([program.tokens for program in programs], dtype=np.float64)


def listed_pairs(collection: Collection, first: Indices, second: Indices, calibration: Calibration) -> PairTable:
    """The given pairs; those that hang together through shared programs are taken to be for one task.

    How alike independent programs for that task are is estimated from all pairs inside such a group (at most a sample
    of 200,000), so that the answer does not depend on which pairs were asked for.
    """
    score = collection.score_pairs(first, second).score.astype(np.float64)
    group = comparison_groups(len(collection), first, second)
    baseline = np.empty(group.max(initial=-1) + 1)
    draw = np.random.default_rng(0)
    inside_first, inside_second, owner = [], [], []
    for index in range(len(baseline)):
        members = np.flatnonzero(group == index)
        a, b = np.triu_indices(len(members), 1) if len(members) <= 600 else (
            draw.integers(0, len(members), _BASELINE_SAMPLE // 2), draw.integers(0, len(members), _BASELINE_SAMPLE // 2)
        )  # fmt: skip
        if len(a) > _BASELINE_SAMPLE // max(1, len(baseline)):
            kept = draw.choice(len(a), max(300, _BASELINE_SAMPLE // (8 * len(baseline))), replace=False)
            a, b = a[kept], b[kept]
        apart = a != b
        inside_first.append(members[a[apart]])
        inside_second.append(members[b[apart]])
        owner.append(np.full(int(apart.sum()), index))
    owners = np.concatenate(owner)
    inside = collection.score_pairs(np.concatenate(inside_first), np.concatenate(inside_second)).score
    for index in range(len(baseline)):
        baseline[index] = baseline_of(inside[owners == index].astype(np.float64), int((group == index).sum()))
    tokens = _tokens(collection.programs)
    smaller = np.minimum(tokens[first], tokens[second])
    programs = len(collection)
    llr = calibration.llr(score, baseline[group[first]], smaller, programs)
    return PairTable(first, second, score, llr, _verdicts(llr, smaller, calibration, programs))


def all_pairs(collection: Collection, calibration: Calibration, least_score: float = 0.0) -> Iterator[PairTable]:
    """Every pair whose score is at least `least_score`, in blocks of rows."""
    matrix = collection.score_all()
    count = len(collection)
    tokens = _tokens(collection.programs)
    draw = np.random.default_rng(0)
    a, b = (draw.integers(0, count, _BASELINE_SAMPLE) for _ in "ab") if count > 600 else np.triu_indices(count, 1)
    apart = a != b
    baseline = baseline_of(matrix[a[apart], b[apart]].astype(np.float64), count)
    size = max(1, 2_000_000 // max(1, count))
    for start in range(0, count, size):
        block = matrix[start : start + size]
        rows, columns = np.nonzero(block >= least_score) if least_score > 0 else np.indices(block.shape).reshape(2, -1)
        keep = columns > rows + start
        rows, columns = rows[keep], columns[keep]
        score = block[rows, columns].astype(np.float64)
        smaller = np.minimum(tokens[rows + start], tokens[columns])
        llr = calibration.llr(score, np.full(len(score), baseline), smaller, count)
        yield PairTable(rows + start, columns, score, llr, _verdicts(llr, smaller, calibration, count))
