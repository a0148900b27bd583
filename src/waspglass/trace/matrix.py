"""All pairs of a collection, or a given list of them: score, log likelihood ratio, answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from waspglass.trace.calibration import Calibration, baseline_of
from waspglass.trace.collection import Collection, Table, score_rows
from waspglass.trace.executor import Executor, InProcess
from waspglass.trace.groups import comparison_groups
from waspglass.trace.links import LEAST_LINK, links_in, links_of, with_third
from waspglass.trace.program import Program
from waspglass.trace.verdict import Verdict

__all__ = ["BestPairs", "PairTable", "all_pairs", "least_score", "listed_pairs"]

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_BASELINE_SAMPLE = 200_000
MANY_PAIRS = 2_000_000
UNSEEN_SCORE, UNSEEN_TOKENS = 0.15, 50.0
"""What the score of a listed pair is taken to be while nothing is seen, and how many tokens that counts as."""
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
    direct = collection.score_pairs(first, second).score
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
    linked = programs >= calibration.alone_below
    links = links_in(collection) if linked else links_of(programs, ())
    score = with_third(links, first, second, direct).astype(np.float64)
    llr = calibration.llr(score, baseline[group[first]], smaller, programs, linked=linked)
    return PairTable(first, second, _ranked(score, smaller), llr, _verdicts(llr, smaller, calibration, programs))


def _ranked(score: Floats, tokens: Floats) -> Floats:
    """Scores for ranking: that a tiny program shares little shows little, so its low scores are drawn up."""
    drawn: Floats = (score * tokens + UNSEEN_SCORE * UNSEEN_TOKENS) / (tokens + UNSEEN_TOKENS)
    return np.maximum(score, drawn)


@dataclass(frozen=True, slots=True)
class _Task:
    """What is common to all blocks of rows: the views, the least direct score kept, pairs whose scores are wanted."""

    tables: tuple[Table, ...]
    least: float
    sampled: tuple[Indices, Indices]


@dataclass(frozen=True, slots=True)
class _Block:
    """Pairs of a block of rows that reach the least score, and the scores of the sampled pairs that lie in it."""

    first: npt.NDArray[np.int32]
    second: npt.NDArray[np.int32]
    score: npt.NDArray[np.float32]
    places: Indices
    sampled: npt.NDArray[np.float32]


def _strong(block: _Block) -> tuple[Indices, Indices, npt.NDArray[np.float32]]:
    """The pairs of a block that can be links."""
    strong = block.score >= LEAST_LINK
    return block.first[strong].astype(np.int64), block.second[strong].astype(np.int64), block.score[strong]


def _block(task: _Task, rows: tuple[int, int]) -> _Block:
    start, stop = rows
    scores = score_rows(task.tables, slice(start, stop), start)
    first, second = task.sampled
    places = np.flatnonzero((first >= start) & (first < stop))
    sampled = scores[first[places] - start, second[places] - start]
    kept = np.greater_equal(scores, np.float32(task.least))
    kept &= np.arange(scores.shape[1]) > np.arange(stop - start)[:, None]
    row, column = np.nonzero(kept)
    score = scores[row, column]
    return _Block((row + start).astype(np.int32), (column + start).astype(np.int32), score, places, sampled)


def least_score(programs: int) -> float:
    """The least score that is kept unless the user says otherwise: of very many pairs most share next to nothing."""
    return 0.1 if programs * (programs - 1) > 2 * MANY_PAIRS else 0.0


def all_pairs(
    collection: Collection, calibration: Calibration, least_score: float = 0.0, executor: Executor | None = None
) -> Iterator[PairTable]:
    """Every pair whose score is at least `least_score`, in blocks of rows.

    Args:
        collection: The programs.
        calibration: From scores to answers.
        least_score: Pairs below are left out; of very many programs most pairs share next to nothing.
        executor: Where blocks are worked out; here if it is None. The result is the same.
    """
    count = len(collection)
    draw = np.random.default_rng(0)
    a, b = (draw.integers(0, count, _BASELINE_SAMPLE) for _ in "ab") if count > 600 else np.triu_indices(count, 1)
    apart = a != b
    task = _Task(collection.tables(), min(least_score, LEAST_LINK), (np.minimum(a, b)[apart], np.maximum(a, b)[apart]))
    size = max(1, min(512, 4_000_000 // max(1, count)))
    rows = ((start, min(count, start + size)) for start in range(0, count, size))
    sampled = np.empty(int(apart.sum()), dtype=np.float32)
    blocks = []
    for block in (executor or InProcess()).run(_block, task, rows):
        sampled[block.places] = block.sampled
        blocks.append(block)
    del task
    baseline = baseline_of(sampled.astype(np.float64), count)
    tokens = _tokens(collection.programs)
    linked = count >= calibration.alone_below
    links = links_of(count, (_strong(block) for block in blocks) if linked else ())
    for block in blocks:
        first, second = block.first.astype(np.int64), block.second.astype(np.int64)
        score = with_third(links, first, second, block.score).astype(np.float64)
        kept = score >= least_score
        first, second, score = first[kept], second[kept], score[kept]
        smaller = np.minimum(tokens[first], tokens[second])
        llr = calibration.llr(score, np.full(len(score), baseline), smaller, count, linked=linked)
        yield PairTable(first, second, score, llr, _verdicts(llr, smaller, calibration, count))
