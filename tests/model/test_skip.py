from __future__ import annotations

import string

import pytest

from waspglass.model.language import LANGUAGES, load_catalogue
from waspglass.model.skip import SkipReason, detail_words, skip_words

OTHERS = [language for language in LANGUAGES if language != "en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_words_and_no_words_are_left_over(language: str) -> None:
    said = [skip_words(reason, language) for reason in SkipReason]
    assert len(set(said)) == len(load_catalogue("waspglass.model", "skip", language).keys())


@pytest.mark.parametrize("language", OTHERS)
def test_every_detail_is_said_with_the_fields_that_it_has(language: str) -> None:
    catalogue = load_catalogue("waspglass.model", "detail", language)
    for sentence in catalogue.keys():  # noqa: SIM118 - a catalogue is no mapping
        fields = [name for _, name, _, _ in string.Formatter().parse(sentence) if name]
        assert catalogue.fields(sentence) == set(fields), sentence
        values = {name: f"<{name}>" for name in fields}
        filled = sentence.format(**values)
        assert detail_words(filled, language) == catalogue.text(sentence, **values), sentence
        assert detail_words(filled, "en") == filled


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("it cannot be read (Permission denied)", "nicht lesbar (Zugriff verweigert)"),
        ("it cannot be read (Something new)", "nicht lesbar (Something new)"),
        (
            "some of its lines could not be read, or not whole (bad time: 2, cut line: 1)",
            "einige Zeilen waren nicht oder nicht ganz lesbar (Zeit nicht lesbar: 2, letzte Zeile abgeschnitten: 1)",
        ),
        ("more than 9 keys are in it; the others were read", "mehr als 9 Schlüssel; die übrigen wurden gelesen"),
        ("My rule: no rung", "My rule: keine Stufe"),
        ("the id deleted is taken by another rule", "die Kennung deleted hat schon eine andere Regel"),
        ("from empty on", "ab empty"),
        ("what a library says", "what a library says"),
        ("", ""),
    ],
)
def test_a_detail_is_said_in_german_field_by_field(detail: str, said: str) -> None:
    assert detail_words(detail, "de") == said


@pytest.mark.parametrize("part", [": ", ", ", "; ", "{fault}", "it cannot be read (", "line 1: ", "such as, ", "x"])
def test_a_name_that_looks_like_sentences_in_sentences_ends(part: str) -> None:
    assert "marker" in detail_words(part * 400 + "marker", "de")
