"""Updates that event logs tell of -> builds with a date, proven where the server itself wrote it."""

from __future__ import annotations

from datetime import UTC, datetime

from waspglass.examine.updates import tells_of_update, updates_told
from waspglass.model.facts import BuildSighting, Certainty
from waspglass.model.finding import Effect, Finding
from waspglass.packs.load import load_pack

ROWS = load_pack("proxylogon").builds
TITLE = "Security Update for Exchange Server 2016 Cumulative Update 18 (KB5000871) 15.1.2106.13"
NEXT = "Security Update for Exchange Server 2016 Cumulative Update 18 (KB5001779) 15.1.2106.20"
OLD, NEW, NEWER = "15.1.2106.2", "15.1.2106.13", "15.1.2106.20"


def event(day: int | None, effect: Effect = Effect.CONTEXT, **fields: str) -> Finding:
    time = None if day is None else datetime(2021, 3, day, tzinfo=UTC)
    return Finding(
        id=f"{day}{sorted(fields.values())}", rung=None, effect=effect, rule="r", title="t", time=time,
        source="Application.evtx", fields=fields,
    )  # fmt: skip


def builds(*findings: Finding, hostname: str | None = "MX01") -> list[tuple[str, int, Certainty]]:
    sightings: tuple[BuildSighting, ...] = updates_told(findings, ROWS, hostname)
    return [(one.build, one.at.day if one.at else 0, one.certainty) for one in sightings]


def test_the_moment_of_an_update_is_proven() -> None:
    assert builds(event(5, update=TITLE, computer="mx01.example.org")) == [(NEW, 5, Certainty.PROVEN)]


def test_what_is_written_again_dates_nothing_anew() -> None:
    again = [event(day, update=TITLE, computer="MX01") for day in (7, 5, 6)]
    assert builds(*again) == [(NEW, 5, Certainty.PROVEN)]


def test_an_update_that_was_removed_leaves_the_plain_build() -> None:
    told = builds(event(5, update=TITLE), event(6, update_removed=TITLE), event(8, update=TITLE))
    assert told == [(NEW, 5, Certainty.PROVEN), (OLD, 6, Certainty.PROVEN), (NEW, 8, Certainty.PROVEN)]


def test_what_another_computer_wrote_is_a_hint() -> None:
    told = builds(event(5, update=TITLE, computer="MX02"), event(9, update=NEXT, computer="MX01"))
    assert told == [(NEW, 5, Certainty.HINT), (NEWER, 9, Certainty.PROVEN)]


def test_two_computers_and_no_name_are_hints_both() -> None:
    told = builds(event(5, update=TITLE, computer="MX02"), event(9, update=NEXT, computer="MX01"), hostname=None)
    assert {certainty for _, _, certainty in told} == {Certainty.HINT}


def test_one_computer_and_no_name_is_the_server() -> None:
    assert builds(event(5, update=TITLE, computer="MX07"), hostname=None) == [(NEW, 5, Certainty.PROVEN)]


def test_without_time_or_known_title_nothing_is_told() -> None:
    assert builds(event(None, update=TITLE), event(5, update="Update for something (KB1)")) == []


def test_only_context_is_taken_for_an_update() -> None:
    other = event(5, Effect.SHOWS, update=TITLE)
    assert not tells_of_update(other)
    assert builds(other) == []
