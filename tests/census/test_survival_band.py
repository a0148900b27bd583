"""How often the band of a survival curve holds the truth, in worlds of which the truth is known."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from waspglass.census.survival import Interval, estimate

SCANS = (1, 3, 6, 10, 15, 22, 30, 45)


def still_vulnerable(day: float, never: float, mean: float) -> float:
    """The truth: `never` is the share that is never patched, the others are after `mean` days on average."""
    return never + (1 - never) * math.exp(-day / mean)


def scanned(hosts: int, never: float, mean: float, missed: float, rng: np.random.Generator) -> list[Interval]:
    """What the scans tell of so many hosts, of which each scan but the first misses a share."""
    found: Counter[tuple[int, int | None]] = Counter()
    for _ in range(hosts):
        patched = math.inf if rng.random() < never else rng.exponential(mean)
        seen = [day for day in SCANS if day == SCANS[0] or rng.random() >= missed]
        before = [day for day in seen if day < patched]
        after = [day for day in seen if day >= patched]
        found[before[-1] if before else 0, after[0] if after else None] += 1
    return [Interval(float(left), right, number) for (left, right), number in found.items()]


@pytest.mark.parametrize("missed", [0.0, 0.15])
@pytest.mark.parametrize("never", [0.2, 0.7])
@pytest.mark.parametrize("hosts", [20, 60, 300])
def test_the_band_holds_the_truth_about_as_often_as_it_says(hosts: int, never: float, missed: float) -> None:
    """Percentiles of the bootstrap hold it in 80 to 85 % of the points with 20 hosts of which few are patched."""
    rng = np.random.default_rng(3)
    held: list[bool] = []
    for _ in range(60):
        curve = estimate(scanned(hosts, never, 8.0, missed, rng), rng)
        assert curve is not None
        points = zip(curve.days[1:], curve.low[1:], curve.high[1:], strict=True)
        held += [low <= still_vulnerable(day, never, 8.0) <= high for day, low, high in points]
    assert np.mean(held) >= 0.925


def test_the_half_life_lies_where_the_band_holds_one_half() -> None:
    rng = np.random.default_rng(3)
    truth = 8.0 * math.log(0.8 / 0.3)
    for _ in range(40):
        curve = estimate(scanned(60, 0.2, 8.0, 0.15, rng), rng)
        assert curve is not None
        half = curve.half_life
        assert half.day is not None
        assert half.low is not None
        assert half.low <= half.day <= (half.high or math.inf)
        above = [day for day, low in zip(curve.days, curve.low, strict=True) if low > 0.5]
        below = [day for day, high in zip(curve.days, curve.high, strict=True) if high <= 0.5]
        assert (half.low, half.high) == (above[-1], below[0] if below else None)
        assert half.low <= truth <= (half.high or math.inf)


def test_hosts_that_the_scans_lose_make_the_band_wider() -> None:
    """Each of 100 is seen vulnerable at first; half are patched later, or half of those that are still seen."""
    all_seen = estimate([Interval(0, 5, 50), Interval(5, None, 50)], np.random.default_rng(3))
    lost = estimate([Interval(0, 5, 10), Interval(5, None, 10), Interval(0, None, 80)], np.random.default_rng(3))
    assert all_seen is not None
    assert lost is not None
    assert all_seen.share[1] == pytest.approx(0.5)
    assert lost.share[1] == pytest.approx(0.5, abs=1e-3)
    # Wilson's interval of 50 of 100, and of 10 of 20.
    assert (all_seen.low[1], all_seen.high[1]) == pytest.approx((0.404, 0.596), abs=0.01)
    assert (lost.low[1], lost.high[1]) == pytest.approx((0.299, 0.701), abs=0.03)


def test_none_patched_of_few_leaves_room_for_some() -> None:
    """The upper limit for none of 20 is 16 % (Wilson); a bootstrap of hosts that are all alike would say 0 %."""
    curve = estimate([Interval(10.0, None, 20)], np.random.default_rng(3))
    assert curve is not None
    assert curve.low == pytest.approx((1.0, 1 - 0.161), abs=1e-3)
    assert curve.high == (1.0, 1.0)


def test_the_order_in_which_hosts_are_handed_over_does_not_count() -> None:
    """A store hands its groups over in another order each time."""
    told = scanned(200, 0.2, 8.0, 0.15, np.random.default_rng(3))
    assert estimate(told, np.random.default_rng(4)) == estimate(told[::-1], np.random.default_rng(4))
