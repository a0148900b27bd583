"""The assessment's sentences: both languages have the same keys and fields."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from waspglass.model.language import load_catalogue


def test_german_and_english_have_the_same_keys_and_fields() -> None:
    english = load_catalogue("waspglass.examine", "examine", "en")
    german = load_catalogue("waspglass.examine", "examine", "de")
    assert english.keys() == german.keys()
    for key in sorted(english.keys()):
        fields = english.fields(key) ^ german.fields(key)
        assert not fields, f"{key}: {sorted(fields)} stand in one language only"


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_sentence_names_a_product(language: str) -> None:
    """What belongs to a product stands in the pack."""
    source = files("waspglass.examine").joinpath(f"lang/examine.{language}.toml").read_text(encoding="utf-8").lower()
    assert not [name for name in ("exchange", "sharepoint", "iis", "owa") if re.search(rf"\b{name}", source)]
