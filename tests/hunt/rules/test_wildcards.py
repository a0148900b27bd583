"""Wildcard patterns: as one regular expression says, without its time."""

from __future__ import annotations

import re
import time

from hypothesis import example, given, settings
from hypothesis import strategies as st

from waspglass.hunt.rules.wildcards import any_pattern_test, fold, pattern_test

PARTS = st.lists(
    st.sampled_from([("any", ""), ("one", ""), ("text", "a"), ("text", "aB"), ("text", "."), ("text", "a b")]),
    max_size=7,
)
VALUES = st.text(st.sampled_from("aAbB.+x\n\u0130"), max_size=10)


@given(st.text(), st.text())
@example("a\u03a3", "b")
@example("\u0130", "\u212a")
def test_case_is_folded_letter_by_letter(one: str, two: str) -> None:
    """Else a part of a value would not be found in the whole: `\u03a3` is written otherwise at the end of a word."""
    assert fold(one + two) == fold(one) + fold(two)
    assert len(fold(one)) == len(one)
    assert [ascii(a) for a in fold(one) if a.isascii()] == [ascii(a.lower()) for a in one if a.isascii()]


def test_greek_words_are_found_whatever_their_case() -> None:
    assert fold("\u039f\u0394\u039f\u03a3") == fold("\u03bf\u03b4\u03bf\u03c2") == fold("\u03bf\u03b4\u03bf\u03c3")


START, END, IN = ((("text", "a"), ("any", "")), (("any", ""), ("text", "a")), (("any", ""), ("text", "a"), ("any", "")))


@settings(max_examples=500)
@example(parts=[("text", "a"), ("one", ""), ("any", ""), ("one", ""), ("text", "a")], value="aba", cased=False)
@given(parts=PARTS, value=VALUES, cased=st.booleans())
def test_a_pattern_means_what_its_regular_expression_means(
    parts: list[tuple[str, str]], value: str, cased: bool
) -> None:
    fit = str if cased else fold
    pieces = {"any": ".*", "one": "."}
    source = "".join(pieces.get(kind) or re.escape(fit(text.replace(" ", "+"))) for kind, text in parts)
    expected = re.fullmatch(source, fit(value), re.DOTALL) is not None
    if [kind for kind, _ in parts] and {kind for kind, _ in parts} == {"any"}:
        expected = value != ""  # Sigma: a lone `*` is any value that is there
    assert pattern_test(tuple(parts), cased, "+")(value) is expected


def test_many_stars_take_no_time() -> None:
    parts = (
        ("any", ""),
        *((kind, text) for _ in range(12) for kind, text in (("text", "a"), ("any", ""))),
        ("text", "b"),
    )
    begun = time.process_time()
    assert not pattern_test(tuple(parts), False, " ")("a" * 200_000)
    assert time.process_time() - begun < 5


@settings(max_examples=500)
@example(options=[START, (("text", "."),)], value="A.", cased=False)
@example(options=[END, (("text", "."),)], value=".A", cased=False)
@example(options=[IN, (("text", "."),)], value=".A.", cased=False)
@given(options=st.lists(PARTS.map(tuple), max_size=5), value=VALUES, cased=st.booleans())
def test_any_of_several_is_one_of_them(options: list[tuple[tuple[str, str], ...]], value: str, cased: bool) -> None:
    expected = any(pattern_test(parts, cased, "+")(value) for parts in options)
    assert any_pattern_test(options, cased, "+")(value) is expected
