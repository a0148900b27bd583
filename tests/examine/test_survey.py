"""What the evidence can speak for, as it is known after the hunt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.evidence.evtx_writer import evtx
from tests.evidence.trees import memory_artefact
from waspglass.evidence.open import open_evidence
from waspglass.evidence.readers.registry import record_readers
from waspglass.examine.site_list import SiteList
from waspglass.examine.survey import Survey
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome.result import HuntResult, Scanned
from waspglass.hunt.rules.load import load_rules
from waspglass.model.coverage import Coverage
from waspglass.packs.load import load_pack

START = datetime(2021, 3, 3, tzinfo=UTC)


def events(*hours: float) -> list[tuple[datetime, dict[str, str]]]:
    return [(START + timedelta(hours=hour), {"EventID": "1"}) for hour in hours]


def covered(folder: Path, gap_hours: float | None) -> Coverage:
    pack = load_pack("proxylogon")
    kinds = tuple(
        kind.model_copy(update={"gap_hours": gap_hours}) if kind.kind == "events" else kind for kind in pack.kinds
    )
    pack = pack.model_copy(update={"kinds": kinds})
    with open_evidence(folder) as evidence:
        survey = Survey(pack, evidence, "en")
        result = hunt(survey.artefacts(), load_rules(pack), readers=record_readers(None))
        return next(one for one in survey.coverage(result, SiteList()) if one.kind == "events")


@pytest.mark.parametrize("gap_hours", [None, 6.0])
def test_gaps_of_event_logs_are_measured_by_all_records_in_any_order_of_chunks(
    tmp_path: Path, gap_hours: float | None
) -> None:
    """A full log overwrites its oldest chunks, so that the latest stand before the earliest."""
    raw = evtx([events(100, 101), events(0, 1, 2), events(50, 51, 90, 91)])
    place = tmp_path / "C" / "Windows" / "System32" / "winevt" / "Logs" / "Security.evtx"
    place.parent.mkdir(parents=True)
    place.write_bytes(raw)
    found = covered(tmp_path, gap_hours)
    assert (found.from_, found.to, found.records) == (START, START + timedelta(hours=101), 9)
    silent = [
        ((gap.from_ - START).total_seconds() / 3600, (gap.to - START).total_seconds() / 3600) for gap in found.gaps
    ]
    assert silent == ([] if gap_hours is None else [(2, 50), (51, 90), (91, 100)])


def test_a_file_of_two_kinds_has_the_numbers_of_each(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x")
    artefact = memory_artefact(b"{}", r"C:\logs\both.log")
    kinds = {"events": "evtx", "setup-log": "exchange_setup_log"}
    scanned = tuple(
        Scanned(kind, artefact.file.path, 2, number, (START + timedelta(days=number),))
        for number, kind in enumerate(kinds, start=3)
    )
    with open_evidence(tmp_path) as evidence:
        survey = Survey(load_pack("proxylogon"), evidence, "en")
        survey.seen = [type(artefact)(kind, form, artefact.file) for kind, form in kinds.items()]
        kept = {one.kind: one for one in survey.coverage(HuntResult((), (), (), scanned), SiteList())}
    assert {kind: kept[kind].records for kind in kinds} == {"events": 3, "setup-log": 4}
    assert kept["events"].to == START + timedelta(days=3)
