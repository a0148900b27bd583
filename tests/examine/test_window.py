"""When the server could have been entered, and which of that time was seen: the edges, to the hour."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.examine.test_assess import COLLECTED, FIRST, FULL, PACK, PATCH, finding, moment
from waspglass.examine.observations import Observations
from waspglass.examine.window import Exposure, exposure
from waspglass.model.assessment import Lid, LidState
from waspglass.model.coverage import Coverage, Span
from waspglass.model.facts import BuildSighting, Certainty, Facts
from waspglass.model.finding import Rung

START, END, NOW = moment(FIRST), moment(COLLECTED), moment("2021-06-01")
HOUR = timedelta(hours=1)
STATED = Facts.model_validate({"collected_at": COLLECTED})
VULNERABLE = Lid(state=LidState.VULNERABLE, reason="x")


def build(at: str, certainty: Certainty, installed: str | None = None) -> BuildSighting:
    since = moment(installed) if installed else None
    return BuildSighting(build="1", at=moment(at), installed=since, source="x", certainty=certainty)


def covers(start: datetime, end: datetime, kind: str = "log") -> Coverage:
    return FULL.model_copy(update={"kind": kind, "from_": start, "to": end})


def spans(*pairs: tuple[datetime, datetime]) -> tuple[Span, ...]:
    return tuple(Span(from_=start, to=end) for start, end in pairs)


def exposed(
    *coverage: Coverage,
    lid: Lid = VULNERABLE,
    facts: Facts = STATED,
    gap_hours: float | None = None,
    together: tuple[str, ...] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    now: datetime = NOW,
) -> Exposure:
    log = PACK.kinds[0].model_copy(update={"gap_hours": gap_hours, "together": together})
    pack = PACK.model_copy(update={"kinds": (log, *PACK.kinds[1:])})
    return exposure(Observations(evidence="x", coverage=coverage, since=since, until=until), lid, pack, facts, now)


def test_a_server_that_never_was_vulnerable_has_no_window_whatever_was_collected() -> None:
    found = exposed(FULL, lid=Lid(state=LidState.NEVER_VULNERABLE, reason="x"))
    assert (found.window, found.missing, found.sources, found.end_known) == (None, (), (), True)


@pytest.mark.parametrize(("hours", "missing"), [(12, ()), (13, spans((START, START + HOUR)))])
def test_a_silence_of_half_a_day_at_the_ends_is_none_however_quiet_the_log_is(
    hours: int, missing: tuple[Span, ...]
) -> None:
    late = covers(START + hours * HOUR, END)
    assert exposed(late, gap_hours=100).missing == missing
    early = covers(START, END - hours * HOUR)
    behind = spans((END - HOUR, END)) if missing else ()
    assert exposed(early, gap_hours=100).missing == behind


def test_a_busy_log_is_missed_sooner_and_one_without_a_rhythm_at_once() -> None:
    late = covers(START + 3 * HOUR, END)
    assert exposed(late, gap_hours=2).missing == spans((START, START + HOUR))
    assert exposed(late).missing == spans((START, START + 3 * HOUR))


def test_what_the_user_did_not_ask_for_is_missing_on_both_sides() -> None:
    since, until = START + 10 * HOUR, END - 10 * HOUR
    assert exposed(FULL, since=since, until=until).missing == spans((START, since), (until, END))
    assert exposed(FULL, since=START - HOUR, until=END + HOUR).missing == ()


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (START + HOUR, START + HOUR),
        (END, None),
        (None, START),
        (START - 20 * HOUR, START - 10 * HOUR),
        (END + HOUR, END + 2 * HOUR),
    ],
)
def test_whoever_asks_for_none_of_the_time_in_question_has_seen_nothing(
    since: datetime | None, until: datetime | None
) -> None:
    found = exposed(FULL, since=since, until=until)
    assert (found.missing, found.sources) == (spans((START, END)), ())


@pytest.mark.parametrize(("ago", "live"), [(0 * HOUR, True), (24 * HOUR, True), (25 * HOUR, False), (-HOUR, False)])
def test_logs_that_end_within_a_day_are_those_of_a_live_server(ago: timedelta, live: bool) -> None:
    found = exposed(FULL, facts=Facts(), now=END + ago)
    assert found.window == Span(from_=START, to=END)
    assert found.end_known is live


def test_without_any_record_nothing_tells_when_the_window_ends() -> None:
    found = exposed(facts=Facts())
    assert (found.window, found.end_known, found.ends_early) == (None, False, None)


@pytest.mark.parametrize("end", [FIRST, "2020-12-01"])
def test_a_window_that_would_end_before_the_campaign_is_none_and_says_when(end: str) -> None:
    found = exposed(FULL, facts=Facts.model_validate({"collected_at": end}))
    assert (found.window, found.ends_early) == (None, moment(end))


@pytest.mark.parametrize(
    ("certainty", "since", "end"),
    [
        (Certainty.STATED, PATCH, PATCH),
        (Certainty.PROVEN, PATCH, PATCH),
        (Certainty.HINT, PATCH, COLLECTED),
        (Certainty.STATED, None, COLLECTED),
    ],
)
def test_only_a_patch_that_is_firm_and_dated_ends_the_window(certainty: Certainty, since: str | None, end: str) -> None:
    day = moment(since) if since else None
    lid = Lid(state=LidState.PATCHED, since=day, builds=(build(PATCH, certainty),), reason="x")
    assert exposed(FULL, lid=lid).window == Span(from_=START, to=moment(end))


def test_a_day_on_which_it_became_vulnerable_ends_nothing() -> None:
    lid = Lid(state=LidState.VULNERABLE, since=moment(PATCH), builds=(build(PATCH, Certainty.STATED),), reason="x")
    assert exposed(FULL, lid=lid).window == Span(from_=START, to=END)


SETUP = "2021-02-10"
BORN = Lid(state=LidState.VULNERABLE, builds=(build(SETUP, Certainty.PROVEN, SETUP),), reason="x")


@pytest.mark.parametrize(
    ("lid", "logs_from", "start"),
    [
        (BORN, "2021-02-10", SETUP),
        (BORN, "2021-02-08", SETUP),
        (BORN, "2021-02-07", FIRST),  # logs of the product older than it: it was installed anew
        (BORN.model_copy(update={"builds": (build(SETUP, Certainty.STATED, SETUP),)}), SETUP, FIRST),
        (BORN.model_copy(update={"builds": (*BORN.builds, build("2021-02-09", Certainty.HINT))}), SETUP, FIRST),
        (BORN.model_copy(update={"builds": (*BORN.builds, build("2021-02-12", Certainty.PROVEN))}), SETUP, SETUP),
        (BORN.model_copy(update={"builds": (build("2020-05-01", Certainty.PROVEN, "2020-05-01"),)}), SETUP, FIRST),
        (BORN.model_copy(update={"builds": (build(COLLECTED, Certainty.PROVEN, COLLECTED),)}), SETUP, FIRST),
    ],
    ids=[
        "born",
        "the web server logs before",
        "anew",
        "stated",
        "seen before",
        "seen later",
        "long ago",
        "after the end",
    ],
)
def test_a_server_could_not_be_entered_before_it_was_there(lid: Lid, logs_from: str, start: str) -> None:
    found = exposed(covers(moment(logs_from), END), lid=lid)
    assert found.window == Span(from_=moment(start), to=END)


def test_logs_of_windows_itself_may_be_older_than_the_product() -> None:
    windows = covers(moment("2020-01-01"), END, "events").model_copy(update={"entry": False})
    assert exposed(covers(moment(SETUP), END), windows, lid=BORN).window == Span(from_=moment(SETUP), to=END)


def test_kinds_that_show_a_part_of_the_ways_in_each_count_where_both_speak() -> None:
    half = START + 100 * HOUR
    found = exposed(covers(half, END, "other"), covers(START, END), together=("other",))
    assert found.in_part == ("log",)
    assert found.missing == spans((START, half))
    assert found.sources == ("log", "other")
    alone = exposed(covers(START, END), together=("other",))
    assert (alone.sources, alone.in_part, alone.missing) == ((), ("log",), spans((START, END)))


def test_the_last_finding_of_a_log_stands_for_an_unknown_end_too() -> None:
    observed = Observations(evidence="x", coverage=(FULL,), findings=(finding(Rung.PROBED, "2021-04-05"),))
    assert exposure(observed, VULNERABLE, PACK, Facts(), NOW).window == Span(from_=START, to=moment("2021-04-05"))
