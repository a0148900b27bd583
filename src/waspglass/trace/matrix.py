"""All pairs of a collection, or a given list of them: score, log likelihood ratio, answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from waspglass.trace.baseline import among_many_tasks, baselines_of_programs
from waspglass.trace.calibration import Calibration
from waspglass.trace.collection import Collection, Table, score_rows
from waspglass.trace.executor import Executor, InProcess
from waspglass.trace.groups import comparison_groups
from waspglass.trace.languages import language_named
from waspglass.trace.links import LEAST_CHAIN, Links, best_chain, chained, links_of, with_third
from waspglass.trace.part_table import lifted_by_parts
from waspglass.trace.partners import contents, partners, stand_ins
from waspglass.trace.program import Program
from waspglass.trace.ranking import ranked
from waspglass.trace.reader import way_of
from waspglass.trace.verdict import Verdict

__all__ = ["BestPairs", "Likenesses", "PairTable", "all_pairs", "least_score", "likenesses", "listed_pairs"]

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
MANY_PAIRS = 2_000_000
SOMEWHAT = 0.05
"""Score from which on a pair may show that a folder holds many tasks."""
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
        none = np.empty(0, dtype=np.int64)
        self._kept = [PairTable(none, none, np.empty(0), np.empty(0), none.astype(np.int8))]

    def watch(self, tables: Iterable[PairTable]) -> Iterator[PairTable]:
        """The same tables, unchanged."""
        for table in tables:
            self._kept.append(table.best(self._count))
            yield table

    def table(self) -> PairTable:
        """The best of all that passed."""
        columns = (
            np.concatenate([getattr(table, column.name) for table in self._kept]) for column in fields(PairTable)
        )
        return PairTable(*columns).best(self._count)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What counts of each program by itself.

    Attributes:
        language: A number for its language; those of one grammar (C and C++) are one.
        tokens: Its size.
        least: Tokens that it must have for an answer. Programs of other languages do not show what is usual: of three
            Java programs among a hundred in Python as little is known as of three alone.
        way: A number for the way in which it was read as a whole; -1 for what was not, or is no text. Here each is read
            once, and what was read in different ways looks unlike whatever it is.
    """

    language: Indices
    tokens: Floats
    least: Indices
    way: Indices


def _facts(programs: Sequence[Program], calibration: Calibration) -> _Facts:
    known = [language_named(program.language) for program in programs]
    names = [(one and one.module) or program.language for one, program in zip(known, programs, strict=True)]
    language = np.unique(np.array(names, dtype=str), return_inverse=True)[1].astype(np.int64)
    few = np.bincount(language)[language] < calibration.alone_below
    _, way = np.unique([way_of(program) for program in programs], return_inverse=True)
    whole = np.array([not {"cut", "binary"}.intersection(program.remarks) for program in programs], dtype=bool)
    return _Facts(
        language,
        tokens=np.array([program.telling for program in programs], dtype=np.float64),
        least=np.where(few, calibration.alone_least_tokens, calibration.least_tokens),
        way=np.where(whole, way, -1),
    )


@dataclass(frozen=True, slots=True)
class Likenesses:
    """What the answer on each of the given pairs rests on.

    Attributes:
        direct: Score of the two programs.
        linked: The same raised by third programs (`links.with_third`), where there are enough programs for that.
        chained: How much the two resemble a third program in common, 0 to 1 (`links.chained`).
        chain_share: How usual that is in the collection (`Links.chain_share`).
        raised: This raised by parts (`part_table.lifted_by_parts`), where programs were read with theirs.
        most: Ratio that a pair may not exceed for being raised by parts.
        baseline: How alike the less usual of the two is with others of its task.
        tokens: Of the smaller program.
        enough: Whether these are as many as an answer needs.
        comparable: Whether both were read in one and the same way, and whole; what was not looks unlike whatever it is.
    """

    direct: Floats
    linked: Floats
    chained: Floats
    chain_share: float
    raised: Floats
    most: Floats
    baseline: Floats
    tokens: Floats
    enough: npt.NDArray[np.bool_]
    comparable: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Known:
    """What pairs are measured against: the programs, each by itself and all together; `share` is `chain_share`."""

    collection: Collection
    calibration: Calibration
    facts: _Facts
    links: Links
    share: float
    baseline: Floats

    def likenesses(self, first: Indices, second: Indices, direct: npt.NDArray[np.float32]) -> Likenesses:
        """What the answers on pairs with these scores rest on."""
        facts, chain = self.facts, best_chain(self.links, first, second)
        linked = with_third(chain, direct).astype(np.float64)
        programs, commons = self.collection.programs, self.collection.commons
        raised, most = lifted_by_parts(programs, first, second, linked, commons, self.calibration)
        tokens = np.minimum(facts.tokens[first], facts.tokens[second])
        return Likenesses(
            direct.astype(np.float64), linked, chained(chain), self.share, raised, most,
            baseline=np.minimum(self.baseline[first], self.baseline[second]),
            tokens=tokens,
            enough=tokens >= np.maximum(facts.least[first], facts.least[second]),
            comparable=(facts.way[first] == facts.way[second]) & (facts.way[first] >= 0),
        )  # fmt: skip


def likenesses(collection: Collection, first: Indices, second: Indices, calibration: Calibration) -> Likenesses:
    """Compares the given pairs; what hangs together through shared programs, in one language, is taken for one task.

    How alike independent programs for that task are is estimated from all pairs inside such a group (of large groups a
    sample), so that the answer does not depend on which pairs were asked for.

    Args:
        collection: The programs.
        first: Number of one program of each pair.
        second: Of the other.
        calibration: In how small collections third programs do not count, and what parts say.
    """
    task, facts = comparison_groups(len(collection), first, second), _facts(collection.programs, calibration)
    group = np.unique(task * (1 + facts.language.max(initial=0)) + facts.language, return_inverse=True)[1]
    wanted = np.minimum(first, second), np.maximum(first, second)
    blocks, direct, baseline = _scored(collection, group, wanted, LEAST_CHAIN, InProcess())
    links = _links(blocks, len(collection), calibration.alone_below)
    # What only one program has counts as shared with nobody, also not with itself.
    direct[(first == second) & (facts.tokens[first] > 0)] = 1.0
    known = _Known(collection, calibration, facts, links, links.chain_share(), baseline)
    return known.likenesses(first, second, direct)


def listed_pairs(collection: Collection, first: Indices, second: Indices, calibration: Calibration) -> PairTable:
    """The given pairs, in their order."""
    programs = len(collection)
    found = likenesses(collection, first, second, calibration)
    llr, verdict = _answers(found, programs, calibration)
    score = found.raised
    if programs >= calibration.alone_below:
        score = ranked(score, found.baseline, found.tokens, calibration)
    return PairTable(first, second, score, llr, verdict)


def _answers(found: Likenesses, programs: int, calibration: Calibration) -> tuple[Floats, npt.NDArray[np.int8]]:
    """Ratios and answers; little is said of small programs, above all where few others are of their language.

    Nothing is said of next to nothing, and hardly anything against derivation where two were read in different ways.
    """
    llr = _llr(found, programs, calibration)
    llr = np.where(found.enough, llr, np.clip(llr, -1.0, 1.0))
    llr = np.where(found.comparable, llr, np.maximum(llr, -1.0))
    llr = np.where(found.tokens > 0, llr, 0.0)
    verdict = np.ones(len(llr), dtype=np.int8)
    verdict[found.enough & (llr >= calibration.derived_at)] = 2
    verdict[found.enough & found.comparable & (llr <= calibration.independent_at)] = 0
    return llr, verdict


def _llr(found: Likenesses, programs: int, calibration: Calibration) -> Floats:
    """Likelihood ratios; that parts are alike says no more of the wholes than of the parts.

    As far as chains are usual here, the ratio is the one that sees them, and for the rest the one of direct scores.
    """

    def ratios(linked: Floats, direct: Floats) -> Floats:
        chains = calibration.llr(linked, found.baseline, found.tokens, programs, chained=found.chained)
        without = calibration.llr(direct, found.baseline, found.tokens, programs)
        return found.chain_share * chains + (1.0 - found.chain_share) * without

    whole = ratios(found.linked, found.direct)
    lifted = ratios(found.raised, np.where(found.raised > found.linked, found.raised, found.direct))
    return np.where(np.isfinite(found.most), np.minimum(lifted, np.maximum(whole, found.most)), lifted)


@dataclass(frozen=True, slots=True)
class _Task:
    """What is common to all blocks of rows: the views, the least direct score kept, pairs whose scores are wanted."""

    tables: tuple[Table, ...]
    least: float
    wanted: tuple[Indices, Indices]


@dataclass(frozen=True, slots=True)
class _Block:
    """Pairs of a block of rows that reach the least score, and the scores of the wanted pairs that lie in it."""

    first: npt.NDArray[np.int32]
    second: npt.NDArray[np.int32]
    score: npt.NDArray[np.float32]
    places: Indices
    wanted: npt.NDArray[np.float32]


def _alike(blocks: Sequence[_Block], least: float) -> tuple[Indices, Indices, Floats]:
    """The pairs of all blocks that reach a score."""
    kept = [block.score >= least for block in blocks]
    first, second, score = (
        np.concatenate([np.empty(0), *(getattr(block, name)[some] for block, some in zip(blocks, kept, strict=True))])
        for name in ("first", "second", "score")
    )
    return first.astype(np.int64), second.astype(np.int64), score


def _block(task: _Task, rows: tuple[int, int]) -> _Block:
    start, stop = rows
    scores = score_rows(task.tables, slice(start, stop), start)
    first, second = task.wanted
    places = np.flatnonzero((first >= start) & (first < stop))
    wanted = scores[first[places] - start, second[places] - start]
    kept = np.greater_equal(scores, np.float32(task.least))
    kept &= np.arange(scores.shape[1]) > np.arange(stop - start)[:, None]
    row, column = np.nonzero(kept)
    score = scores[row, column]
    return _Block((row + start).astype(np.int32), (column + start).astype(np.int32), score, places, wanted)


def _scored(
    collection: Collection, group: Indices, pairs: tuple[Indices, Indices], least: float, executor: Executor
) -> tuple[list[_Block], npt.NDArray[np.float32], Floats]:
    """All blocks of rows; the scores of the given pairs (lower number first); the baseline of each program."""
    count = len(collection)
    content = contents(collection.programs)
    inside = partners(group, content)
    wanted = np.r_[inside[0], pairs[0]], np.r_[inside[1], pairs[1]]
    task = _Task(collection.tables(), least, wanted)
    size = max(1, min(512, 4_000_000 // max(1, count)))
    rows = ((start, min(count, start + size)) for start in range(0, count, size))
    score = np.empty(len(wanted[0]), dtype=np.float32)
    blocks = []
    for block in executor.run(_block, task, rows):
        score[block.places] = block.wanted
        blocks.append(block)
    known = len(inside[0])
    baseline = baselines_of_programs(group, *inside, score[:known].astype(np.float64))
    return blocks, score[known:], baseline[stand_ins(group, content)]


def _links(blocks: Sequence[_Block], programs: int, linked_from: int) -> Links:
    """The links among the pairs of the blocks; none in a collection of few programs."""
    first, second, score = _alike(blocks if programs >= linked_from else (), LEAST_CHAIN)
    return links_of(programs, [(first, second, score.astype(np.float32))])


def least_score(programs: int) -> float:
    """The least score that is kept unless the user says otherwise: of very many pairs most share next to nothing."""
    return 0.1 if programs * (programs - 1) > 2 * MANY_PAIRS else 0.0


def all_pairs(
    collection: Collection, calibration: Calibration, least: float = 0.0, executor: Executor | None = None
) -> Iterator[PairTable]:
    """Every pair whose score is at least `least`, in blocks of rows.

    All programs of a language are taken to be for one task, unless a program's nearest ones show that they are not.

    Args:
        collection: The programs.
        calibration: From scores to answers.
        least: Pairs below are left out, and change nothing for the others; of very many programs most pairs share
            next to nothing.
        executor: Where blocks are worked out; here if it is None. The result is the same.
    """
    usual = least_score(len(collection))
    none = np.empty(0, dtype=np.int64)
    facts = _facts(collection.programs, calibration)
    blocks, _, baseline = _scored(collection, facts.language, (none, none), min(least, usual), executor or InProcess())
    baseline = among_many_tasks(baseline, *_alike(blocks, max(SOMEWHAT, usual)))
    links = _links(blocks, len(collection), calibration.alone_below)
    known = _Known(collection, calibration, facts, links, links.chain_share(), baseline)
    for block in blocks:
        first, second = block.first.astype(np.int64), block.second.astype(np.int64)
        found = known.likenesses(first, second, block.score)
        llr, verdict = _answers(found, len(collection), calibration)
        kept = found.raised >= least
        yield PairTable(first[kept], second[kept], found.raised[kept], llr[kept], verdict[kept])
