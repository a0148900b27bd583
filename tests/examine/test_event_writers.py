"""Whose the event logs are, when a machine was renamed or logs of others lie beside."""

from __future__ import annotations

import pytest

from tests.examine.test_assess import finding, moment
from waspglass.examine.event_writers import event_writers
from waspglass.hunt.outcome.result import HuntResult, Scanned
from waspglass.hunt.outcome.servers import Wrote
from waspglass.model.finding import Effect
from waspglass.packs.load import load_pack

PACK = load_pack("proxylogon")
HERE = "C:\\Windows\\System32\\winevt\\Logs\\"


def file(source: str, *wrote: tuple[str, str | None], kind: str = "events") -> Scanned:
    told = (Wrote(name, moment(last) if last else None) for name, last in wrote)
    return Scanned(kind, source, 1, 1, servers=tuple(told))


def writers(*files: Scanned, stated: str | None = None, updated: str | None = None) -> set[str]:
    told = {"fields": {"update": "Security Update", "computer": updated}}
    context = finding(None, None, Effect.CONTEXT).model_copy(update=told)
    return set(event_writers(HuntResult((), (context,) if updated else (), (), files), PACK, stated))


SETUP, OWN, OTHER = ("WIN-1", "2019-05-01"), ("mx01.example.org", "2021-03-20"), ("MX02", "2021-03-19")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], set[str]()),
        ([file("a.evtx", OWN), file("b.evtx", ("MX01", "2021-03-01"))], {"MX01"}),
        ([file("a.evtx", OWN), file("b.evtx", OTHER)], {"MX01", "MX02"}),
        ([file("x\\a.evtx", OWN), file("x\\b.evtx", SETUP)], {"MX01"}),  # renamed
        ([file("x\\a.evtx", OWN), file("y\\b.evtx", SETUP)], {"MX01"}),
        ([file("x\\a.evtx", ("MX01", "2021-02-20")), file("x\\b.evtx", OTHER)], {"MX01", "MX02"}),  # none overlap
        ([file(HERE + "a.evtx", OWN), file(HERE + "b.evtx", ("WIN-1", "2021-03-03"))], {"MX01"}),
        ([file(HERE + "a.evtx", OWN, ("WIN-1", "2021-03-03")), file("a.csv", ("WIN-1", "2021-03-03"))], {"MX01"}),
        ([file(HERE + "a.evtx", OWN), file("D" + HERE[1:] + "a.evtx", OTHER)], {"MX01", "MX02"}),
        ([file(HERE + "ForwardedEvents.evtx", OTHER), file(HERE + "a.evtx", OWN)], {"MX01"}),
        ([file("a.evtx", ("MX01", None))], {"MX01"}),
        ([file("a.evtx", OWN), file("b.evtx", ("MX02", None))], {"MX01", "MX02"}),
        ([file("a.json", SETUP, OWN, kind="events-exported")], {"MX01"}),
        ([file(x, one, kind="events-exported") for x, one in (("a.json", SETUP), ("b.json", OWN))], {"MX01"}),
        ([file("a.evtx", SETUP), file("b.evtx", ("MX02", "2020-03-19"))], {"WIN-1", "MX02"}),  # nothing of the campaign
        ([file("u_ex.log", OTHER, kind="iis")], set()),
    ],
)
def test_the_writers_of_events(files: list[Scanned], expected: set[str]) -> None:
    assert writers(*files) == expected
    assert writers(*reversed(files)) == expected


def test_who_was_updated_before_the_campaign_is_no_former_name() -> None:
    logs = file("updates.csv", ("MX02", "2020-12-10"), OWN, kind="events-exported")
    assert writers(logs) == {"MX01"}
    assert writers(logs, updated="MX02.example.org") == {"MX01", "MX02"}


def test_the_updates_of_a_former_name_in_the_folder_of_windows_are_its_own() -> None:
    assert writers(file(HERE + "a.evtx", SETUP, OWN), updated="WIN-1") == {"MX01"}


def test_a_former_name_may_be_stated() -> None:
    assert writers(file(HERE + "a.evtx", SETUP, OWN), stated="win-1.example.org") == {"MX01", "WIN-1"}
    assert writers(file(HERE + "a.evtx", OWN), stated="MX07") == {"MX01"}
