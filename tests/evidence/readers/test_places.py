"""Every record of a file has a place of its own: findings of one rule at one place would be one finding."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.evidence.hive_writer import Tree, hive
from tests.evidence.readers.test_defender_export import DEFENDER_EXPORTS
from tests.evidence.readers.test_event_export import EXPORTS
from tests.hunt.evidence import TEXT, MemoryFile, pack, sigma
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.readers.registry import record_readers
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules.load import load_rules
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
    "defender_export": DEFENDER_EXPORTS["an array"].encode(),
    "hive": hive(RUN, datetime(2021, 3, 3, tzinfo=UTC)),
}


def artefact(form: str) -> Artefact:
    return Artefact("kind", form, MemoryFile(r"C:\a\SOFTWARE", FILES[form]))


@pytest.mark.parametrize("form", FILES)
def test_no_two_records_share_a_place(form: str) -> None:
    if form == "hive":
        pytest.importorskip("dissect.regf", reason="the extra `images` is not installed")
    places = [place for place, _, _ in record_readers()[form].records(artefact(form))]
    assert len(places) >= 2
    assert len(set(places)) == len(places)
    assert None not in {place.line or place.record or place.offset for place in places}


def test_a_record_that_has_its_line_for_itself_is_told_by_the_line_alone() -> None:
    spread = Artefact("kind", "iis_config", MemoryFile("x", CONFIG.replace("><", ">\n<").encode()))
    places = [(place.line, place.record) for place, _, _ in record_readers()["iis_config"].records(spread)]
    assert places == [(4, None), (5, None)]


@pytest.mark.parametrize("form", ["iis_config", "oab_export", "scheduled_task"])
def test_what_matches_twice_in_one_line_are_two_findings(form: str) -> None:
    kind = ArtefactKind(kind="kind", format=form, logsources=(Logsource(category="x"),), title=TEXT)
    made = pack(sigma("s: {path: '*'}\ncondition: s", logsource="category: x")).model_copy(update={"kinds": (kind,)})
    found = hunt([artefact(form)], load_rules(made), readers=record_readers()).findings
    assert len({one.id for one in found}) == len(found) == 2
    assert {one.line for one in found} == {1}


COUNT = """
title: many
name: many
correlation:
  type: event_count
  rules: [t]
  group-by: [path]
  timespan: 1d
  condition: {gte: 2}
"""


@pytest.mark.parametrize("between", [", ", ",\n"])
def test_a_correlation_rests_on_each_of_its_records(between: str) -> None:
    kind = ArtefactKind(kind="kind", format="oab_export", logsources=(Logsource(category="x"),), title=TEXT)
    changed = "WhenChangedUTC,Name,ExternalUrl,InternalUrl\n2021-03-03T01:02:03Z,a,x,y\n2021-03-03T01:02:04Z,b,x,y\n"
    objects = between.join(json.dumps({"Name": n, "WhenChangedUTC": f"2021-03-03T01:02:0{n}Z"}) for n in range(2))
    made = pack(sigma("s: {path: '*'}\ncondition: s", logsource="category: x") + "---\n" + COUNT)
    rules = load_rules(made.model_copy(update={"kinds": (kind,)}))
    for text in (changed, f"[{objects}]"):
        one = Artefact("kind", "oab_export", MemoryFile("x", text.encode()))
        result = hunt([one], rules, readers=record_readers())
        (many,) = result.findings
        assert set(many.evidence) == {found.id for found in result.context}
        assert len(many.evidence) == 2
