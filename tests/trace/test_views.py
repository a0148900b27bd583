from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.trace.programs import ORIGINAL, renamed, reordered, source
from waspglass.trace.hashing import mix, window_hashes
from waspglass.trace.program import Program, program_of
from waspglass.trace.syntax import PLAIN, WORD
from waspglass.trace.views import Tokens, flow_windows

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def naive_windows(values: list[int], width: int) -> list[int]:
    found = []
    for start in range(len(values) - width + 1):
        total = 0
        for value in values[start : start + width]:
            total = (total * GOLDEN + int(mix(np.array([value], dtype=np.uint64))[0])) & MASK
        found.append(int(mix(np.array([total], dtype=np.uint64))[0]))
    return found


@given(st.lists(st.integers(0, MASK), max_size=40), st.integers(1, 25))
def test_windows_by_doubling_equal_windows_one_by_one(values: list[int], width: int) -> None:
    assert window_hashes(np.array(values, dtype=np.uint64), width).tolist() == naive_windows(values, width)


@given(st.lists(st.integers(0, 6), min_size=12, max_size=60), st.permutations(range(7)))
def test_flow_is_blind_to_a_renaming(names: list[int], renaming: list[int]) -> None:
    def tokens(words: list[int]) -> Tokens:
        count = len(words)
        places = np.arange(count, dtype=np.int32)
        role = np.where(np.array(words) < 5, WORD, PLAIN).astype(np.uint8)
        text = np.array(words, dtype=np.uint64) + np.uint64(100)
        shape = np.where(role == WORD, np.uint64(1), np.uint64(2))
        return Tokens(text, shape, role, places, places + 1)

    assert len(set(renaming)) == 7
    mapping = dict(zip(range(5), [n for n in renaming if n < 5], strict=True)) | {5: 5, 6: 6}
    with np.errstate(over="ignore"):
        first = flow_windows(tokens(names), 10)
        second = flow_windows(tokens([mapping[name] for name in names]), 10)
    assert first.tolist() == second.tolist()


def test_flow_sees_which_names_are_the_same() -> None:
    def program(text: str) -> Program:
        return program_of(source("a.py", text))

    one = program("a = b + c * a - b\nd = a\ne = b\n")
    other = program("a = b + c * b - a\nd = a\ne = b\n")
    assert one.views["shape"].tolist() == other.views["shape"].tolist()
    assert one.views["flow"].tolist() != other.views["flow"].tolist()


def test_subtrees_do_not_mind_order_and_names() -> None:
    original = set(program_of(source("a.py", ORIGINAL)).views["tree"].tolist())
    disguised = set(program_of(source("b.py", reordered(renamed(ORIGINAL)))).views["tree"].tolist())
    assert original == disguised


def test_comments_and_white_space_change_nothing() -> None:
    bare = "x = f(1, 22)\nif x:\n    y = x + 1\n"
    dressed = "# a word\nx  =  f( 1,22 ) # more\n\n\nif x:\n        y = x+1  # end\n"
    one, other = program_of(source("a.py", bare)), program_of(source("b.py", dressed))
    for view, features in one.views.items():
        assert features.tolist() == other.views[view].tolist(), view
