from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trace.programs import ORIGINAL, background, renamed, source
from waspglass.trace.calibration import load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.commons import load_commons
from waspglass.trace.links import LEAST_CHAIN, NEIGHBOURS, SHARE, best_chain, chained, links_of, with_third
from waspglass.trace.matrix import likenesses, listed_pairs
from waspglass.trace.program import program_of


def naive(scores: npt.NDArray[np.float32], a: int, b: int) -> float:
    """The weaker link of the best chain through the nearest neighbours of either, one third program after another."""

    def strength(x: int, y: int) -> float:
        return float(scores[x, y]) if x != y and scores[x, y] >= np.float32(LEAST_CHAIN) else 0.0

    best = 0.0
    for one, other in ((a, b), (b, a)):
        near = sorted(range(len(scores)), key=lambda third: (-strength(one, third), third))[:NEIGHBOURS]
        best = max(best, *(min(strength(one, third), strength(third, other)) for third in near))
    return best


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 14), st.data())
def test_chains_equal_the_search_one_by_one(count: int, data: st.DataObject) -> None:
    size = count * (count - 1) // 2
    first, second = np.triu_indices(count, 1)
    drawn = data.draw(st.lists(st.integers(0, 50), min_size=size, max_size=size))
    score = (np.array(drawn) / 50).astype(np.float32)
    scores = np.zeros((count, count), dtype=np.float32)
    scores[first, second] = scores[second, first] = score
    half = size // 2
    links = links_of(count, [(first[:half], second[:half], score[:half]), (first[half:], second[half:], score[half:])])
    chain = best_chain(links, first, second)
    best = [naive(scores, a, b) for a, b in zip(first.tolist(), second.tolist(), strict=True)]
    assert chain.tolist() == pytest.approx(best, abs=1e-6)
    more = SHARE * np.maximum(0.0, np.minimum(best, np.sqrt(score)) - np.maximum(score, LEAST_CHAIN))
    raised = with_third(chain, score)
    assert raised.tolist() == pytest.approx(((score + more) / (1 + more)).tolist(), abs=1e-5)
    assert np.all(raised >= score - 1e-6)
    assert np.all(raised <= 1)


def test_without_links_nothing_changes() -> None:
    links = links_of(3, ())
    chain = best_chain(links, np.array([0]), np.array([1]))
    assert with_third(chain, np.array([0.3], dtype=np.float32)).tolist() == pytest.approx([0.3])
    assert chained(chain).tolist() == [0.0]


def test_a_chain_that_is_no_stronger_than_the_direct_likeness_says_nothing() -> None:
    score = np.array([0.5, 0.5, 0.05, 0.1, 0.1], dtype=np.float32)
    chain = np.array([0.5, 0.4, 0.1, 0.2, 0.6], dtype=np.float32)
    raised = with_third(chain, score)
    assert raised[:3].tolist() == pytest.approx(score[:3].tolist())
    assert score[3] < raised[3] < raised[4] < chain[4]


def test_a_chain_counts_up_to_what_two_independent_changes_of_the_third_would_leave_in_common() -> None:
    score = np.array([0.02, 0.04, 0.04, 0.36], dtype=np.float32)
    chain = np.array([0.4, 0.4, 0.2, 0.5], dtype=np.float32)
    at_root = with_third(np.array([0.1414, 0.2], dtype=np.float32), score[:2])
    raised = with_third(chain, score)
    assert raised[:3].tolist() == pytest.approx([*at_root.tolist(), at_root[1]], abs=1e-4)
    assert raised[3] == pytest.approx((0.36 + 0.07) / 1.07)


def test_a_program_put_together_from_two_others_brings_these_no_nearer() -> None:
    one, other, *more = background(22)
    texts = [one, other, source("both.py", one.raw.decode() + other.raw.decode()), *more]
    collection = Collection([program_of(text) for text in texts], load_commons())
    first, second = np.array([0, 0, 1]), np.array([1, 2, 2])
    found = likenesses(collection, first, second, load_calibration())
    assert min(found.direct[1:]) > 0.4
    assert found.linked[0] < found.direct[0] + 0.02


def test_chains_count_in_the_ratio_from_the_least_on_and_more_the_stronger_they_are() -> None:
    share = chained(np.array([0.0, 0.1, 0.15, 0.2, 0.25, 1.0], dtype=np.float32))
    assert share[[0, 1, 4, 5]].tolist() == pytest.approx([0, 0, 1, 1], abs=1e-6)
    assert 0.0 < share[2] < share[3] < 1.0
    with_and_without = np.array([0.0, 1.0])
    ratios = load_calibration().llr(np.full(2, 0.3), np.full(2, 0.05), np.full(2, 500.0), 100, chained=with_and_without)
    assert ratios[0] < ratios[1]


def test_a_copy_between_brings_two_rewritings_together() -> None:
    rewritten, more = renamed(ORIGINAL), background(21)[-1].raw.decode()
    texts = [source("a.py", rewritten), source("b.py", ORIGINAL + more), source("c.py", ORIGINAL)]
    programs = [program_of(text) for text in (*texts, *background(20))]
    collection = Collection(programs, load_commons())
    first, second = np.array([0, 0]), np.array([1, 2])
    direct = collection.score_pairs(first, second).score
    all_first, all_second = np.triu_indices(len(programs), 1)
    links = links_of(len(programs), [(all_first, all_second, collection.score_all()[all_first, all_second])])
    raised = with_third(best_chain(links, first, second), direct)
    assert raised[0] > direct[0] + 0.01
    found = likenesses(collection, first, second, load_calibration())
    assert found.linked.tolist() == pytest.approx(raised.tolist(), abs=1e-6)


def test_few_programs_are_compared_directly_only() -> None:
    programs = [
        program_of(text) for text in (source("a.py", ORIGINAL), source("b.py", renamed(ORIGINAL)), *background(3))
    ]
    collection = Collection(programs, load_commons())
    first, second = np.array([0]), np.array([1])
    listed = listed_pairs(collection, first, second, load_calibration())
    assert listed.score.tolist() == pytest.approx(collection.score_pairs(first, second).score.tolist(), abs=1e-6)
