"""Many programs side by side: which features they share, how rare each is, and how alike each pair is.

For each view the score of a pair is the mean of two ratios of rarity-weighted shares: what is shared by what the
smaller program *could* share with anybody here (containment, blind to inserted noise), and what is shared by what
either has (Jaccard). A feature's weight is its inverse document frequency. In the mean over the views a view counts
the less the less the smaller program has in it: of one feature with the weight of a coin toss nothing follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from waspglass.trace.commons import Commons
from waspglass.trace.hashing import Features, Hashes
from waspglass.trace.program import Program
from waspglass.trace.views import VIEWS, WEIGHTS

__all__ = ["Collection", "Scores", "Shared", "Table", "score_rows"]

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

_DOCUMENT_BITS = np.uint64(20)
_DOCUMENT_MASK = np.uint64((1 << 20) - 1)
UNIQUE_IN_JACCARD = 0.25
"""Weight, against a shared feature of the same rarity, of one that a program has alone: inserted noise is cheap."""
FEW = 8.0
"""With fewer programs than this, being alone with a feature says little, and such features count nearly in full."""
COMMON_SHARE = 0.25
"""In collections of LARGE and more, features of more than this share of the programs carry too little to be joined."""
LARGE = 400
LEAST_INFORMATION = 1.0
"""Nats: a view in which the smaller program could share this much counts half as much as one without end."""
_TINY = np.float32(1e-6)


@dataclass(frozen=True, slots=True)
class Shared:
    """The features of one view that two programs or more have, in the order of their hashes.

    Attributes:
        feature: The features, ascending.
        start: Feature `i` is in the programs `program[start[i]:start[i + 1]]`.
        program: Numbers of programs.
        weight: Rarity of each feature, in nats.
        contained, united: For each program the sums that containment and Jaccard divide by.
    """

    feature: Features
    start: Indices
    program: npt.NDArray[np.int32]
    weight: Floats
    contained: Floats
    united: Floats

    def matrix(self, count: int, *, rooted: bool) -> sparse.csr_matrix:
        """Programs by features: the weight, or its root so that the product with itself is the shared weight."""
        weight = np.sqrt(self.weight) if rooted else self.weight
        data = np.repeat(weight, np.diff(self.start)).astype(np.float32)
        shape = (count, len(self.weight))
        return sparse.csc_matrix((data, self.program, self.start), shape=shape).tocsr()


@dataclass(frozen=True, slots=True)
class Scores:
    """Similarities of pairs.

    Attributes:
        score: 0 (nothing shared) to 1 (the same in all views).
        views: The same for each view alone, by its name.
    """

    score: Floats
    views: dict[str, Floats]


def _packed(view: str, programs: Sequence[Program]) -> Hashes:
    """All features of a view with the program's number in the low bits, sorted."""
    arrays = [program.views[view] for program in programs]
    counts = np.array([len(array) for array in arrays], dtype=np.int64)
    packed = np.concatenate(arrays).astype(np.uint64) if arrays else np.empty(0, dtype=np.uint64)
    packed <<= _DOCUMENT_BITS
    packed |= np.repeat(np.arange(len(arrays), dtype=np.uint64), counts)
    packed.sort()
    return packed


class Collection:
    """Programs that are compared with one another; features and weights are worked out a view at a time.

    Args:
        programs: At most 2**20.
        commons: What is common in programs at large; steadies rarity while the collection itself is small.
    """

    def __init__(self, programs: Sequence[Program], commons: Commons | None = None) -> None:
        if len(programs) > int(_DOCUMENT_MASK):
            raise ValueError("too many programs for one collection")
        self.programs = tuple(programs)
        self.commons = commons

    def __len__(self) -> int:
        return len(self.programs)

    def shared(self, view: str) -> Shared:
        """The shared features of a view and their weights."""
        count = len(self.programs)
        packed = _packed(view, self.programs)
        key = packed >> _DOCUMENT_BITS
        first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.empty(0, dtype=np.int64)
        frequency = np.diff(np.r_[first, len(key)])
        frequent = frequency >= 2
        if count >= LARGE:
            frequent &= frequency <= COMMON_SHARE * count
        feature = key[first].astype(np.uint32)
        prior, strength = self._prior(feature, count)
        weight = -np.log((frequency + strength * prior) / (count + 1 + strength))
        kept = np.repeat(frequent, frequency)
        alone = np.repeat(np.where(frequency == 1, weight, 0.0), frequency)
        program = (packed & _DOCUMENT_MASK).astype(np.int32)
        weight_of_shared = np.bincount(program[kept], np.repeat(weight[frequent], frequency[frequent]), count)
        weight_alone = np.bincount(program, alone, count)
        lone = FEW / (FEW + count) if count < LARGE else 0.0
        return Shared(
            feature=feature[frequent],
            start=np.r_[0, np.cumsum(frequency[frequent])],
            program=program[kept],
            weight=weight[frequent].astype(np.float32),
            contained=(weight_of_shared + lone * weight_alone).astype(np.float32),
            united=(weight_of_shared + max(lone, UNIQUE_IN_JACCARD) * weight_alone).astype(np.float32),
        )

    def _prior(self, feature: Features, count: int) -> tuple[npt.NDArray[np.float64], float]:
        if self.commons is None or count >= LARGE:
            return np.zeros(len(feature)), 0.0
        return self.commons.share(feature), self.commons.strength

    def score_pairs(self, first: Indices, second: Indices) -> Scores:
        """Similarities of the given pairs of programs (numbers in the collection), by view too.

        One pair at a time, and what `score_rows` is tested against.
        """
        views: dict[str, Floats] = {}
        total, informed = np.zeros(len(first), dtype=np.float32), np.zeros(len(first), dtype=np.float32)
        for view in VIEWS:
            shared = self.shared(view)
            common = _common_weight(shared.matrix(len(self), rooted=True), first, second)
            contained = np.minimum(shared.contained[first], shared.contained[second])
            views[view] = _ratio(common, contained, shared.united[first] + shared.united[second])
            counts = np.float32(WEIGHTS[view]) * _informed(contained)
            total += counts * views[view]
            informed += counts
        score: Floats = np.asarray(total / np.maximum(informed, _TINY), dtype=np.float32)
        return Scores(score, views)

    def score_all(self) -> Floats:
        """Similarities of all pairs as a symmetric matrix of 4 n² bytes."""
        tables = self.tables()
        blocks = [score_rows(tables, block) for block in _blocks(len(self), 512)]
        return np.concatenate(blocks) if blocks else np.empty((0, 0), dtype=np.float32)

    def tables(self) -> tuple[Table, ...]:
        """What `score_rows` needs, one table a view."""
        tables = []
        for view in VIEWS:
            shared = self.shared(view)
            rows = shared.matrix(len(self), rooted=True)
            tables.append(Table(WEIGHTS[view], rows, rows.T.tocsr(), shared.contained, shared.united))
        return tuple(tables)


@dataclass(frozen=True, slots=True)
class Table:
    """One view of all programs, ready for comparing rows of them with all.

    Attributes:
        weight: Of the view in the mean of all.
        rows, columns: Programs by features and the reverse; the root of each feature's weight.
        contained, united: As in `Shared`.
    """

    weight: float
    rows: sparse.csr_matrix
    columns: sparse.csr_matrix
    contained: Floats
    united: Floats


def score_rows(tables: Sequence[Table], rows: slice, first: int = 0) -> Floats:
    """Similarities of the programs `rows` with the programs from `first` on; depends on nothing but its arguments."""
    count = len(tables[0].united) if tables else 0
    shape = (len(range(*rows.indices(count))), count - first)
    total, informed = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    for table in tables:
        common = (table.rows[rows] @ table.columns[:, first:]).toarray()
        contained = np.minimum(table.contained[rows, None], table.contained[None, first:])
        ratio = _ratio(common, contained, table.united[rows, None] + table.united[None, first:])
        counts = _informed(contained)
        counts *= np.float32(table.weight)
        informed += counts
        counts *= ratio
        total += counts
    total /= np.maximum(informed, _TINY, out=informed)
    return total


def _blocks(count: int, size: int) -> Iterator[slice]:
    return (slice(start, min(count, start + size)) for start in range(0, count, size))


def _common_weight(rows: sparse.csr_matrix, first: Indices, second: Indices) -> Floats:
    common = np.empty(len(first), dtype=np.float32)
    for block in _blocks(len(first), 4096):
        common[block] = np.asarray(rows[first[block]].multiply(rows[second[block]]).sum(axis=1)).ravel()
    return common


def _ratio(common: Floats, contained: Floats, both: Floats) -> Floats:
    """Half containment, half Jaccard.

    Args:
        common: Weight of what is shared.
        contained: What the smaller program could share.
        both: The sum of what either has; overwritten.
    """
    both -= common
    mean: Floats = np.divide(common, np.maximum(both, _TINY, out=both), dtype=np.float32)
    mean += common / np.maximum(contained, _TINY)
    mean *= np.float32(0.5)
    return np.minimum(mean, np.float32(1.0), out=mean)


def _informed(contained: Floats) -> Floats:
    """How much a view counts, 0 to 1."""
    share: Floats = contained / (contained + np.float32(LEAST_INFORMATION))
    return share
