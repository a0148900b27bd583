from __future__ import annotations

import numpy as np

from tests.trace.programs import INDEPENDENT, ORIGINAL, background, renamed, source
from waspglass.trace.calibration import load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.commons import Commons, load_commons
from waspglass.trace.matrix import listed_pairs
from waspglass.trace.part_fragments import ENOUGH_WINDOWS, WINDOW_VIEWS, fragment_llr, windows_of_their_own
from waspglass.trace.part_table import LIFTED_FROM, LIFTED_TO, lifted_by_parts
from waspglass.trace.parts import program_with_parts
from waspglass.trace.program import Program

LINES = ORIGINAL.split("\n")
MIDDLE = "\n".join(LINES[len(LINES) // 4 : 3 * len(LINES) // 4])
"""Begins and ends inside functions."""


def program(name: str, text: str) -> Program:
    return program_with_parts(source(name, text))


def with_fragment(fragment: str) -> Program:
    first, *rest = (text.replace("main()", "") for text in INDEPENDENT)
    return program("found.py", "\n\n\n".join([first, fragment, *rest]))


def naive(programs: list[Program], a: int, b: int, commons: Commons) -> int:
    """One window after the other."""
    count = 0
    for view in WINDOW_VIEWS:
        for window in set(programs[a].views[view].tolist()) & set(programs[b].views[view].tolist()):
            holders = sum(window in one.views[view].tolist() for one in programs)
            count += holders <= 3 and commons.share(np.array([window], dtype=np.uint32))[0] == 0
    return count


def test_windows_are_counted_as_one_after_the_other() -> None:
    commons = load_commons()
    programs = [with_fragment(MIDDLE), program("shared.py", ORIGINAL), *map(program_with_parts, background(6))]
    first, second = np.triu_indices(len(programs), 1)
    found = windows_of_their_own(programs, first, second, commons)
    assert found.tolist() == [
        naive(programs, a, b, commons) for a, b in zip(first.tolist(), second.tolist(), strict=True)
    ]


def test_a_fragment_that_is_no_function_lifts_its_pair_above_all_others() -> None:
    for fragment in (MIDDLE, renamed(MIDDLE)):
        programs = [with_fragment(fragment), program("shared.py", ORIGINAL), *map(program_with_parts, background(20))]
        others = np.arange(2, len(programs))
        first, second = np.r_[0, np.ones_like(others)], np.r_[1, others]
        low = np.full(len(first), LIFTED_FROM / 2)
        lifted, most = lifted_by_parts(programs, first, second, low, load_commons(), load_calibration())
        assert 0.2 < lifted[0] <= LIFTED_TO
        assert lifted[0] > lifted[1:].max()
        assert 0 < most[0] < load_calibration().derived_at


def test_what_four_programs_have_is_nobodys_own() -> None:
    three = [program(f"{number}.py", ORIGINAL) for number in range(3)]
    pair = np.array([0]), np.array([1])
    assert windows_of_their_own(three, *pair, None)[0] > ENOUGH_WINDOWS
    assert windows_of_their_own([*three, program("4.py", ORIGINAL)], *pair, None)[0] == 0


def test_more_windows_never_say_less_and_few_say_nothing_for_derivation() -> None:
    windows = np.array([0.0, 1.0, ENOUGH_WINDOWS - 1, ENOUGH_WINDOWS, 500.0])
    said = fragment_llr(windows, np.full(5, 300.0))
    assert np.all(np.diff(said) >= 0)
    assert said[2] < 0 <= said[3]


def test_the_longer_two_programs_are_the_more_windows_it_takes() -> None:
    tokens = np.array([10.0, 400.0, 5000.0, 50_000.0])
    said = fragment_llr(np.full(4, 200.0), tokens)
    assert said[0] == said[1] > 0 > said[2] > said[3]


def test_a_list_of_pairs_that_are_all_alike_has_no_fragments_to_look_for() -> None:
    """One copied pair and nothing else: that list ended in a crash."""
    programs = [program_with_parts(source(name, ORIGINAL)) for name in ("a.py", "b.py")]
    found = listed_pairs(Collection(programs), np.array([0]), np.array([1]), load_calibration())
    assert found.score[0] > LIFTED_TO
