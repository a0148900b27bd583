from __future__ import annotations

import pytest

from waspglass.model.language import LANGUAGES, load_catalogue
from waspglass.model.skip import SkipReason, skip_words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_words_and_no_words_are_left_over(language: str) -> None:
    said = [skip_words(reason, language) for reason in SkipReason]
    assert len(set(said)) == len(load_catalogue("waspglass.model", "skip", language).keys())
