"""Few, tiny, empty programs and programs of several languages: every pair has an answer, and a careful one."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from tests.trace.programs import ORIGINAL, background, source
from waspglass.trace.calibration import load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.commons import load_commons
from waspglass.trace.matrix import PairTable, all_pairs, listed_pairs
from waspglass.trace.program import Program, Source, program_of
from waspglass.trace.verdict import Verdict

Compare = Callable[[list[Program]], PairTable]

FIZZ = """public class Main {
    public static void main(String[] args) {
        java.util.Scanner in = new java.util.Scanner(System.in);
        int n = in.nextInt();
        for (int i = 1; i <= n; i++) {
            if (i % 15 == 0) System.out.println("FizzBuzz");
            else if (i % 3 == 0) System.out.println("Fizz");
            else if (i % 5 == 0) System.out.println("Buzz");
            else System.out.println(i);
        }
    }
}
"""


def listed(programs: list[Program]) -> PairTable:
    """All pairs of some programs, as a list of them."""
    first, second = np.triu_indices(len(programs), 1)
    return listed_pairs(Collection(programs, load_commons()), first, second, load_calibration())


def matrix(programs: list[Program]) -> PairTable:
    """All pairs of some programs, as a folder of them."""
    (table,) = all_pairs(Collection(programs, load_commons()), load_calibration())
    return table


@pytest.mark.parametrize("compare", [listed, matrix])
def test_a_task_that_leaves_no_choice_is_no_accusation_among_programs_of_another_language(compare: Compare) -> None:
    """Three Java programs are three, however many in Python lie beside them."""
    texts = FIZZ, FIZZ.replace("n ", "count "), FIZZ.replace("i % 15 == 0", "i % 3 == 0 && i % 5 == 0")
    same_task = [source(f"{number}.java", text) for number, text in enumerate(texts)]
    table = compare([program_of(one) for one in (*same_task, *background(14))])
    java = (table.first < 3) & (table.second < 3)
    assert java.sum() == 3
    assert min(table.score[java]) > 0.5
    assert set(np.array(table.words())[java]) == {Verdict.CANNOT_TELL}
    assert max(table.llr[java]) <= 1.0


@pytest.mark.parametrize("compare", [listed, matrix])
def test_nothing_is_said_of_what_is_empty_for_or_against(compare: Compare) -> None:
    empty = [source("a.py", ""), source("b.py", "\n  \n"), source("c.py", "# nothing\n")]
    table = compare([program_of(one) for one in (*empty, *background(12))])
    some = (table.first < 3) | (table.second < 3)
    assert max(table.score[some]) < 0.15
    assert table.llr[some].tolist() == [0.0] * int(some.sum())
    assert set(np.array(table.words())[some]) == {Verdict.CANNOT_TELL}


def test_a_translation_shares_nothing_and_that_says_next_to_nothing() -> None:
    table = listed([program_of(one) for one in (source("big.java", FIZZ * 4), *background(12))])
    across = table.first == 0
    assert max(table.score[across]) < 0.1
    assert min(table.llr[across]) >= -1.0


def test_programs_of_other_languages_do_not_make_a_likeness_rare() -> None:
    python = [program_of(one) for one in background(14)]
    java = [program_of(source(f"{i}.java", FIZZ.replace("15", str(i)) * 3)) for i in range(14)]
    alone, beside = listed(python), listed([*python, *java])
    both = (beside.first < 14) & (beside.second < 14)
    assert beside.llr[both].mean() == pytest.approx(alone.llr.mean(), abs=1.5)
    assert beside.llr[both].mean() < listed([*python, *java[:1]]).llr.mean() + 1.5


@pytest.mark.parametrize(
    "raw",
    [
        ORIGINAL.replace("\n", "\r\n").encode(),
        ORIGINAL.replace("\n", "\r").encode(),
        ORIGINAL.encode("utf-8-sig"),
        ORIGINAL.encode("utf-16"),
        ORIGINAL.encode("utf-16-le"),
        ORIGINAL.encode("utf-32"),
        ORIGINAL.replace("\n", "  \n").encode(),
        ORIGINAL.replace("    ", "\u00a0   ").encode(),
        ORIGINAL.replace("    ", "\u00a0   ").encode("latin-1"),
    ],
)
def test_how_a_text_was_stored_changes_nothing(raw: bytes) -> None:
    programs = [program_of(one) for one in (source("a.py", ORIGINAL), Source("b.py", raw), *background(12))]
    table = listed(programs)
    assert (table.first[0], table.second[0]) == (0, 1)
    assert table.score[0] == pytest.approx(1.0, abs=1e-4)
    assert table.words()[0] is Verdict.DERIVED


@pytest.mark.parametrize("count", [2, 3, 5, 9, 10])
def test_few_programs_have_scores_ratios_and_answers_in_any_order(count: int) -> None:
    programs = [program_of(one) for one in (source("a.py", ORIGINAL), *background(9))][:count]
    there, back = listed(programs), listed(programs[::-1])
    pairs = list(itertools.combinations(range(count), 2))
    turned = [pairs.index((count - 1 - b, count - 1 - a)) for a, b in pairs]
    assert np.isfinite(there.score).all()
    assert np.isfinite(there.llr).all()
    assert there.score.tolist() == pytest.approx(back.score[turned].tolist(), abs=1e-6)
    assert there.llr.tolist() == pytest.approx(back.llr[turned].tolist(), abs=1e-4)
