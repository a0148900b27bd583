"""Visitors who are given whatever they ask for, and those who are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.examine.test_assess import finding, moment
from waspglass.examine.answers_all import answered_alike, answered_and_not_there, misses_no_page
from waspglass.examine.observations import Observations
from waspglass.hunt.outcome.not_found import NotFound
from waspglass.model.finding import Actor, Effect, Finding, Rung

START = moment("2021-03-03")


def asked(page: int, minute: float, rung: Rung = Rung.USED, address: str = "192.0.2.1") -> Finding:
    seen = finding(rung, "2021-03-03", Effect.SHOWS, subject=f"/client/{page}.aspx")
    time = START + timedelta(minutes=minute)
    return seen.model_copy(update={"id": f"{page}-{minute}", "time": time, "actor": Actor(address=address)})


def alike(*findings: Finding) -> int:
    return len(answered_alike(Observations(evidence="x", findings=findings)))


@pytest.mark.parametrize(
    ("minutes", "found"),
    [
        ([0] * 10, 10),
        ([0] * 9, 0),
        ([0, *[10] * 9], 10),
        ([0, *[10.1] * 9], 0),
        ([0, *[30] * 10], 11),
        (range(0, 50, 5), 0),
    ],
)
def test_ten_pages_within_ten_minutes_are_too_many(minutes: list[float], found: int) -> None:
    assert alike(*(asked(page, minute) for page, minute in enumerate(minutes))) == found


def test_the_same_page_counts_once_by_its_last_answer() -> None:
    nine = [asked(page, minute) for minute in (0, 5, 9) for page in range(9)]
    assert alike(*nine) == 0
    assert alike(*nine, asked(9, 18)) == 10


@pytest.mark.parametrize(
    ("source", "hours", "found"),
    [
        (r"C:\logs\W3SVC1\other.log", 20, 0),
        (r"C:\logs\W3SVC1\other.log", -20, 0),
        (r"C:\logs\W3SVC1\other.log", 30, 10),
        (r"C:\logs\W3SVC2\other.log", 0, 10),
    ],
)
def test_what_the_same_site_did_not_find_within_a_day_says_that_it_misses_pages(
    source: str, hours: int, found: int
) -> None:
    pages = (asked(page, 0).model_copy(update={"source": r"C:\logs\W3SVC1\a.log"}) for page in range(10))
    elsewhere = NotFound(source, START + timedelta(hours=hours))
    observed = Observations(evidence="x", findings=tuple(pages), not_found=(elsewhere,))
    assert len(answered_alike(observed)) == found


def test_whoever_has_no_address_may_be_one_visitor() -> None:
    hidden = (asked(page, 0).model_copy(update={"actor": None}) for page in range(10))
    assert alike(*hidden) == 10


@pytest.mark.parametrize(
    ("missed", "found"),
    [
        (asked(99, 9, Rung.PROBED), 0),
        (asked(99, -9, Rung.PROBED), 0),
        (asked(99, 11, Rung.PROBED), 10),
        (asked(99, 0, Rung.PROBED, "192.0.2.2"), 10),
        (asked(99, 0, Rung.EXPLOITED), 0),
    ],
)
def test_a_server_that_misses_a_page_or_was_entered_answers_for_itself(missed: Finding, found: int) -> None:
    assert alike(*(asked(page, 0) for page in range(10)), missed) == found


def test_pages_of_several_visitors_are_no_list() -> None:
    assert alike(*(asked(page, 0, address=f"192.0.2.{page % 2}") for page in range(12))) == 0


def _site(hours: int) -> NotFound:
    return NotFound(r"C:\logs\W3SVC1\other.log", START + timedelta(hours=hours))


LOOKED_FOR = Observations(
    evidence="x",
    findings=tuple(
        asked(page, 0).model_copy(update={"source": r"C:\logs\W3SVC1\a.log", "subject": f"/owa/auth/{page}.aspx"})
        for page in range(2)
    ),
    collected_folders=("/owa/auth",),
)


def test_two_pages_are_a_list_if_neither_was_there() -> None:
    there = LOOKED_FOR.findings[0].subject or ""
    ended = LOOKED_FOR.findings[0].model_copy(update={"id": "e", "effect": Effect.ENDS})
    assert len(answered_and_not_there(LOOKED_FOR)) == 2
    assert not answered_and_not_there(replace(LOOKED_FOR, findings=LOOKED_FOR.findings[:1]))
    assert not answered_and_not_there(replace(LOOKED_FOR, collected_folders=()))
    assert not answered_and_not_there(replace(LOOKED_FOR, collected_pages=frozenset({there})))
    assert not answered_and_not_there(replace(LOOKED_FOR, findings=(*LOOKED_FOR.findings, ended)))
    assert not answered_and_not_there(replace(LOOKED_FOR, not_found=(_site(5),)))


def test_a_server_that_ever_told_that_a_page_is_not_there_does_not_answer_everything() -> None:
    compiled = replace(LOOKED_FOR, file_timed=frozenset({LOOKED_FOR.findings[0].kind or ""}))
    assert misses_no_page(LOOKED_FOR)
    assert not misses_no_page(replace(LOOKED_FOR, not_found=(_site(500),)))
    assert not misses_no_page(compiled)
