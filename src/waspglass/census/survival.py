"""How long hosts stay vulnerable: survival curves from scans that are days apart.

A host is seen vulnerable on one scan and patched on a later one; the patch lies between. That is interval censoring,
and the estimate for it is Turnbull's (B. W. Turnbull, J. R. Statist. Soc. B 38 (1976) 290-295), the non-parametric
maximum likelihood estimate; without intervals it is that of Kaplan and Meier. The band is Wilson's interval for a
share (E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212) with as many hosts as the spread of a bootstrap is worth.
Percentiles of the bootstrap themselves hold the truth too seldom where hosts, or patches, are few. The interval of the
half-life is where the band holds one half (R. Brookmeyer, J. Crowley, Biometrics 38 (1982) 29-41).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["HalfLife", "Interval", "SurvivalCurve", "estimate", "turnbull"]

Floats = npt.NDArray[np.float64]
_ROUNDS, _CLOSE = 2000, 1e-7
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """`count` hosts whose patch lies after `left` and not after `right` (days since the patch came out).

    `right` is None if they were never seen patched. `left` 0 means that they were patched before the first scan.
    """

    left: float
    right: float | None
    count: int


@dataclass(frozen=True, slots=True)
class HalfLife:
    """When half of the hosts were patched, in days since the patch came out.

    Attributes:
        day: Estimate, patches taken as evenly spread between the two scans around it; None if not reached.
        between: The two scans between which it lies for certain, as far as the curve is right.
        low: Lower end of the 95 % interval, which is at least as wide as the gap between those two scans: where in it
            the patches lie, the data do not say.
        high: Upper end; None if the data do not bound it.
    """

    day: float | None
    between: tuple[float, float] | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class SurvivalCurve:
    """The share that is still vulnerable, at each scan.

    Attributes:
        days: Days since the patch came out, starting with 0.
        share: Share still vulnerable after that day, 1 at day 0.
        low: Lower end of the 95 % band, point by point.
        high: Upper end.
        hosts: Hosts that it is estimated from.
        half_life: When the share falls to one half.
    """

    days: tuple[float, ...]
    share: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    hosts: int
    half_life: HalfLife


def _cells(intervals: Sequence[Interval]) -> tuple[Floats, npt.NDArray[np.bool_], Floats]:
    """Grid of end points, which cells each interval covers (the last cell is "after everything"), and the counts."""
    ends = {0.0} | {each.left for each in intervals} | {each.right for each in intervals if each.right is not None}
    grid = np.array(sorted(ends))
    left = np.array([each.left for each in intervals])
    right = np.array([np.inf if each.right is None else each.right for each in intervals])
    starts = grid
    stops = np.append(grid[1:], np.inf)
    covers = (starts >= left[:, None]) & (stops <= right[:, None])
    return grid, covers, np.array([each.count for each in intervals], dtype=np.float64)


def turnbull(covers: npt.NDArray[np.bool_], counts: Floats) -> Floats:
    """Probability of each cell: the fixed point of Turnbull's self-consistency, for many samples at once.

    Args:
        covers: (intervals, cells).
        counts: (samples, intervals).

    Returns:
        (samples, cells), each row adding up to 1.
    """
    cover = covers.astype(np.float64)
    chance = np.full((counts.shape[0], cover.shape[1]), 1.0 / cover.shape[1])
    totals = counts.sum(axis=1, keepdims=True)
    for _ in range(_ROUNDS):
        mass = np.maximum(chance @ cover.T, 1e-300)
        fresh = chance * ((counts / mass) @ cover) / totals
        if np.abs(fresh - chance).max() < _CLOSE:
            return np.asarray(fresh)
        chance = fresh
    return chance


def estimate(intervals: Sequence[Interval], rng: np.random.Generator, samples: int = 200) -> SurvivalCurve | None:
    """The survival curve with its 95 % band; None without hosts."""
    merged: dict[tuple[float, float | None], int] = {}
    for each in intervals:
        merged[each.left, each.right] = merged.get((each.left, each.right), 0) + each.count
    kept = [Interval(left, right, count) for (left, right), count in merged.items()]
    # What is drawn depends on the order, and the same hosts shall have the same band.
    kept.sort(key=lambda each: (each.left, np.inf if each.right is None else each.right))
    hosts = sum(each.count for each in kept)
    if not hosts:
        return None
    grid, covers, counts = _cells(kept)
    drawn = rng.multinomial(hosts, counts / hosts, size=samples).astype(np.float64)
    chances = turnbull(covers, np.vstack([counts, drawn]))
    # Share still vulnerable at each grid point: what lies in cells that start there or later.
    shares = np.clip(1.0 - np.hstack([np.zeros((samples + 1, 1)), np.cumsum(chances[:, :-1], axis=1)]), 0.0, 1.0)
    share = shares[0]
    low, high = _band(share, shares[1:].var(axis=0), hosts)
    return SurvivalCurve(
        tuple(grid.tolist()),
        tuple(share.tolist()),
        tuple(low.tolist()),
        tuple(high.tolist()),
        hosts,
        _half_life(grid, share, low, high),
    )


def _band(share: Floats, variance: Floats, hosts: int) -> tuple[Floats, Floats]:
    """The 95 % band, which falls as the share does; on day 0 all are vulnerable for certain."""
    binomial = share * (1.0 - share)
    told = variance > binomial / hosts  # censored hosts tell less than a host each, and none tells more
    worth = np.where(told, np.maximum(binomial / np.where(told, variance, 1.0), 1.0), hosts)
    middle = (share + _Z**2 / (2 * worth)) / (1 + _Z**2 / worth)
    half = _Z * np.sqrt(binomial / worth + _Z**2 / (4 * worth**2)) / (1 + _Z**2 / worth)
    low, high = np.minimum(middle - half, share), np.maximum(middle + half, share)
    low[0] = high[0] = 1.0
    return np.clip(np.minimum.accumulate(low), 0.0, 1.0), np.clip(np.maximum.accumulate(high[::-1])[::-1], 0.0, 1.0)


def _half_life(grid: Floats, share: Floats, low: Floats, high: Floats) -> HalfLife:
    """Where the curve, and where its band, reach one half: between a scan and the one before it."""
    halved, soonest, latest = (_reaches_half(grid, each) for each in (share, low, high))
    day = None
    if halved is not None:
        at = int((share <= 0.5).argmax())
        day = halved[0] + float((share[at - 1] - 0.5) / (share[at - 1] - share[at])) * (halved[1] - halved[0])
    return HalfLife(day, halved, None if soonest is None else soonest[0], None if latest is None else latest[1])


def _reaches_half(grid: Floats, falling: Floats) -> tuple[float, float] | None:
    """The two scans between which it falls to one half; None if it does not. On day 0 all are vulnerable."""
    at = int((falling <= 0.5).argmax())
    return (float(grid[at - 1]), float(grid[at])) if at else None
