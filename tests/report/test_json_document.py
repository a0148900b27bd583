from __future__ import annotations

import json

import pytest
from hypothesis import given

from tests.report.hostile import STRINGS, everywhere, hidden_characters, texts
from tests.report.sample import every_verdict, occupied
from waspglass.model.assessment import Assessment
from waspglass.report.json_document import render_json


@pytest.mark.parametrize("assessment", every_verdict(), ids=lambda assessment: str(assessment.verdict))
def test_what_was_written_can_be_read(assessment: Assessment) -> None:
    assert Assessment.model_validate_json(render_json(assessment)) == assessment


def test_scripts_find_what_the_interface_promises() -> None:
    document = json.loads(render_json(occupied()))
    assert document["schema"] == "waspglass/assessment/1"
    assert document["verdict"] == "occupied"
    assert document["lid"]["state"] == "patched"
    assert document["lid"]["since"] == "2021-03-05T10:12:00Z"
    assert document["rungs"] == ["probed", "exploited", "implanted", "used", "impact"]
    assert {"id", "rung", "rule", "time", "source", "line", "excerpt", "actor"} <= set(document["findings"][0])
    assert {"kind", "from", "to", "gaps"} <= set(document["coverage"][0])
    assert {"source", "reason", "count"} <= set(document["skipped"][0])


def test_the_same_assessment_gives_the_same_bytes() -> None:
    assert render_json(occupied()) == render_json(occupied())


@given(texts())
def test_hidden_characters_are_escaped_and_come_back(text: str) -> None:
    document = render_json(everywhere(text))
    assert not hidden_characters(document)
    assert json.loads(document)["sentence"] == text


@pytest.mark.parametrize("text", STRINGS)
def test_known_hostile_strings_round_trip(text: str) -> None:
    assert Assessment.model_validate_json(render_json(everywhere(text))) == everywhere(text)
