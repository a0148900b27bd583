"""What third programs say of a pair: two that both resemble a third are more likely to be of one origin.

A heavily rewritten copy often resembles another rewriting of the same original more than the original itself. The
strength of a chain is how far its weaker link is above what independent programs may reach; of all chains of two links
the strongest counts, at less weight than the direct likeness. Only the nearest neighbours of either program are tried.
Weaker links do harm: a program that got a part of another resembles its own near copies' neighbours a little, too.
They do not raise the score, then, but they count in the likelihood ratio: two that resemble no third one in common are
alike by chance more often.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from waspglass.trace.baseline import log_odds
from waspglass.trace.hashing import look_up

__all__ = ["LEAST_CHAIN", "LEAST_LINK", "Links", "best_chain", "chained", "links_of", "with_third"]

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

NEIGHBOURS = 5
LEAST_LINK = 0.2
"""Links below this similarity raise no score: so alike are many independent programs."""
LEAST_CHAIN, FULL_CHAIN = 0.1, 0.25
"""Weaker links of chains that begin to count in the likelihood ratio, and that count in full."""
SHARE = 0.7
"""Weight of the best chain against the direct likeness."""


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
    more = np.float32(SHARE) * np.maximum(chain - np.float32(LEAST_LINK), np.float32(0))
    return np.asarray((score + more) / (1 + more), dtype=np.float32)


def chained(chain: Floats) -> npt.NDArray[np.float64]:
    """How much the best chain of each pair counts in the likelihood ratio, 0 to 1."""
    least, full = log_odds(np.array([LEAST_CHAIN, FULL_CHAIN]))
    share: npt.NDArray[np.float64] = np.clip((log_odds(chain.astype(np.float64)) - least) / (full - least), 0.0, 1.0)
    return share
