from __future__ import annotations

import pytest

from tests.report.build import minimal
from waspglass.model.assessment import Lid, LidState, Limit, Verdict
from waspglass.model.facts import Certainty
from waspglass.model.finding import Effect, Rung
from waspglass.model.language import LANGUAGES, load_catalogue
from waspglass.report.phrases import Phrases


def test_the_languages_have_the_same_keys_and_fields() -> None:
    english, german = (load_catalogue("waspglass.report", "report", language) for language in ("en", "de"))
    assert english.keys() == german.keys()
    for key in sorted(english.keys()):
        assert english.fields(key) == german.fields(key), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_member_of_a_closed_list_has_a_word(language: str) -> None:
    phrases = Phrases(language)
    groups = {"lid": LidState, "rung": Rung, "rung_meaning": Rung, "effect": Effect}
    for group, members in {**groups, "certainty": Certainty}.items():
        assert all(phrases.word(group, member) for member in members)
    for state in LidState:
        assert all(phrases.word(f"headline.{state.replace(' ', '-')}", verdict) for verdict in Verdict)
        assert phrases.text(f"headline.{state.replace(' ', '-')}.attempted-open")


def test_the_headline_of_an_attempt_says_whether_success_can_be_ruled_out() -> None:
    lid = Lid(state=LidState.PATCHED, reason="The build has the fix.")
    hours = Limit(id="missing-hours", text="Hours are missing.", decisive=True)
    small = Limit(id="absent-iis", text="No IIS logs.")
    headline = Phrases("en").headline
    assert headline(minimal(Verdict.ATTEMPTED, lid=lid, limits=(small,))) == "Patched; attacked, no success seen"
    open_headline = headline(minimal(Verdict.ATTEMPTED, lid=lid, limits=(hours,)))
    assert open_headline == "Patched; attacked, success cannot be ruled out"


def test_the_headline_does_not_accuse_where_only_pages_answered() -> None:
    limit = Limit(id="answers-only", text="Pages answered.", decisive=True)
    headline = Phrases("en").headline(minimal(Verdict.OCCUPIED, limits=(limit,)))
    assert headline == "Occupied; patch state unknown (unless the pages are your own)"


@pytest.mark.parametrize(
    ("size", "english", "german"), [(0, "0 B", "0 B"), (999, "999 B", "999 B"), (1500, "1.5 kB", "1,5 kB"),
                                    (420_000_000, "420 MB", "420 MB"), (3 * 10**15, "3000 TB", "3000 TB")],
)  # fmt: skip
def test_sizes_are_decimal(size: int, english: str, german: str) -> None:
    assert Phrases("en").size(size) == english
    assert Phrases("de").size(size) == german


@pytest.mark.parametrize(("hours", "shown"), [(0.2, "1 hour"), (31, "31 hours"), (72, "3 days"), (900, "38 days")])
def test_durations_change_from_hours_to_days(hours: float, shown: str) -> None:
    assert Phrases("en").duration(hours) == shown


@pytest.mark.parametrize(("hours", "shown"), [(24, "24 h"), (72, "72 h"), (720, "30 days")])
def test_deadlines_are_said_as_laws_say_them(hours: int, shown: str) -> None:
    assert Phrases("en").deadline(hours) == shown


def test_months_are_said_after_the_hours() -> None:
    assert Phrases("en").deadline(72, 1) == "72 h + 1 month"
    assert Phrases("de").deadline(72, 2) == "72 Std. + 2 Monate"
