"""What evidence says of time is the intruder's choice: no moment may lie where a finding, or who reckons, cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import MemoryFile
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.build_sightings import build_sightings
from waspglass.evidence.formats.moments import moment as moment_of_text
from waspglass.evidence.member import file_time
from waspglass.evidence.readers.registry import record_readers
from waspglass.model.finding import Effect, Finding

ZONED = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
DAYS = timedelta(days=400)


def artefact(format_: str, text: str) -> Artefact:
    return Artefact("kind", format_, MemoryFile(r"C:\x", text.encode()))


def times_of(one: Artefact) -> list[datetime | None]:
    return [time for _, time, _ in record_readers()[one.format].records(one)]


def task(date: str) -> Artefact:
    return artefact(
        "scheduled_task",
        f"<Task><RegistrationInfo><Date>{date}</Date></RegistrationInfo>"
        "<Actions><Exec><Command>cmd.exe</Command></Exec></Actions></Task>",
    )


def setup_log(year: str, zone: str) -> Artefact:
    stamp = f"[01.01.{year} 00:00:00.0000] [0]"
    return artefact(
        "exchange_setup_log",
        f"{stamp} Starting Microsoft Exchange Server 2016 Setup\n{stamp} Local time zone: (UTC{zone}) Somewhere.\n"
        f"{stamp} Setup version: 15.1.2176.2.\n{stamp} The locally installed version is 15.1.2106.2.\n"
        f"{stamp} Command Line Parameter Name='mode', Value='Upgrade'.\n"
        f"{stamp} The Microsoft Exchange Server setup operation completed successfully.\n",
    )


@pytest.mark.parametrize("date", ZONED)
def test_a_task_of_another_age_has_no_time(date: str) -> None:
    assert times_of(task(date)) == [None]


def test_a_task_keeps_a_time_that_can_be() -> None:
    assert times_of(task("2021-03-03T01:02:03.1234567+01:00")) == [datetime(2021, 3, 3, 0, 2, 3, 123456, UTC)]


@pytest.mark.parametrize("year", ["0001", "9999"])
@pytest.mark.parametrize("zone", ["+00:00", "-12:00", "+14:00"])
def test_a_setup_log_of_another_age_tells_its_builds_all_the_same(year: str, zone: str) -> None:
    one = setup_log(year, zone)
    records = [(one, time, record) for _, time, record in record_readers()[one.format].records(one)]
    assert [time for _, time, _ in records] == [None]
    assert {sighting.build for sighting in build_sightings(records)} == {"15.1.2176.2", "15.1.2106.2"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("3/2/2021 9:15:01 PM", datetime(2021, 3, 2, 21, 15, 1, tzinfo=UTC)),
        ("02.03.2021 21:15:01", datetime(2021, 3, 2, 21, 15, 1, tzinfo=UTC)),
        ("20210302211501.0Z", datetime(2021, 3, 2, 21, 15, 1, tzinfo=UTC)),
        ("2021-03-02T21:15:01.0000000Z", datetime(2021, 3, 2, 21, 15, 1, tzinfo=UTC)),
        ("/Date(1614719701000)/", datetime(2021, 3, 2, 21, 15, 1, tzinfo=UTC)),
        ("/Date(-999999999999999999)/", None),
        ("1/1/0001 9:15:01 PM", None),
        ("soon", None),
    ],
)
def test_when_a_virtual_directory_was_changed(text: str, read: datetime | None) -> None:
    assert times_of(artefact("oab_export", f"Name : OAB\nWhenChangedUTC : {text}\n")) == [read]


@given(st.floats(allow_nan=True, allow_infinity=True) | st.integers())
def test_a_file_time_leaves_room_to_reckon(seconds: float) -> None:
    read = file_time(seconds)
    if read is not None:
        assert (read + DAYS).tzinfo is (read - DAYS).tzinfo


def test_a_file_time_that_was_never_set_is_none() -> None:
    assert file_time(-11_644_473_600) is None


@given(st.datetimes(timezones=st.timezones() | st.none()))
def test_any_date_in_a_log_makes_a_finding(read: datetime) -> None:
    time = moment_of_text(read.isoformat())
    if time is not None:
        found = Finding(
            id="0" * 16, rung=None, effect=Effect.CONTEXT, rule="x", title="x", time=time, source="x", line=1
        )
        assert found.time == time
