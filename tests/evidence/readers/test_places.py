"""Every record of a file has a place of its own: findings of one rule at one place would be one finding."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.evidence.hive_writer import Tree, hive
from tests.evidence.readers.test_event_export import EXPORTS
from tests.hunt.evidence import TEXT, MemoryFile, pack, sigma
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.readers.registry import record_reader, record_readers
from waspglass.hunt.hunting import hunt
from waspglass.hunt.load import load_rules
from waspglass.packs.pack import ArtefactKind, Logsource

MODULES = "<modules><add name='a'/><add name='b'/></modules>"
CONFIG = f"<configuration><system.webServer>{MODULES}</system.webServer></configuration>"
RUN: Tree = {"Microsoft": {"Windows": {"CurrentVersion": {"Run": {"a": "x", "b": "y"}}}}}
TASK = "<Task><Actions><Exec><Command>a</Command></Exec><Exec><Command>b</Command></Exec></Actions></Task>"
OAB = json.dumps([{"Name": "a", "ExternalUrl": "x"}, {"Name": "b", "ExternalUrl": "y"}])
FILES: dict[str, bytes] = {
    "iis_config": CONFIG.encode(),
    "scheduled_task": TASK.encode(),
    "oab_export": OAB.encode(),
    "event_export": EXPORTS["an array"].encode(),
    "hive": hive(RUN, datetime(2021, 3, 3, tzinfo=UTC)),
}


def artefact(form: str) -> Artefact:
    return Artefact("kind", form, MemoryFile(r"C:\a\SOFTWARE", FILES[form]))


@pytest.mark.parametrize("form", FILES)
def test_no_two_records_share_a_place(form: str) -> None:
    if form == "hive":
        pytest.importorskip("dissect.regf", reason="the extra `images` is not installed")
    places = [place for place, _, _ in record_reader(form).records(artefact(form))]
    assert len(places) >= 2
    assert len(set(places)) == len(places)
    assert None not in {place.line or place.record or place.offset for place in places}


def test_a_record_that_has_its_line_for_itself_is_told_by_the_line_alone() -> None:
    spread = Artefact("kind", "iis_config", MemoryFile("x", CONFIG.replace("><", ">\n<").encode()))
    places = [(place.line, place.record) for place, _, _ in record_reader("iis_config").records(spread)]
    assert places == [(4, None), (5, None)]


@pytest.mark.parametrize("form", ["iis_config", "oab_export", "scheduled_task"])
def test_what_matches_twice_in_one_line_are_two_findings(form: str) -> None:
    kind = ArtefactKind(kind="kind", format=form, logsources=(Logsource(category="x"),), title=TEXT)
    made = pack(sigma("s: {path: '*'}\ncondition: s", logsource="category: x")).model_copy(update={"kinds": (kind,)})
    found = hunt([artefact(form)], load_rules(made), readers=record_readers()).findings
    assert len({one.id for one in found}) == len(found) == 2
    assert {one.line for one in found} == {1}
