from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.build import finding
from tests.report.hostile import hidden_characters
from waspglass.model.escape import printable
from waspglass.report.visible import cell, excerpt, place, prose, visible


@given(st.text(st.characters()))
def test_nothing_hidden_remains_and_a_second_pass_changes_nothing(text: str) -> None:
    once = visible(text)
    assert not hidden_characters(once, allowed="")
    assert visible(once) == once


@given(st.text())
def test_what_the_model_escaped_stays_as_it_is(text: str) -> None:
    assert visible(printable(text)) == printable(text)


def test_a_lone_surrogate_is_shown() -> None:
    assert visible("a\udc80b") == "a\\udc80b"


def test_prose_is_one_line() -> None:
    assert prose(" two\n lines\x1b ") == "two lines\\x1b"


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@SUM", "\t=1", "＝1"])
def test_a_formula_gets_a_quote(text: str) -> None:
    assert cell(text).startswith("'")


@pytest.mark.parametrize("text", ["", "plain", "a=b", "'=1", "\\\\server"])
def test_other_cells_stay(text: str) -> None:
    assert cell(text) == text


def test_what_was_cut_is_said() -> None:
    assert excerpt("abcdef", 4) == "abcd… [+2]"


def test_a_long_place_keeps_its_file_and_line() -> None:
    shown = place(finding(1, source="C/" + "x" * 900 + "/u_ex210303.log", line=7), 100)
    assert shown.endswith("xx/u_ex210303.log:7")
    assert len(shown) == 103


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"line": 7}, "a.log:7"),
        ({"line": None, "record": 12}, "a.log#12"),
        ({"line": None, "offset": 255}, "a.log@0xff"),
        ({"line": None}, "a.log"),
        ({"line": None, "offset": 0}, "a.log"),
        ({"line": 0}, "a.log:0"),
    ],
)
def test_a_place_is_written_as_editors_do(values: dict[str, object], shown: str) -> None:
    assert place(finding(1, source="a.log", **values)) == shown
