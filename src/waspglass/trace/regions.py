"""Where two programs match: ordered runs of equal tokens, joined over small gaps, without overlap.

Equal means equal in shape (names and literals anonymous), so renaming does not hide a run. Runs are found through
windows that few places share, then taken longest first (greedy string tiling, Wise 1993); runs on nearby diagonals are
joined over gaps that insertion or deletion leaves. Joining never makes two programs look more alike: it only draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from waspglass.trace.hashing import Hashes, window_hashes
from waspglass.trace.views import Tokens

__all__ = ["Run", "matching_runs", "matching_tiles"]

SEED = 8
"""Tokens of a window that starts a run."""
LEAST = 12
"""Tokens of the shortest run that is shown."""
GAP = 24
"""Tokens on either side that a join may skip."""
OCCURRENCES = 12
"""Windows that occur more often in either program start no run."""
SEED_LIMIT = 400_000
RUN_LIMIT = 400
EXTENSION = 4000
"""Tokens by which a run of seeds is extended on either side, at most."""

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Run:
    """Token places `[start_a, end_a)` of one program that match `[start_b, end_b)` of the other.

    Attributes:
        matched: Tokens that are equal in shape.
        renamed: Of these, tokens that are written differently.
    """

    start_a: int
    end_a: int
    start_b: int
    end_b: int
    matched: int
    renamed: int


def _seeds(a: Hashes, b: Hashes) -> tuple[Indices, Indices]:
    """Places of equal windows that are not frequent in either program."""
    values_a, inverse_a, count_a = np.unique(a, return_inverse=True, return_counts=True)
    order_b = np.argsort(b, kind="stable")
    sorted_b = b[order_b]
    low = np.searchsorted(sorted_b, values_a, "left")
    count_b = np.searchsorted(sorted_b, values_a, "right") - low
    usable = (count_b > 0) & (count_b <= OCCURRENCES) & (count_a <= OCCURRENCES)
    places = np.flatnonzero(usable[inverse_a])
    repeat = count_b[inverse_a[places]]
    first = np.repeat(places, repeat)[:SEED_LIMIT]
    offset = (np.arange(repeat.sum()) - np.repeat(np.cumsum(repeat) - repeat, repeat))[:SEED_LIMIT]
    second = order_b[np.repeat(low[inverse_a[places]], repeat)[:SEED_LIMIT] + offset]
    return first, second


def _diagonals(first: Indices, second: Indices) -> npt.NDArray[np.int64]:
    """Rows (start in a, start in b, length in tokens) of maximal runs of seeds on one diagonal."""
    order = np.lexsort((first, second - first))
    a, b = first[order], second[order]
    apart = np.r_[True, (np.diff(b - a) != 0) | (np.diff(a) > SEED)]
    starts = np.flatnonzero(apart)
    ends = np.r_[starts[1:], len(a)] - 1
    rows = np.stack([a[starts], b[starts], a[ends] - a[starts] + SEED], axis=1)
    return rows[np.lexsort((rows[:, 0], -rows[:, 2]))]


def _equal_from_start(a: Hashes, b: Hashes) -> int:
    """How many tokens two stretches of one length have in common from their start on."""
    unequal = np.flatnonzero(a != b)
    return int(unequal[0]) if len(unequal) else len(a)


def _extended(rows: npt.NDArray[np.int64], a: Hashes, b: Hashes) -> npt.NDArray[np.int64]:
    """The rows as far as the programs agree around them: windows that are frequent are no seeds, but may belong."""
    longer: dict[tuple[int, int, int], None] = {}
    for start_a, start_b, length in rows[: 20 * RUN_LIMIT].tolist():
        before = min(start_a, start_b, EXTENSION)
        left = _equal_from_start(a[start_a - before : start_a][::-1], b[start_b - before : start_b][::-1])
        end_a, end_b = start_a + length, start_b + length
        after = min(len(a) - end_a, len(b) - end_b, EXTENSION)
        right = _equal_from_start(a[end_a : end_a + after], b[end_b : end_b + after])
        longer[start_a - left, start_b - left, left + length + right] = None
    return np.array(sorted(longer, key=lambda row: (-row[2], row[0], row[1])), dtype=np.int64)


def _tiles(rows: npt.NDArray[np.int64], length_a: int, length_b: int) -> list[tuple[int, int, int]]:
    """Longest first, without overlap on either side; runs lose what is taken already."""
    free_a, free_b = np.ones(length_a, dtype=bool), np.ones(length_b, dtype=bool)
    tiles: list[tuple[int, int, int]] = []
    for start_a, start_b, length in rows[: 20 * RUN_LIMIT].tolist():
        free = free_a[start_a : start_a + length] & free_b[start_b : start_b + length]
        edges = np.flatnonzero(np.diff(np.r_[False, free, False].astype(np.int8)))
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if end - begin < SEED:
                continue
            tiles.append((start_a + begin, start_b + begin, end - begin))
            free_a[start_a + begin : start_a + end] = False
            free_b[start_b + begin : start_b + end] = False
        if len(tiles) >= RUN_LIMIT:
            break
    return sorted(tiles)


def matching_tiles(a: Tokens, b: Tokens) -> list[tuple[int, int, int]]:
    """Start in each program and length of the tiles, in the order of the first; bounded in number and time."""
    if min(len(a.shape), len(b.shape)) < SEED:
        return []
    # As written, windows are rarer: repetitive code has no rare windows in shape.
    streams = (a.shape, b.shape), (a.text, b.text)
    seeds = [_seeds(window_hashes(one, SEED), window_hashes(two, SEED)) for one, two in streams]
    first, second = (np.concatenate(places) for places in zip(*seeds, strict=True))
    if not len(first):
        return []
    rows = _extended(_diagonals(first, second), a.shape, b.shape)
    return _tiles(rows, len(a.shape), len(b.shape))


def matching_runs(a: Tokens, b: Tokens) -> tuple[Run, ...]:
    """The runs of two programs in the order of the first; bounded in number and time for any input."""
    joined: list[Run] = []
    for start_a, start_b, length in matching_tiles(a, b):
        place_a, place_b = slice(start_a, start_a + length), slice(start_b, start_b + length)
        renamed = int(np.count_nonzero(a.text[place_a] != b.text[place_b]))
        run = Run(start_a, start_a + length, start_b, start_b + length, length, renamed)
        last = joined[-1] if joined else None
        if last and 0 <= run.start_a - last.end_a <= GAP and 0 <= run.start_b - last.end_b <= GAP:
            matched, renamed = last.matched + run.matched, last.renamed + run.renamed
            joined[-1] = Run(last.start_a, run.end_a, last.start_b, run.end_b, matched, renamed)
        else:
            joined.append(run)
    return tuple(run for run in joined if run.matched >= LEAST)
