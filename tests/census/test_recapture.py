"""Log-linear capture-recapture where few are unseen, or where a source saw no host by itself."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from waspglass.census import recapture
from waspglass.census.recapture import Estimate, Pattern, estimate_unseen

SOURCES = ("a", "b", "c")


def world(size: int, chances: tuple[float, ...], seed: int, *, within: bool = False) -> dict[Pattern, int]:
    """Who sees whom; with `within`, the first source lists only hosts that the second lists, too."""
    seen = np.random.default_rng(seed).random((size, len(chances))) < np.array(chances)
    if within:
        seen[:, 0] &= seen[:, 1]
    return dict(Counter(pattern for row in seen.tolist() if any(pattern := tuple(row))))


def estimates(size: int, chances: tuple[float, ...], *, within: bool = False) -> list[Estimate]:
    worlds = (world(size, chances, seed, within=within) for seed in range(60))
    return [found for cells in worlds if (found := estimate_unseen(cells, SOURCES)) is not None]


def held(size: int, found: list[Estimate]) -> int:
    return sum(round(each.low) <= size <= (each.high or math.inf) for each in found)


@pytest.mark.parametrize("size", [60, 2000])
def test_few_unseen_are_a_count_with_the_spread_of_one(size: int) -> None:
    """Of 2,000 hosts 48 are unseen on average, and 35 to 62 by chance: without that the interval held 84 to 88 %."""
    found = estimates(size, (0.8, 0.7, 0.6))
    assert len(found) == 60
    assert held(size, found) >= 55
    widths = [(each.high or math.inf) - each.low for each in found]
    assert 2 * math.sqrt(0.024 * size) < np.median(widths) < 11 * math.sqrt(0.024 * size)


def test_a_source_within_another_hides_nobody() -> None:
    """Models with a cell of none were left out by accident of rounding: all 1,792 seen hosts were all there were."""
    found = estimates(2000, (0.8, 0.7, 0.6), within=True)
    assert len(found) == 60
    assert held(2000, found) >= 53
    assert np.median([each.total for each in found]) == pytest.approx(2000, rel=0.01)


@pytest.mark.parametrize(("first", "others"), [(0.6, 0.05), (0.8, 0.1)])
def test_one_shared_host_does_not_say_that_nobody_is_unseen(first: float, others: float) -> None:
    """With the error of a count of none the interval held in 86 and 88 %, and was too low in the others."""
    found = estimates(60, (first, others, others))
    assert len(found) >= 55
    assert held(60, found) >= 0.95 * len(found)


def test_the_bound_of_nobody_is_as_good_as_the_hosts_that_speak_for_it() -> None:
    """What b sees is what c sees, and a sees neither. One host so seen could be by chance, a hundred could not.

    Of one host each, so many hosts as make it unlikely (2.5 %) that both saw the same one are 40.
    """
    highs = []
    for shared in (1, 2, 5, 100):
        found = estimate_unseen({(True, False, False): 50, (False, True, True): shared}, SOURCES)
        assert found is not None
        assert found.high is not None
        highs.append(found.high - found.seen)
    assert highs == sorted(highs, reverse=True)
    assert 10 < highs[0] < 40
    assert highs[-1] < 5


@pytest.mark.parametrize("times", [1, 10, 1000])
def test_whether_a_model_counts_does_not_hang_on_the_size_of_the_world(times: int) -> None:
    """Some of the best models have nobody unseen, in a world of 24 hosts as in one of 24,000."""
    cells: dict[Pattern, int] = {
        (False, False, True): 7, (False, True, True): 2, (True, False, False): 13, (True, False, True): 1,
        (True, True, False): 1,
    }  # fmt: skip
    found = estimate_unseen({pattern: times * number for pattern, number in cells.items()}, SOURCES)
    assert found is not None
    assert ("a", "c") in found.model
    assert found.rivals is not None
    assert found.rivals[0] == found.seen == 24 * times


def test_a_model_in_which_a_source_that_shares_nothing_leaves_any_number_does_not_count() -> None:
    """If a and b depend, their hosts say nothing of those that both miss, and c shares none with either."""
    patterns = [each for each in itertools.product((False, True), repeat=3) if any(each)]
    cells: dict[Pattern, int] = {
        (True, False, False): 30, (False, True, False): 20, (True, True, False): 10, (False, False, True): 5,
    }  # fmt: skip
    counts = np.array([cells.get(each, 0) for each in patterns], dtype=np.float64)
    assert recapture._bounded(recapture._design(patterns, ()), counts)
    assert not recapture._bounded(recapture._design(patterns, ((0, 1),)), counts)
    assert recapture._bounded(recapture._design(patterns, ((0, 1),)), counts + 1)


def test_two_sources_that_see_the_same_hosts_leave_none() -> None:
    found = estimate_unseen({(True, True): 30}, ("a", "b"))
    assert found is not None
    assert (found.seen, found.shared, found.total) == (30, 30, 30)
