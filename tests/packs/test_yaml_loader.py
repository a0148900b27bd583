from __future__ import annotations

from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from waspglass.packs import yaml_loader
from waspglass.packs.sigma_documents import sigma_texts
from waspglass.packs.yaml_loader import BoundedLoader

LEVELS = 50_000
DEEP = {
    "mappings": "{a: " * LEVELS,
    "sequences": "[" * LEVELS,
    "compact": "- " * LEVELS,
    "keys": "? " * LEVELS,
    "lines": "\n".join(f"{' ' * level}a:" for level in range(2000)),
    "two at a place": "\n".join(f"{' ' * place}a:\n{' ' * place}-" for place in range(60)),
    "later": "a: 1\nb: " + "[" * LEVELS,
    "second": "a: 1\n---\n" + "[" * LEVELS,
    "byte order": "\ufeff" + "- " * LEVELS,
    "end of a line": "#\r" + "- " * LEVELS,
    "end of a line in Unicode": "#\u2028" + "? " * LEVELS,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_what_is_nested_too_deeply_is_refused_before_it_ends_the_process(text: str) -> None:
    with pytest.raises(yaml.YAMLError, match="nested deeper than 100 levels"):
        yaml.load(text, Loader=BoundedLoader)


def test_a_rule_file_says_where_it_nests_too_deeply() -> None:
    (fault,) = sigma_texts("title: a\ndetection:\n  s: " + "{a: " * LEVELS)
    assert fault.content == "not YAML: line 3: nested deeper than 100 levels"
    assert fault.line == 3


@given(st.lists(st.sampled_from(["{a: ", "[", "- ", "? ", "a:\n", "- a:\n"]), min_size=20, max_size=120), st.data())
def test_what_need_not_be_looked_at_is_not_deep(opened: list[str], data: st.DataObject) -> None:
    text, indent = "", 0
    for mark in opened:
        text += " " * indent * text.endswith("\n") + mark
        indent += mark.endswith("\n") * data.draw(st.integers(0, 2))
    if not yaml_loader._may_be_deep(text):
        with suppress(yaml.parser.ParserError, yaml.scanner.ScannerError):
            yaml_loader._refuse_deep(text)


def test_only_the_depth_counts_not_the_brackets() -> None:
    many = "[" + "[1], " * 500 + "{a: 1}]"
    assert yaml.load(many, Loader=BoundedLoader) == [[1]] * 500 + [{"a": 1}]
