"""Many programs side by side: which features they share, how rare each is, and how alike each pair is.

For each view the score of a pair is the mean of two ratios of rarity-weighted shares: what is shared by what the
smaller program *could* share with anybody here (containment, blind to inserted noise), and what is shared by what
either has (Jaccard). A feature's weight is its inverse document frequency. In the mean over the views a view counts
the less the less the smaller program has in it: of one feature with the weight of a coin toss nothing follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from waspglass.trace.commons import Commons
from waspglass.trace.hashing import Features, Hashes, joined
from waspglass.trace.program import Program
from waspglass.trace.views import VIEWS, WEIGHTS

__all__ = ["Collection", "Table", "halves", "score_rows"]

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

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
class Table:
    """One view of all programs, ready for comparing rows of them with all.

    Attributes:
        weight: Of the view in the mean of all.
        rows, columns: Programs by the features that two or more have, and the reverse; the root of each feature's
            weight, so that their product is the weight of what is shared.
        contained, united: For each program the sums that containment and Jaccard divide by.
    """

    weight: float
    rows: sparse.csr_matrix
    columns: sparse.csr_matrix
    contained: Floats
    united: Floats


def _packed(view: str, programs: Sequence[Program]) -> Hashes:
    """All features of a view with the program's number in the low bits, sorted."""
    arrays = [program.views[view] for program in programs]
    counts = np.array([len(array) for array in arrays], dtype=np.int64)
    packed = joined(arrays).astype(np.uint64)
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

    def score_all(self) -> Floats:
        """Similarities of all pairs as a symmetric matrix of 4 n² bytes."""
        tables, count = self.tables(), len(self)
        blocks = [score_rows(tables, slice(start, min(count, start + 512))) for start in range(0, count, 512)]
        return np.concatenate(blocks) if blocks else np.empty((0, 0), dtype=np.float32)

    def tables(self) -> tuple[Table, ...]:
        """What `score_rows` needs, one table a view."""
        return tuple(self._table(view) for view in VIEWS)

    def _table(self, view: str) -> Table:
        count = len(self.programs)
        packed = _packed(view, self.programs)
        key = packed >> _DOCUMENT_BITS
        first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.empty(0, dtype=np.int64)
        frequency = np.diff(np.r_[first, len(key)])
        frequent = frequency >= 2
        if count >= LARGE:
            frequent &= frequency <= COMMON_SHARE * count
        prior, strength = self._prior(key[first].astype(np.uint32), count)
        weight = -np.log((frequency + strength * prior) / (count + 1 + strength))
        kept = np.repeat(frequent, frequency)
        alone = np.repeat(np.where(frequency == 1, weight, 0.0), frequency)
        program = (packed & _DOCUMENT_MASK).astype(np.int32)
        each, often = weight[frequent], frequency[frequent]
        weight_of_shared = np.bincount(program[kept], np.repeat(each, often), count)
        weight_alone = np.bincount(program, alone, count)
        lone = FEW / (FEW + count) if count < LARGE else 0.0
        root = np.repeat(np.sqrt(each.astype(np.float32)), often)
        rows = sparse.csc_matrix((root, program[kept], np.r_[0, np.cumsum(often)]), shape=(count, len(each)))
        return Table(
            WEIGHTS[view], rows.tocsr(), rows.T,
            contained=(weight_of_shared + lone * weight_alone).astype(np.float32),
            united=(weight_of_shared + max(lone, UNIQUE_IN_JACCARD) * weight_alone).astype(np.float32),
        )  # fmt: skip

    def _prior(self, feature: Features, count: int) -> tuple[npt.NDArray[np.float64], float]:
        if self.commons is None or count >= LARGE:
            return np.zeros(len(feature)), 0.0
        return self.commons.share(feature), self.commons.strength


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


def halves(common: Doubles | float, contained: Doubles | float, united: Doubles | float) -> Doubles:
    """Half containment, half Jaccard, 0 to 1.

    Args:
        common: Weight of what is shared.
        contained: What the smaller program could share.
        united: What either has.
    """
    mean: Doubles = 0.5 * (common / np.maximum(contained, 1e-6) + common / np.maximum(united, 1e-6))
    return np.minimum(1.0, mean)


def _ratio(common: Floats, contained: Floats, both: Floats) -> Floats:
    """As `halves` for millions of pairs at once; `both` is the sum of what the two have, and is overwritten."""
    both -= common
    mean: Floats = np.divide(common, np.maximum(both, _TINY, out=both), dtype=np.float32)
    mean += common / np.maximum(contained, _TINY)
    mean *= np.float32(0.5)
    return np.minimum(mean, np.float32(1.0), out=mean)


def _informed(contained: Floats) -> Floats:
    """How much a view counts, 0 to 1."""
    share: Floats = contained / (contained + np.float32(LEAST_INFORMATION))
    return share
