from __future__ import annotations

import json

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator, ValidationError

from tests.report.hostile import everywhere, texts
from tests.report.sample import every_verdict, occupied
from waspglass.model.assessment import Assessment
from waspglass.model.schema.generate import assessment_schema, shipped_schema
from waspglass.report.json_document import render_json

VALIDATOR = Draft202012Validator(json.loads(shipped_schema()), format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_the_shipped_schema_is_current() -> None:
    assert shipped_schema() == assessment_schema(), "run: python -m waspglass.model.schema.generate"


def test_the_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(json.loads(shipped_schema()))


@pytest.mark.parametrize("assessment", every_verdict(), ids=lambda assessment: str(assessment.verdict))
def test_what_the_renderer_writes_fits_the_schema(assessment: Assessment) -> None:
    VALIDATOR.validate(json.loads(render_json(assessment)))


@given(texts())
def test_hostile_strings_fit_the_schema(text: str) -> None:
    VALIDATOR.validate(json.loads(render_json(everywhere(text))))


@pytest.mark.parametrize(
    ("field", "value"),
    [("verdict", "fine"), ("schema", "waspglass/assessment/2"), ("created", "12.03.2021")],
)
def test_what_is_not_an_assessment_does_not_fit(field: str, value: object) -> None:
    document = json.loads(render_json(occupied())) | {field: value}
    with pytest.raises(ValidationError):
        VALIDATOR.validate(document)


def test_what_consumers_generate_from_the_schema_holds_what_the_document_promises() -> None:
    """Every field is there and described, none has a default; a field that a later version adds is no fault."""
    schema = json.loads(shipped_schema())
    objects = [schema, *(part for part in schema["$defs"].values() if "properties" in part)]
    for part in objects:
        assert set(part["required"]) == set(part["properties"])
        for name, field in part["properties"].items():
            assert "description" in field, f"{part.get('title')}.{name}"
            assert "default" not in field
    VALIDATOR.validate(json.loads(render_json(occupied())) | {"added": 1})
