"""The assessment's sentences: both languages have the same keys and fields."""

from __future__ import annotations

import pytest

from waspglass.model.language import load_catalogue
from waspglass.model.skip import SkipReason


def test_german_and_english_have_the_same_keys_and_fields() -> None:
    english = load_catalogue("waspglass.examine", "examine", "en")
    german = load_catalogue("waspglass.examine", "examine", "de")
    assert english.keys() == german.keys()
    for key in sorted(english.keys()):
        fields = english.fields(key) ^ german.fields(key)
        assert not fields, f"{key}: {sorted(fields)} stand in one language only"


@pytest.mark.parametrize("reason", SkipReason)
def test_each_reason_of_a_skip_has_words(reason: SkipReason) -> None:
    catalogue = load_catalogue("waspglass.examine", "examine", "de")
    assert catalogue.text(f"reason.{reason.value.replace(' ', '_')}")
