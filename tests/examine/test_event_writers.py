"""Whose the event logs are, when a machine was renamed or logs of others lie beside."""

from __future__ import annotations

import pytest

from tests.examine.test_assess import moment
from waspglass.examine.event_writers import event_writers
from waspglass.hunt.outcome.event_servers import Wrote
from waspglass.hunt.outcome.result import Scanned
from waspglass.packs.load import load_pack

KINDS = load_pack("proxylogon").kinds
HERE = "C:\\Windows\\System32\\winevt\\Logs\\"


def file(source: str, *wrote: tuple[str, str | None, str | None], kind: str = "events") -> Scanned:
    spans = (
        Wrote(name, moment(first) if first else None, moment(last) if last else None) for name, first, last in wrote
    )
    return Scanned(kind, source, 1, 1, servers=tuple(spans))


def writers(*files: Scanned) -> set[str]:
    return set(event_writers(files, KINDS))


OLD, NEW = ("WIN-1", "2019-05-01", "2019-05-01"), ("mx01.example.org", "2019-05-02", "2021-03-20")
OTHER = ("MX02", "2021-01-01", "2021-03-19")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], set[str]()),
        ([file("a.evtx", NEW), file("b.evtx", ("MX01", "2021-01-01", "2021-03-01"))], {"MX01"}),
        ([file("a.evtx", NEW), file("b.evtx", OTHER)], {"MX01", "MX02"}),
        ([file("x\\a.evtx", NEW), file("x\\b.evtx", OLD)], {"MX01"}),  # renamed
        ([file("x\\a.evtx", NEW), file("y\\b.evtx", OLD)], {"MX01", "WIN-1"}),
        ([file(HERE + "a.evtx", NEW), file(HERE + "b.evtx", ("WIN-1", "2019-05-01", "2019-05-03"))], {"MX01"}),
        ([file(HERE + "ForwardedEvents.evtx", OTHER), file(HERE + "a.evtx", NEW)], {"MX01"}),
        ([file("a.evtx", ("MX01", None, None))], {"MX01"}),
        ([file("a.evtx", NEW), file("b.evtx", ("MX02", None, None))], {"MX01", "MX02"}),
        ([file("a.json", OLD, NEW, kind="events-exported")], {"MX01"}),
        ([file(x, one, kind="events-exported") for x, one in (("a.json", OLD), ("b.json", NEW))], {"WIN-1", "MX01"}),
        ([file("u_ex.log", OTHER, kind="iis")], set()),
    ],
)
def test_the_writers_of_events(files: list[Scanned], expected: set[str]) -> None:
    assert writers(*files) == expected
    assert writers(*reversed(files)) == expected
