"""Survival and capture-recapture against published and closed-form values, and against simulated worlds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waspglass.census.recapture import chapman, estimate_unseen, log_linear
from waspglass.census.survival import HalfLife, Interval, estimate, turnbull
from waspglass.report.census_words import CensusWords

RNG = 7


def test_without_intervals_it_is_kaplan_and_meier() -> None:
    """Freireich's 6-MP arm (Freireich et al., Blood 21 (1963) 699-716), the textbook case with censoring."""
    events = {6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1}
    censored = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
    tiny = 0.001
    intervals = [Interval(day - tiny, float(day), number) for day, number in events.items()]
    intervals += [Interval(float(day), None, 1) for day in censored]
    curve = estimate(intervals, np.random.default_rng(RNG), samples=2)
    assert curve is not None
    share = dict(zip(curve.days, curve.share, strict=True))
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    for day, value in published.items():
        assert share[float(day)] == pytest.approx(value, abs=0.002)


def test_turnbull_of_a_case_that_can_be_solved_by_hand() -> None:
    """Two hosts patched in (0,1], one in (0,2], one in (1,2]: p = 2/3, 1/3 solves the likelihood equation."""
    covers = np.array([[True, False], [True, True], [False, True]])
    assert turnbull(covers, np.array([[2.0, 1.0, 1.0]]))[0] == pytest.approx([2 / 3, 1 / 3], abs=1e-5)


def test_half_life_of_an_exponential_world() -> None:
    rng = np.random.default_rng(RNG)
    scans = np.array([0, 1, 4, 7, 10, 12, 16, 20, 24], dtype=float)
    times = rng.exponential(5.0 / math.log(2), 4000)
    intervals: dict[tuple[float, float | None], int] = {}
    for time in times:
        at = int(np.searchsorted(scans, time))
        key = (float(scans[at - 1]), float(scans[at]) if at < len(scans) else None)
        intervals[key] = intervals.get(key, 0) + 1
    curve = estimate([Interval(left, right, n) for (left, right), n in intervals.items()], np.random.default_rng(RNG))
    assert curve is not None
    half = curve.half_life
    assert half.day is not None
    assert half.low is not None
    assert half.high is not None
    assert half.low <= 5.0 <= half.high
    assert half.day == pytest.approx(5.0, abs=0.3)
    assert half.between == (4.0, 7.0)


def test_what_no_scan_saw_is_not_made_precise_by_a_straight_line() -> None:
    """All were patched somewhere in 16 days before the first scan: 8 is only the middle."""
    curve = estimate([Interval(0.0, 16.0, 500)], np.random.default_rng(RNG))
    assert curve is not None
    assert (curve.half_life.low, curve.half_life.high) == (0.0, 16.0)


def test_no_host_no_curve_and_none_patched_no_half_life() -> None:
    assert estimate([], np.random.default_rng(RNG)) is None
    curve = estimate([Interval(10.0, None, 30)], np.random.default_rng(RNG))
    assert curve is not None
    assert curve.half_life == HalfLife(None, None, None, None)
    assert curve.share[-1] == 1.0


def test_a_half_that_is_just_reached_is_reached() -> None:
    curve = estimate([Interval(0.0, 2.0, 30), Interval(9.0, None, 30)], np.random.default_rng(RNG))
    assert curve is not None
    assert (curve.half_life.day, curve.half_life.between) == (2.0, (0.0, 2.0))
    assert (curve.half_life.low, curve.half_life.high) == (0.0, None)


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(1, 6) | st.none(), st.integers(1, 50)).map(
            lambda each: Interval(float(each[0]), None if each[1] is None else float(each[0] + each[1]), each[2])
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([1, 20]),
)
def test_a_curve_falls_and_stays_in_its_band(intervals: list[Interval], samples: int) -> None:
    curve = estimate(intervals, np.random.default_rng(RNG), samples)
    assert curve is not None
    assert curve.share[0] == pytest.approx(1.0)
    assert all(later <= share + 1e-9 for share, later in zip(curve.share, curve.share[1:], strict=False))
    rows = zip(curve.low, curve.share, curve.high, strict=True)
    assert all(0 <= low <= share + 1e-9 and share <= high + 1e-9 <= 1 + 2e-9 for low, share, high in rows)
    assert curve.hosts == sum(each.count for each in intervals)


def test_chapman_by_hand() -> None:
    total, low, high = chapman(200, 100, 50)
    assert total == pytest.approx(201 * 101 / 51 - 1)
    assert high is not None
    assert 250 <= low < total < high


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_chapman_is_never_below_what_was_seen(only_first: int, only_second: int, both: int) -> None:
    total, low, high = chapman(only_first + both, only_second + both, both)
    assert only_first + only_second + both <= low <= total
    assert total <= high if high is not None else both < 30


@given(st.integers(0, 6), st.integers(0, 6), st.integers(1, 8))
def test_the_ends_of_chapmans_interval_by_counting_all_draws(only_first: int, only_second: int, both: int) -> None:
    """Of all ways to draw the second source's hosts, those that share at most so many with the first."""
    first, second = only_first + both, only_second + both

    def at_most(shared: int, size: int) -> float:
        ways = sum(math.comb(first, each) * math.comb(size - first, second - each) for each in range(shared + 1))
        return ways / math.comb(size, second)

    seen = first + second - both
    kept = [size for size in range(seen, 4000) if at_most(both, size) >= 0.025 and at_most(both - 1, size) <= 0.975]
    total, low, high = chapman(first, second, both)
    assert low == min(kept[0], total)
    if high is not None and high < 3999:
        assert high == max(kept[-1], total)


@pytest.mark.parametrize(("size", "chances"), [(200, (0.5, 0.4)), (60, (0.5, 0.4)), (30, (0.5, 0.4)), (30, (0.2, 0.2))])
def test_chapmans_interval_holds_the_truth_in_small_worlds_too(size: int, chances: tuple[float, ...]) -> None:
    """An interval from the variance holds it in 76 % of those worlds of 30 in which any host is shared."""
    found = [estimate_unseen(simulated(size, chances, seed), ("a", "b")) for seed in range(200)]
    told = [each for each in found if each is not None]
    held = sum(each.low <= size and (each.high is None or size <= each.high) for each in told)
    assert held >= 0.94 * len(told)


def test_two_sources_that_see_the_same_hosts_make_it_too_low() -> None:
    """The method cannot know: the text says that it is an assumption, and what follows if it does not hold."""
    rng = np.random.default_rng(RNG)
    first = rng.random(2000) < 0.5
    second = rng.random(2000) < np.where(first, 0.73, 0.4)
    patterns = ((True, False), (False, True), (True, True))
    cells: dict[tuple[bool, ...], int] = {
        (one, other): int(((first == one) & (second == other)).sum()) for one, other in patterns
    }
    found = estimate_unseen(cells, ("a", "b"))
    assert found is not None
    assert found.high is not None
    assert found.high < 2000
    assert "independent" in found.assumptions
    for language, words in (("en", "too low"), ("de", "zu niedrig")):
        assert words in CensusWords(language).text("assumption.independent")


def simulated(size: int, chances: tuple[float, ...], seed: int) -> dict[tuple[bool, ...], int]:
    rng = np.random.default_rng(seed)
    cells: dict[tuple[bool, ...], int] = {}
    for row in rng.random((size, len(chances))) < np.array(chances):
        pattern = tuple(bool(each) for each in row)
        if any(pattern):
            cells[pattern] = cells.get(pattern, 0) + 1
    return cells


@pytest.mark.parametrize("chances", [(0.6, 0.5), (0.6, 0.5, 0.4), (0.5, 0.4, 0.3, 0.3)])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(chances: tuple[float, ...]) -> None:
    held = 0
    sources = tuple("abcd"[: len(chances)])
    for seed in range(60):
        found = estimate_unseen(simulated(2000, chances, seed), sources)
        assert found is not None
        assert found.high is not None
        held += found.low <= 2000 <= found.high
    assert held >= 50


def test_dependent_sources_are_noticed_by_three_and_missed_by_two() -> None:
    rng = np.random.default_rng(RNG)
    easy = rng.random(4000) < 0.5
    first = rng.random(4000) < np.where(easy, 0.8, 0.2)
    second = rng.random(4000) < np.where(easy, 0.8, 0.2)
    third = rng.random(4000) < 0.5
    cells: dict[tuple[bool, ...], int] = {}
    for pattern in zip(first.tolist(), second.tolist(), third.tolist(), strict=True):
        if any(pattern):
            cells[pattern] = cells.get(pattern, 0) + 1
    pairs: dict[tuple[bool, ...], int] = {}
    for (a, b, _), number in cells.items():
        if a or b:
            pairs[a, b] = pairs.get((a, b), 0) + number
    two, three = estimate_unseen(pairs, ("a", "b")), log_linear(cells, ("a", "b", "c"))
    assert two is not None
    assert two.high is not None
    assert two.high < 4000
    assert three.high is not None
    assert three.low <= 4000 <= three.high
    assert ("a", "b") in three.model


def test_sources_that_share_nothing_bound_nothing() -> None:
    assert estimate_unseen({(True, False): 50, (False, True): 60}, ("a", "b")) is None
    assert estimate_unseen({(True,): 50}, ("a",)) is None


@settings(max_examples=60)
@given(st.integers(3, 4).flatmap(lambda size: st.dictionaries(
    st.tuples(*[st.booleans()] * size).filter(any), st.sampled_from([1, 2, 5, 40]), min_size=1, max_size=2**size)
))  # fmt: skip
def test_few_hosts_give_no_absurd_number(cells: dict[tuple[bool, ...], int]) -> None:
    """Sources that share next to nothing: some models have no bound, and came out as 10^28 hosts or a crash."""
    found = estimate_unseen(cells, tuple("abcd"[: len(next(iter(cells)))]))
    if found is not None:
        assert found.seen <= found.low <= found.total <= 1001 * found.seen
        assert found.high is None or found.total <= found.high


def test_sources_of_which_one_shares_nothing() -> None:
    cells: dict[tuple[bool, ...], int] = {
        (True, False, False): 30,
        (False, True, False): 20,
        (False, False, True): 10,
        (True, True, False): 2,
    }
    found = estimate_unseen(cells, ("a", "b", "c"))
    assert found is not None
    assert found.total < 1000


def test_many_sources_are_answered_soon() -> None:
    """All dependences between pairs of seven sources are two million models."""
    cells = simulated(800, (0.2, 0.3, 0.3, 0.4, 0.4, 0.4, 0.5, 0.2), RNG)
    found = log_linear(cells, tuple("abcdefgh"))
    assert found.total == pytest.approx(800, rel=0.03)


def test_a_model_that_says_nobody_is_not_certain_of_it() -> None:
    """No host was seen by the first source alone: the best model has nobody unseen, and its own error means nothing."""
    patterns = [(True, True, True), (True, False, True), (False, True, False), (True, True, False),
                (False, False, True), (False, True, True)]  # fmt: skip
    cells: dict[tuple[bool, ...], int] = dict(zip(patterns, (16, 9, 4, 2, 8, 8), strict=True))
    found = log_linear(cells, ("a", "b", "c"))
    assert found.rivals is not None
    assert found.rivals[0] == found.seen
    assert found.high is not None
    assert found.high > found.seen + 6
