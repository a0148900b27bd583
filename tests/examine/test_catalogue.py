"""The assessment's sentences: both languages have the same keys and fields."""

from __future__ import annotations

from waspglass.model.language import load_catalogue


def test_german_and_english_have_the_same_keys_and_fields() -> None:
    english = load_catalogue("waspglass.examine", "examine", "en")
    german = load_catalogue("waspglass.examine", "examine", "de")
    assert english.keys() == german.keys()
    for key in sorted(english.keys()):
        fields = english.fields(key) ^ german.fields(key)
        assert not fields, f"{key}: {sorted(fields)} stand in one language only"
