"""Expressions without the interpreter's parser: nothing rests on it but time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.hunt.evidence import both, iis, places, row, rules_of, sigma
from waspglass.hunt.rules import regex_tree, searching
from waspglass.hunt.rules.regex_literals import literals_of


@pytest.fixture
def without_parser(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(regex_tree, "_PARSER", None)
    searching._linear.cache_clear()
    yield
    searching._linear.cache_clear()


def test_the_modules_that_read_expressions_warn_of_nothing() -> None:
    code = "import waspglass.hunt.rules.regex_literals, waspglass.hunt.rules.re2_syntax"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_this_interpreter_gives_trees() -> None:
    assert searching.is_linear("/ecp/[a-z]+\\.js")
    assert literals_of("f", "/ecp/[a-z]+", "") is not None


@pytest.mark.usefixtures("without_parser")
def test_without_a_parser_the_same_is_found() -> None:
    assert not searching.is_linear("/ecp/[a-z]+\\.js")
    assert literals_of("f", "/ecp/[a-z]+", "") is None
    rules = rules_of(sigma("sel:\n  cs-uri-stem|re: '/ecp/[a-z]+\\.js$'\ncondition: sel"))
    found = both([iis(row("/ecp/y.js"), row("/ecp/1.js"), row("/owa/y.js"))], rules)
    assert places(found) == [("t", 2)]
