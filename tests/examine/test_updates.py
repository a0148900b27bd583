"""Updates that event logs tell of -> builds with a date, proven where the server itself wrote it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.hunt.evidence import sigma
from waspglass.examine.run import Request, examine
from waspglass.examine.updates import tells_of_update, updates_told
from waspglass.model.facts import BuildSighting, Certainty
from waspglass.model.finding import Effect, Finding
from waspglass.packs.load import load_pack

ROWS = load_pack("proxylogon").builds
TITLE = "Security Update for Exchange Server 2016 Cumulative Update 18 (KB5000871) 15.1.2106.13"
NEXT = "Security Update for Exchange Server 2016 Cumulative Update 18 (KB5001779) 15.1.2106.20"
ROLLUP = "Update Rollup 32 for Exchange Server 2010 Service Pack 3 (KB5000978) 14.3.513.0"
MOMENT = datetime(2025, 8, 10, tzinfo=UTC)
OLD, NEW, NEWER = "15.1.2106.2", "15.1.2106.13", "15.1.2106.20"


def event(day: int | None, effect: Effect = Effect.CONTEXT, **fields: str) -> Finding:
    time = None if day is None else datetime(2021, 3, day, tzinfo=UTC)
    return Finding(
        id=f"{day}{sorted(fields.values())}", rung=None, effect=effect, rule="r", title="t", time=time,
        source="Application.evtx", fields=fields,
    )  # fmt: skip


def installed(day: str, article: str) -> str:
    title = f"Security Update for Microsoft SharePoint Enterprise Server 2016 ({article}) 64-Bit Edition"
    message = f"Product: Microsoft SharePoint Foundation 2016 Core - Update '{title}' installed successfully."
    event = {"SourceName": "MsiInstaller", "Channel": "Application", "Hostname": "SP01", "EventID": 1022}
    return json.dumps({**event, "@timestamp": f"{day}T18:00:00Z", "Message": message})


def builds(*findings: Finding, hostname: str | None = "MX01") -> list[tuple[str, int, Certainty]]:
    sightings: tuple[BuildSighting, ...] = updates_told(findings, ROWS, hostname)
    return [(one.build, one.at.day if one.at else 0, one.certainty) for one in sightings]


def test_the_moment_of_an_update_is_proven() -> None:
    assert builds(event(5, update=TITLE, computer="mx01.example.org")) == [(NEW, 5, Certainty.PROVEN)]


def test_by_an_unknown_clock_it_was_installed_at_the_latest_moment_that_this_can_mean() -> None:
    one = event(5, update=TITLE).model_copy(update={"kind": "table"})
    other = event(6, update=NEXT).model_copy(update={"kind": "log", "time": datetime(2021, 3, 5, 6, tzinfo=UTC)})
    told = updates_told([one, other], ROWS, "MX01", zoneless=frozenset({"table"}))
    assert [(each.build, each.at) for each in told] == [
        (NEWER, datetime(2021, 3, 5, 6, tzinfo=UTC)), (NEW, datetime(2021, 3, 5, 12, tzinfo=UTC))
    ]  # fmt: skip


def test_what_is_written_again_dates_nothing_anew() -> None:
    again = [event(day, update=TITLE, computer="MX01") for day in (7, 5, 6)]
    assert builds(*again) == [(NEW, 5, Certainty.PROVEN)]


def test_an_update_that_was_removed_leaves_the_plain_build() -> None:
    told = builds(event(5, update=TITLE), event(6, update_removed=TITLE), event(8, update=TITLE))
    assert told == [(NEW, 5, Certainty.PROVEN), (OLD, 6, Certainty.PROVEN), (NEW, 8, Certainty.PROVEN)]


@pytest.mark.parametrize("removed", ["{C3E4DD1C-13B7-4378-ACB9-808516A235B2}", ROLLUP])
def test_after_a_removal_that_leaves_nobody_knows_what_only_later_updates_count(removed: str) -> None:
    assert builds(event(5, update=ROLLUP), event(6, update_removed=removed)) == []
    again = builds(event(5, update=ROLLUP), event(6, update_removed=removed), event(8, update=ROLLUP))
    assert again == [("14.3.513.0", 8, Certainty.PROVEN)]


def test_what_another_computer_removed_does_not_undo_what_this_one_installed() -> None:
    told = builds(event(5, update=TITLE, computer="MX01"), event(6, update_removed="{1}", computer="MX02"))
    assert told == [(NEW, 5, Certainty.PROVEN)]


def test_where_later_events_are_left_out_nothing_is_proven() -> None:
    (sighting,) = updates_told([event(5, update=TITLE)], ROWS, "MX01", to_the_end=False)
    assert sighting.certainty is Certainty.HINT


def test_an_update_is_dated_whatever_else_was_installed_before_and_found_in_the_same_line(tmp_path: Path) -> None:
    """Each part of SharePoint writes an event of its own, some twenty a month."""
    older = [installed("2025-06-10", f"KB5{number:06}") for number in range(220)]
    (tmp_path / "events.json").write_text("\n".join([*older, installed("2025-07-22", "KB5002760")]))
    rule = sigma("s: {Message|contains: KB5002760}\ncondition: s", logsource="product: windows", title="own")
    (tmp_path / "own.yml").write_text(rule)
    request = Request(tmp_path, load_pack("toolshell"), MOMENT, "test", rules=(tmp_path / "own.yml",))
    assert [one.build for one in examine(request).lid.builds] == ["16.0.5513.1001"]
    (hint,) = examine(replace(request, until=MOMENT)).lid.builds
    assert hint.certainty is Certainty.HINT


def test_what_another_computer_wrote_is_a_hint() -> None:
    told = builds(event(5, update=TITLE, computer="MX02"), event(9, update=NEXT, computer="MX01"))
    assert told == [(NEW, 5, Certainty.HINT), (NEWER, 9, Certainty.PROVEN)]


def test_two_computers_and_no_name_are_hints_both() -> None:
    told = builds(event(5, update=TITLE, computer="MX02"), event(9, update=NEXT, computer="MX01"), hostname=None)
    assert {certainty for _, _, certainty in told} == {Certainty.HINT}


def test_one_computer_and_no_name_is_the_server() -> None:
    assert builds(event(5, update=TITLE, computer="MX07"), hostname=None) == [(NEW, 5, Certainty.PROVEN)]


def test_a_log_of_forwarded_events_does_not_name_the_server() -> None:
    sent = event(5, update=TITLE, computer="MX02").model_copy(update={"source": "C:\\logs\\ForwardedEvents.evtx"})
    own = event(9, update=NEXT, computer="MX01")
    assert builds(sent, hostname=None) == [(NEW, 5, Certainty.HINT)]
    assert builds(sent, own, hostname=None) == [(NEW, 5, Certainty.HINT), (NEWER, 9, Certainty.PROVEN)]


def test_without_time_or_known_title_nothing_is_told() -> None:
    assert builds(event(None, update=TITLE), event(5, update="Update for something (KB1)")) == []


def test_only_context_is_taken_for_an_update() -> None:
    other = event(5, Effect.SHOWS, update=TITLE)
    assert not tells_of_update(other)
    assert builds(other) == []
