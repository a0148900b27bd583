from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trace.programs import ORIGINAL, background, renamed, source, unlike
from waspglass.trace.calibration import load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.commons import load_commons
from waspglass.trace.links import (
    FULL_CHAIN,
    LEAST_CHAIN,
    NEIGHBOURS,
    SHARE,
    STEADYING,
    Links,
    best_chain,
    chained,
    links_of,
    with_third,
)
from waspglass.trace.matrix import all_pairs, likenesses, listed_pairs
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


def naive_share(scores: npt.NDArray[np.float32]) -> float:
    """How usual chains are, one program after another."""
    found = []
    for one, row in enumerate(scores):
        nearest = max(range(len(row)), key=lambda other: (row[other], -other))
        if row[nearest] >= np.float32(FULL_CHAIN):
            found.append(float(chained(np.array([naive(scores, one, nearest)], dtype=np.float32))[0]))
    return sum(found) / (len(found) + STEADYING)


def all_links(scores: npt.NDArray[np.float32]) -> Links:
    first, second = np.triu_indices(len(scores), 1)
    return links_of(len(scores), [(first, second, scores[first, second])])


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 14), st.data())
def test_how_usual_chains_are_equals_the_count_one_by_one(count: int, data: st.DataObject) -> None:
    size = count * (count - 1) // 2
    first, second = np.triu_indices(count, 1)
    # No two alike: which of two equally near ones is the nearest would be another question.
    drawn = data.draw(st.lists(st.integers(0, 1000), min_size=size, max_size=size, unique=True))
    scores = np.zeros((count, count), dtype=np.float32)
    scores[first, second] = scores[second, first] = np.array(drawn, dtype=np.float32) / 1000
    links = all_links(scores)
    assert links.chain_share() == pytest.approx(naive_share(scores), abs=1e-6)
    assert 0.0 <= links.chain_share() < 1.0


@pytest.mark.parametrize(("copies", "least", "most"), [(1, 0.0, 0.0), (2, 0.9, 1.0), (5, 0.9, 1.0)])
def test_chains_are_usual_where_originals_have_several_copies_and_not_where_they_have_one(
    copies: int, least: float, most: float
) -> None:
    scores = np.kron(np.eye(30), np.ones((copies + 1, copies + 1))).astype(np.float32)
    np.fill_diagonal(scores, 0.0)
    assert least <= all_links(scores).chain_share() <= most


def test_many_copies_of_one_program_do_not_make_chains_usual() -> None:
    scores = np.kron(np.eye(30), np.ones((2, 2))).astype(np.float32)
    scores[:10, :10] = 1.0
    np.fill_diagonal(scores, 0.0)
    assert all_links(scores).chain_share() == pytest.approx(10 / (60 + STEADYING))


def test_without_links_nothing_changes() -> None:
    links = links_of(3, ())
    chain = best_chain(links, np.array([0]), np.array([1]))
    assert with_third(chain, np.array([0.3], dtype=np.float32)).tolist() == pytest.approx([0.3])
    assert chained(chain).tolist() == [0.0]
    assert links.chain_share() == 0.0


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


def collection_of(copies: int, others: int = 12) -> Collection:
    """Copies of one program that differ in their ends, and programs that are independent."""
    texts = [source(f"{i}.py", ORIGINAL + unlike(i)) for i in range(copies)]
    rest = [source(f"{i}.py", unlike(i)) for i in range(copies, copies + others)]
    return Collection([program_of(text) for text in (*texts, *rest)], load_commons())


def test_where_no_pair_has_a_chain_the_ratio_is_that_of_direct_scores() -> None:
    collection, calibration = collection_of(2), load_calibration()
    first, second = np.triu_indices(len(collection), 1)
    found = likenesses(collection, first, second, calibration)
    assert found.chain_share == 0.0
    direct = calibration.llr(found.direct, found.baseline, found.tokens, len(collection))
    assert listed_pairs(collection, first, second, calibration).llr == pytest.approx(direct)


def test_the_more_usual_chains_are_the_more_the_ratio_that_sees_them_counts() -> None:
    calibration = load_calibration()
    shares = []
    for copies in (3, 12):
        collection = collection_of(copies)
        first, second = np.triu_indices(len(collection), 1)
        found = likenesses(collection, first, second, calibration)
        rest = (found.baseline, found.tokens, len(collection))
        direct = calibration.llr(found.direct, *rest)
        linked = calibration.llr(found.linked, *rest, chained=found.chained)
        llr = listed_pairs(collection, first, second, calibration).llr
        assert llr == pytest.approx(found.chain_share * linked + (1 - found.chain_share) * direct)
        shares.append(found.chain_share)
    assert 0.0 < shares[0] < shares[1] < 1.0


def test_how_usual_chains_are_does_not_depend_on_the_pairs_that_were_asked_for() -> None:
    collection, calibration = collection_of(6), load_calibration()
    every = likenesses(collection, *np.triu_indices(len(collection), 1), calibration)
    one = likenesses(collection, np.array([10]), np.array([11]), calibration)
    assert one.chain_share == every.chain_share > 0.0


def test_a_folder_weighs_chains_as_a_list_of_all_its_pairs_does() -> None:
    collection, calibration = collection_of(6), load_calibration()
    (table,) = all_pairs(collection, calibration)
    listed = listed_pairs(collection, table.first, table.second, calibration)
    alike = table.score > 0.3
    assert table.llr[alike] == pytest.approx(listed.llr[alike])


def test_a_copy_between_brings_two_rewritings_together() -> None:
    rewritten, more = renamed(ORIGINAL), background(21)[-1].raw.decode()
    texts = [source("a.py", rewritten), source("b.py", ORIGINAL + more), source("c.py", ORIGINAL)]
    programs = [program_of(text) for text in (*texts, *background(20))]
    collection = Collection(programs, load_commons())
    first, second = np.array([0, 0]), np.array([1, 2])
    direct = collection.score_all()[first, second]
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
    assert listed.score.tolist() == pytest.approx(collection.score_all()[first, second].tolist(), abs=1e-6)
