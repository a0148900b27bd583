"""What third programs say of a pair: two that both resemble a third are more likely to be of one origin.

A heavily rewritten copy often resembles another rewriting of the same original more than the original itself. The
strength of a chain is its weaker link; of all chains of two links the strongest counts, by what it is above the direct
likeness. One that is not above it says nothing new: who resembles a program resembles its copies, too. Only the nearest
neighbours of either program are tried.

A program that holds parts of two others makes these no more alike. Of what two independent rewritings share with the
third each keeps a share at random, so they share about the product of the two links. A chain therefore counts only up
to the root of the direct likeness.

In the likelihood ratio chains count whatever the direct likeness is: two that resemble no third one in common are alike
by chance more often. They count as far as there are chains at all (`Links.chain_share`): where each original has one
copy, that a pair has no chain says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from waspglass.trace.baseline import log_odds
from waspglass.trace.hashing import look_up

__all__ = ["LEAST_CHAIN", "Links", "best_chain", "chained", "links_of", "with_third"]

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

NEIGHBOURS = 5
LEAST_CHAIN, FULL_CHAIN = 0.1, 0.25
"""Weaker links of chains that begin to count, and that count in full in the likelihood ratio."""
SHARE = 0.5
"""How much of what the best chain is above the direct likeness counts."""
STEADYING = 5.0
"""So many programs without a chain are added before the share of those with one is taken."""


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of a collection that are alike enough to be links, in both directions.

    Attributes:
        count: Programs in the collection.
        key: `count * one + other` of each link, ascending.
        score: Similarity of each.
        near: The nearest neighbours of each program, one row a program; the program itself where it has fewer.
    """

    count: int
    key: Indices
    score: Floats
    near: Indices

    def between(self, one: Indices, other: Indices) -> Floats:
        """The similarity of each pair that is a link, otherwise 0."""
        place, found = look_up(self.key, one * self.count + other)
        between = np.zeros(len(one), dtype=np.float32)
        between[found] = self.score[place[found]]
        return between

    def chain_share(self) -> float:
        """How usual chains are here: of the programs that have a near one, the share that have a chain with it.

        Where originals have one copy each there are no chains, and the lack of one is no evidence against derivation.
        Programs are counted, not pairs: twenty copies of one program are 190 pairs. Few programs show little, so their
        share is drawn towards none. It is of the whole collection, whichever pairs were asked for.
        """
        every, nearest = np.arange(self.count), self.near[:, 0]
        near = self.between(every, nearest) >= FULL_CHAIN
        return float(np.sum(chained(best_chain(self, every[near], nearest[near]))) / (np.sum(near) + STEADYING))


def links_of(count: int, pairs: Iterable[tuple[Indices, Indices, Floats]]) -> Links:
    """The links among pairs (first, second, score), each listed once; those below `LEAST_CHAIN` may be left out."""
    none = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))
    first, second, score = (np.concatenate(part) for part in zip(none, *pairs, strict=True))
    strong = score >= LEAST_CHAIN
    one, other = np.r_[first[strong], second[strong]], np.r_[second[strong], first[strong]]
    both = np.r_[score[strong], score[strong]].astype(np.float32)
    order = np.lexsort((other, -both, one))
    row = one[order]
    begin = np.searchsorted(row, np.arange(count))
    rank = np.arange(len(row)) - begin[row]
    near = np.repeat(np.arange(count)[:, None], NEIGHBOURS, axis=1)
    nearest = rank < NEIGHBOURS
    near[row[nearest], rank[nearest]] = other[order][nearest]
    key = one * count + other
    by_key = np.argsort(key)
    return Links(count, key[by_key], both[by_key], near)


def best_chain(links: Links, first: Indices, second: Indices) -> Floats:
    """The weaker link of the best chain through a third program between the two of each pair; 0 if there is none."""
    best = np.zeros(len(first), dtype=np.float32)
    for one, other in ((first, second), (second, first)):
        for place in range(NEIGHBOURS):
            third = links.near[one, place]
            best = np.maximum(best, np.minimum(links.between(one, third), links.between(third, other)))
    return best


def with_third(chain: Floats, score: Floats) -> Floats:
    """Scores raised by the best chain of each pair; never below `score`, never above 1."""
    above = np.minimum(chain, np.sqrt(score)) - np.maximum(score, np.float32(LEAST_CHAIN))
    more = np.float32(SHARE) * np.maximum(above, np.float32(0))
    return np.asarray((score + more) / (1 + more), dtype=np.float32)


def chained(chain: Floats) -> npt.NDArray[np.float64]:
    """How much the best chain of each pair counts in the likelihood ratio, 0 to 1."""
    least, full = log_odds(np.array([LEAST_CHAIN, FULL_CHAIN]))
    share: npt.NDArray[np.float64] = np.clip((log_odds(chain.astype(np.float64)) - least) / (full - least), 0.0, 1.0)
    return share
