"""Where the evidence and the facts contradict one another, and where the clocks of two places are all that differs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.examine.test_assess import COLLECTED, FULL, NEVER, NEW, OLD, PACK, PATCH, finding, moment
from waspglass.examine.contradictions import THROUGH_LID, contradictions_of
from waspglass.examine.lid import disagreeing
from waspglass.examine.observations import Observations
from waspglass.model.assessment import Lid, LidState, Limit
from waspglass.model.coverage import Coverage
from waspglass.model.facts import BuildSighting, Certainty, Facts
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.language import load_catalogue
from waspglass.packs.builds import BuildTable

HOUR = timedelta(hours=1)
LATER = "1.0.0.3"
TABLE = BuildTable(PACK.builds)
PATCHED = Lid(state=LidState.PATCHED, since=moment(PATCH), reason="x")


def told(
    *findings: Finding,
    lid: Lid = PATCHED,
    builds: tuple[BuildSighting, ...] = (),
    coverage: tuple[Coverage, ...] = (FULL,),
    writers: tuple[str, ...] = (),
    facts: Facts | None = None,
    updates: tuple[BuildSighting, ...] = (),
) -> tuple[Limit, ...]:
    observed = Observations("x", findings, coverage, writers=writers, updates=updates)
    known = lid.model_copy(update={"builds": builds})
    said = Facts.model_validate({"collected_at": COLLECTED}) if facts is None else facts
    catalogue = load_catalogue("waspglass.examine", "examine", "en")
    return contradictions_of(observed, known, disagreeing(builds, TABLE), said, TABLE, catalogue)


def ids(limits: tuple[Limit, ...]) -> list[str]:
    assert all(limit.decisive and limit.remedy for limit in limits)
    return [limit.id.removeprefix("contradiction-") for limit in limits]


def stated(build: str, at: str | None) -> BuildSighting:
    day = moment(at) if at else None
    return BuildSighting(build=build, at=day, installed=day, source="facts", certainty=Certainty.STATED)


def proven(build: str, at: str | None, certainty: Certainty = Certainty.PROVEN) -> BuildSighting:
    return BuildSighting(build=build, at=moment(at) if at else None, source="file.dll", certainty=certainty)


def entry(when: datetime, effect: Effect = Effect.SHOWS, rung: Rung = Rung.EXPLOITED) -> Finding:
    return finding(rung, None, effect).model_copy(update={"time": when})


def test_evidence_that_agrees_contradicts_nothing() -> None:
    assert told(entry(moment("2021-03-03")), builds=(stated(OLD, "2020-10-01"), stated(NEW, PATCH))) == ()


@pytest.mark.parametrize(("late", "contradicts"), [(26 * HOUR, False), (26 * HOUR + HOUR / 60, True)])
def test_two_places_on_earth_are_at_most_26_hours_apart(late: timedelta, contradicts: bool) -> None:
    after = FULL.model_copy(update={"to": moment(COLLECTED) + late})
    assert ids(told(coverage=(after,))) == (["after-collection"] if contradicts else [])
    assert ids(told(entry(moment(PATCH) + late))) == (["entry-through-lid"] if contradicts else [])


def test_whoever_does_not_say_when_it_was_collected_is_not_contradicted() -> None:
    late = FULL.model_copy(update={"to": moment("2025-01-01")})
    assert told(coverage=(late,), facts=Facts()) == ()
    assert told(coverage=()) == ()


@pytest.mark.parametrize(
    ("seen", "lid"),
    [
        (entry(moment("2021-03-20"), Effect.FAILED), PATCHED),
        (entry(moment("2021-03-20"), Effect.HINT), PATCHED),
        (entry(moment("2021-03-20"), rung=Rung.USED), PATCHED),
        (finding(Rung.EXPLOITED, None), PATCHED),
        (entry(moment("2021-03-20")), Lid(state=LidState.PATCHED, reason="x")),
        (entry(moment("2021-03-20")), Lid(state=LidState.VULNERABLE, since=moment(PATCH), reason="x")),
    ],
    ids=["failed", "a hint", "a page that was there before", "undated", "patch undated", "not patched"],
)
def test_only_a_dated_entry_after_a_dated_patch_came_through_the_lid(seen: Finding, lid: Lid) -> None:
    assert told(seen, lid=lid) == ()


def test_the_first_entry_through_the_lid_is_named() -> None:
    early, first, second = (entry(moment(day)) for day in ("2021-03-03", "2021-03-20", "2021-03-21"))
    (limit,) = told(second, first, early)
    assert limit.id == THROUGH_LID
    assert "2021-03-20" in limit.text


@pytest.mark.parametrize(
    ("build", "at", "contradicts"),
    [
        (NEW, "2021-02-27", True),
        (NEW, "2021-02-28", False),
        (NEW, "2021-03-04", False),
        (NEW, None, False),
        (OLD, "2019-01-01", False),  # a vulnerable build dated too early hides nothing
        (NEVER, "2019-01-01", False),  # the table does not know when it was released
        (LATER, "2021-02-27", False),
    ],
)
def test_a_fix_cannot_have_run_before_it_was_released(build: str, at: str | None, contradicts: bool) -> None:
    assert ids(told(builds=(stated(build, at),))) == (["before-release"] if contradicts else [])


def test_a_setup_log_cannot_tell_of_a_fix_before_its_release() -> None:
    seen = proven(NEW, "2021-02-01")
    assert ids(told(builds=(seen,))) == ["before-release"]
    assert told(builds=(seen.model_copy(update={"certainty": Certainty.HINT}),)) == ()


@pytest.mark.parametrize(
    ("said", "other", "contradicts"),
    [
        (stated(NEW, PATCH), proven(OLD, "2021-03-20"), True),
        (stated(NEW, PATCH), proven(OLD, PATCH), True),
        (stated(NEW, PATCH), proven(OLD, None), True),  # the file that was collected
        (stated(NEW, None), proven(OLD, "2021-03-20"), True),
        (stated(OLD, PATCH), proven(NEW, "2021-03-20"), False),  # it was updated since
        (stated(OLD, PATCH), proven(NEW, None), False),
        (stated(OLD, PATCH), proven(NEW, "2021-03-20").model_copy(update={"installed": moment("2021-03-20")}), True),
        (stated(OLD, PATCH), proven(NEVER, "2021-03-20"), True),  # another product
        (stated(OLD, None), proven(NEW, None), True),
        (stated(NEVER, None), proven(OLD, None), True),
        (stated(NEW, PATCH), proven(OLD, "2021-03-09"), False),  # that was before
        (stated(NEW, PATCH), proven(NEVER, "2021-03-20"), False),
        (stated(NEW, PATCH), proven("9.9", "2021-03-20"), False),  # nobody knows
        (stated(OLD, PATCH), proven(OLD, "2021-03-20"), False),
        (stated(NEW, PATCH), proven(OLD, "2021-03-20", Certainty.HINT), False),
    ],
)
def test_a_file_that_was_collected_may_belie_the_last_build_that_was_stated(
    said: BuildSighting, other: BuildSighting, contradicts: bool
) -> None:
    found = told(builds=(said, other))
    assert ids(found) == (["builds"] if contradicts else [])
    assert all(said.build in one.text and other.build in one.text and "file.dll" in one.text for one in found)


def test_an_event_that_calls_an_update_installed_does_not_outweigh_the_build_that_is_stated() -> None:
    event = proven(NEW, "2021-03-20")
    assert ids(told(builds=(stated(OLD, PATCH), event), updates=(event,))) == ["builds"]


def test_several_servers_in_one_collection_are_named_up_to_a_bound() -> None:
    assert told(writers=("MX01",)) == ()
    (limit,) = told(writers=tuple(f"MX{number:02}" for number in range(1, 11)))
    assert limit.id == "contradiction-several-hosts"
    assert ("MX08" in limit.text, "MX09" in limit.text, "2 more" in limit.text) == (True, False, True)
