"""Which event logs the rules look in, and which of them are there."""

from __future__ import annotations

import pytest

from tests.examine.test_assess import moment
from tests.hunt.evidence import rules_of, sigma
from waspglass.examine.event_logs import EventLog, event_logs, showing
from waspglass.hunt.outcome.result import Scanned
from waspglass.model.coverage import Coverage

SECURITY = sigma("s: {EventID: 4720}\ncondition: s", logsource="product: windows, service: security", title="account")
STARTED = sigma("s: {CommandLine: x}\ncondition: s", logsource="product: windows, category: process_creation")
REQUEST = sigma("s: {cs-method: POST}\ncondition: s", title="request")


def file(begins: str | None, *channels: str, tells: bool = True) -> Scanned:
    moments = () if begins is None else (moment(begins),)
    return Scanned("events", "x", 1, 1, moments, channels=channels if tells else None)


def known(*files: Scanned) -> tuple[EventLog, ...]:
    return event_logs(rules_of(SECURITY, STARTED, REQUEST), files)


def test_each_channel_that_a_rule_looks_in_is_told_with_its_first_event() -> None:
    found = known(file("2021-03-05", "SECURITY"), file("2021-03-01", "Security"), file("2020-01-01", "System"))
    assert {(one.channels, one.collected, one.begins, one.rules) for one in found} == {
        (("Security",), True, moment("2021-03-01"), 1)
    }


def test_one_of_several_channels_is_enough() -> None:
    assert [one.collected for one in known(file("2021-03-05", "Security"))] == [True, True]
    missing = known(file("2021-03-05", "System"))
    assert [one.collected for one in missing] == [False, False]
    assert sorted(len(one.channels) for one in missing) == [1, 2]


@pytest.mark.parametrize(
    "files",
    [
        [file("2021-03-05", "Security", "System")],
        [file("2021-03-05", "Security", "System"), file("2021-03-01", "Security")],
        [file("2021-03-01", "Security"), file("2021-03-05", "Security", "System")],
        [file(None, "Security")],
    ],
)
def test_of_a_channel_that_shares_a_file_the_first_event_is_not_known(files: list[Scanned]) -> None:
    assert {(one.collected, one.begins) for one in known(*files)} == {(True, None)}


def test_event_logs_show_what_is_looked_for_in_the_channels_that_are_there() -> None:
    half = sigma("s: {EventID: 2}\ncondition: s", logsource="product: windows, service: security", title="half")
    joined = "{type: event_count, rules: [half], group-by: [User], timespan: 5m, condition: {gte: 2}}"
    correlation = f"title: k\nname: k\ncorrelation: {joined}\nwaspglass: {{rung: impact}}\n"
    started = f"{STARTED}waspglass: {{rung: used}}\n"
    rules = rules_of(half, correlation, started.replace("category: process_creation", "service: system"))
    whole = Coverage(kind="events", files=1, bytes=1, shows=("implanted", "used", "impact"))
    other = Coverage(kind="iis", files=1, bytes=1, shows=("used",))

    def shown(*files: Scanned) -> list[tuple[str, ...]]:
        return [one.shows for one in showing((whole, other), event_logs(rules, files), rules)]

    assert shown(file("2021-03-05", "Security")) == [("impact",), ("used",)]
    assert shown(file("2021-03-05", "Security", "System")) == [("used", "impact"), ("used",)]
    assert shown(file("2021-03-05", tells=False)) == [("implanted", "used", "impact"), ("used",)]


@pytest.mark.parametrize("files", [[], [file("2021-03-01", "Security"), file("2021-03-01", tells=False)]])
def test_nothing_is_said_where_there_are_no_events_or_a_file_hides_its_channels(files: list[Scanned]) -> None:
    assert known(*files) == ()
