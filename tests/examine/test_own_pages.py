"""Pages that are taken for the owner's: by his word or by their age, and never those of which more is known."""

from __future__ import annotations

import pytest

from tests.examine.test_assess import PACK, PAGE, finding, moment
from waspglass.examine.observations import Observations
from waspglass.examine.own_pages import OwnPage, own_pages, without_answers
from waspglass.model.facts import Facts
from waspglass.model.finding import Effect, Finding, Rung

LONG_AGO, TOO_LATE = "2020-12-03", "2020-12-04"  # the campaign began on 2021-01-03, and thirty days before count
FILE_TIMED = frozenset({"pages"})


def answer(when: str | None = "2021-03-03", effect: Effect = Effect.SHOWS, **more: str) -> Finding:
    return finding(Rung.USED, when, effect, **({"subject": PAGE} | more))


def owned(*findings: Finding, vouched: tuple[str, ...] = ()) -> tuple[OwnPage, ...]:
    return own_pages(findings, FILE_TIMED, PACK, Facts(own_pages=vouched))


@pytest.mark.parametrize("effect", [Effect.SHOWS, Effect.HINT])
def test_a_page_is_the_owners_if_he_says_so(effect: Effect) -> None:
    assert owned(answer(effect=effect), vouched=("/Client/Page.aspx",)) == (OwnPage(PAGE),)
    assert owned(answer(effect=effect), vouched=("/client/other.aspx",)) == ()


@pytest.mark.parametrize(
    ("when", "is_own"), [("2020-12-03T23:59:59", True), (TOO_LATE, False), ("2021-03-03", False), (None, False)]
)
def test_a_page_is_the_owners_if_it_answered_a_month_before_the_campaign(when: str | None, is_own: bool) -> None:
    assert bool(owned(answer(when), answer("2021-03-05"))) is is_own


def test_the_time_of_a_file_is_no_age() -> None:
    assert owned(answer("2015-01-01", kind="pages")) == ()


@pytest.mark.parametrize(("entered", "is_own"), [("2020-11-04", False), ("2020-11-06", True)])
def test_a_page_that_is_younger_than_the_first_entry_is_nobodys_for_its_age(entered: str, is_own: bool) -> None:
    assert bool(owned(answer("2020-11-05"), finding(Rung.EXPLOITED, entered))) is is_own


def test_the_first_of_its_answers_tells_its_age() -> None:
    pages = owned(answer("2020-11-05"), answer("2020-10-01"), answer("2020-11-01"), answer("2021-03-03"))
    assert pages == (OwnPage(PAGE, moment("2020-10-01")),)


def test_his_word_needs_no_age() -> None:
    assert owned(answer("2020-10-01"), vouched=(PAGE,)) == (OwnPage(PAGE),)


def test_nobody_vouches_for_a_page_that_was_seen_to_be_written_by_an_intruder() -> None:
    written = finding(Rung.IMPLANTED, "2021-03-03", subject=PAGE)
    assert owned(answer(LONG_AGO), written, vouched=(PAGE,)) == ()
    hinted = finding(Rung.IMPLANTED, "2021-03-03", Effect.HINT, subject=PAGE)
    assert owned(answer(), hinted, vouched=(PAGE,)) == (OwnPage(PAGE),)
    read = finding(Rung.EXPLOITED, "2021-03-03", subject=PAGE)
    assert owned(answer(), read, vouched=(PAGE,)) == (OwnPage(PAGE),)


@pytest.mark.parametrize(
    "other",
    [
        answer(LONG_AGO, Effect.CONTEXT),
        answer(LONG_AGO, Effect.ENDS),
        answer(LONG_AGO, subject="a service"),
        finding(Rung.USED, LONG_AGO),
        finding(Rung.PROBED, LONG_AGO, subject=PAGE),
    ],
)
def test_only_an_answer_of_a_page_makes_it_anybodys(other: Finding) -> None:
    assert owned(other) == ()


def test_pages_are_named_in_order() -> None:
    names = [f"/client/{letter}.aspx" for letter in "cab"]
    pages = owned(*(answer(LONG_AGO, subject=name) for name in names))
    assert [one.subject for one in pages] == sorted(names)


def test_what_an_own_page_answered_is_for_a_person_to_look_at_and_the_rest_stays() -> None:
    gone = answer("2021-03-20", Effect.ENDS)
    written = finding(Rung.IMPLANTED, "2021-03-03", subject=PAGE)
    other = answer(subject="/client/other.aspx")
    context = answer(effect=Effect.CONTEXT)
    before = Observations(evidence="x", findings=(answer(), gone, written, other, context))
    after = without_answers(before, {PAGE})
    assert [one.effect for one in after.findings] == [
        Effect.HINT,
        Effect.HINT,
        Effect.SHOWS,
        Effect.SHOWS,
        Effect.CONTEXT,
    ]
    assert without_answers(before, ()) == before
