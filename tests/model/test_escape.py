"""Strings that an attacker chose: all of them come out visible, and none is lost."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.model.escape import bounded, csv_cell, in_unicode, printable, printable_bytes

ANY = st.text(st.characters(exclude_categories=()))
_ESCAPE = re.compile(r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")


def turned_back(shown: str) -> str:
    return _ESCAPE.sub(
        lambda found: chr(int(next(filter(None, found.groups())), 16)) if found.lastindex else "\\", shown
    )


@given(ANY)
def test_what_is_shown_is_one_visible_line_and_can_be_turned_back(text: str) -> None:
    shown = printable(text)
    assert turned_back(shown) == text
    assert not {unicodedata.category(one) for one in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.binary())
def test_bytes_that_are_no_text_are_shown_and_can_be_turned_back(raw: bytes) -> None:
    assert turned_back(printable_bytes(raw)).encode("utf-8", "surrogateescape") == raw


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("C:\\x", "C:\\\\x"),
        ("C:\\ü", "C:\\\\ü"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\r\nb\tc", "a\\x0d\\x0ab\\x09c"),
        ("\x7f\x9b\xff", "\\x7f\\x9bÿ"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u2028\u2029\ufeff", "\\u2028\\u2029\\ufeff"),
        ("\ud800\ue000\uffff", "\\ud800\\ue000\\uffff"),
        ("\U000e0041\U00010000", "\\U000e0041\U00010000"),
        ("naïve 日本", "naïve 日本"),
    ],
)
def test_each_sort_of_hidden_character_has_its_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(ANY)
def test_no_cell_is_a_formula(text: str) -> None:
    cell = csv_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert turned_back(cell.removeprefix("'") if cell != printable(text) else cell) == text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_what_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    assert csv_cell(f"{start}cmd") == f"'{printable(start)}cmd"
    assert csv_cell(f"a{start}cmd") == f"a{printable(start)}cmd"


@given(st.text(max_size=30), st.integers(1, 20))
def test_what_is_cut_is_counted(text: str, limit: int) -> None:
    shown = bounded(text, limit)
    assert shown[:limit] == text[:limit]
    assert shown[limit:] == (f"… [+{len(text) - limit}]" if len(text) > limit else "")


def test_a_path_that_is_no_unicode_can_be_written_to_a_document() -> None:
    assert in_unicode("logs/\udcfc\U0001f41d.log") == "logs/\\udcfc\U0001f41d.log"
