"""Which event logs the rules look in, and which of them are there."""

from __future__ import annotations

import pytest

from tests.examine.test_assess import moment
from tests.hunt.evidence import rules_of, sigma
from waspglass.examine.event_logs import EventLog, event_logs
from waspglass.hunt.outcome.result import Scanned

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


@pytest.mark.parametrize("files", [[], [file("2021-03-01", "Security"), file("2021-03-01", tells=False)]])
def test_nothing_is_said_where_there_are_no_events_or_a_file_hides_its_channels(files: list[Scanned]) -> None:
    assert known(*files) == ()
