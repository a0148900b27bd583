"""Literals that a regular expression demands: every text that it matches has them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waspglass.hunt.rules.condition import And, Condition, Match, Or
from waspglass.hunt.rules.regex_literals import literals_of


def demanded(condition: Condition | None) -> object:
    """`["ab", {"c", "d"}]` for what contains `ab` and one of `c` and `d`."""
    match condition:
        case Match(parts=parts):
            return parts[1][1]
        case And(of):
            return [demanded(part) for part in of]
        case Or(of):
            return tuple(demanded(part) for part in of)
    return None


def has(condition: Condition, text: str) -> bool:
    match condition:
        case Match(parts=parts):
            return parts[1][1].lower() in text.lower()
        case And(of):
            return all(has(part, text) for part in of)
        case Or(of):
            return any(has(part, text) for part in of)
    raise AssertionError(condition)


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        ("abc", ["abc"]),
        ("^abc$", ["abc"]),
        (r"a\bb", ["ab"]),
        ("a.c", ["a", "c"]),
        ("ab*c", ["a", "c"]),
        ("ab+c", ["a", ["b"], "c"]),
        ("a(?:bc){2,3}d", ["a", ["bc"], "d"]),
        ("a(?:bc){0,3}d", ["a", "d"]),
        ("ab?", ["a"]),
        ("a(bc)d", ["abcd"]),
        ("a(b(c)d)+?e", ["a", ["bcd"], "e"]),
        ("ab|cd", [(["ab"], ["cd"])]),
        ("x(?:ab|cd)y", ["x", (["ab"], ["cd"]), "y"]),
        ("x(?:ab|[0-9])y", ["x", "y"]),
        ("x(?:ab|)y", ["x", "y"]),
        ("[ab]", None),
        ("a*", None),
        ("", None),
        ("(?=abc)x", ["x"]),
        ("(?!abc)x", ["x"]),
        ("(?<!abc)x", ["x"]),
        (r"(a)\1b", ["a", "b"]),
        ("(", None),
    ],
)
def test_what_is_demanded(regex: str, expected: object) -> None:
    assert demanded(literals_of("f", regex, "")) == expected


@pytest.mark.parametrize("deep", ["(" * 40 + "ab" + ")" * 40, "(?:" * 40 + "ab" + ")+" * 40])
def test_what_lies_too_deep_is_not_demanded_and_what_stands_beside_it_is(deep: str) -> None:
    found = literals_of("f", f"x{deep}y", "")
    assert found is not None
    assert has(found, "xaby")
    assert not has(found, "xab")


ATOMS = st.sampled_from(["a", "b", "ab", "B", ".", "[ab]", "[^a]", r"\w", r"\d", "^", "$", r"\b"])


def _more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,2}?"])).map(
            lambda one: f"({one[0]}){one[1]}"
        ),
        inner.map(lambda one: f"(?={one})"),
    )


REGEXES = st.recursive(ATOMS, _more, max_leaves=8)


@settings(max_examples=150)
@given(REGEXES, st.text(st.sampled_from("abAB1 "), max_size=8), st.sampled_from(["", "i"]))
def test_whatever_matches_has_what_is_demanded(regex: str, text: str, flags: str) -> None:
    condition = literals_of("f", regex, flags)
    if condition is not None and re.search(regex, text, re.IGNORECASE if flags else 0):
        assert has(condition, text)
