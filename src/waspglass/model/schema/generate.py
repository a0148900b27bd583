"""Writes `assessment-1.schema.json` from the model: `python -m waspglass.model.schema.generate`.

The schema describes what `assessment.json` holds, so that users' scripts can check and understand it without waspglass.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from waspglass.model.assessment import Assessment

__all__ = ["SCHEMA_NAME", "assessment_schema", "shipped_schema"]

SCHEMA_NAME = "assessment-1.schema.json"
_INSTANT = {"type": "string", "format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$"}


_FIELD = re.compile(r"^    (\w+?)_?: (.*(?:\n     .*)*)", re.MULTILINE)
"""A field in the `Attributes` of a docstring, with the lines that continue it."""


class _Generator(GenerateJsonSchema):
    """Says what the document promises.

    Every field is there, times are as `format_instant` writes them, later versions may add fields. Each field is
    described by its line of the docstring; titles would only repeat its name.
    """

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:  # noqa: ARG002 (pydantic's hook)
        return dict(_INSTANT)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_is_required(self, *_: object, **__: object) -> bool:
        return True

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        described = super().model_schema(schema)
        del described["additionalProperties"]
        docstring = described["description"].replace("None", "null")
        described["description"], _, attributes = docstring.partition("\n\nAttributes:\n")
        for name, text in _FIELD.findall(attributes):
            described["properties"][name]["description"] = re.sub(r"\s+", " ", text)
        return described

    def ser_schema(
        self,
        schema: core_schema.SerSchema | core_schema.IncExSeqSerSchema | core_schema.IncExDictSerSchema,
    ) -> JsonSchemaValue | None:
        return None if schema["type"] == "function-plain" else super().ser_schema(schema)

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 (pydantic's hook)
        return False


def assessment_schema() -> str:
    """The schema of `assessment.json` as JSON text (draft 2020-12)."""
    schema = Assessment.model_json_schema(mode="serialization", by_alias=True, schema_generator=_Generator)
    head = {"$schema": GenerateJsonSchema.schema_dialect, "title": "waspglass/assessment/1"}
    return json.dumps(head | {key: value for key, value in schema.items() if key != "title"}, indent=2) + "\n"


def shipped_schema() -> str:
    """The schema as it lies in the package."""
    return files("waspglass.model.schema").joinpath(SCHEMA_NAME).read_text(encoding="utf-8")


if __name__ == "__main__":
    Path(__file__).with_name(SCHEMA_NAME).write_text(assessment_schema(), encoding="utf-8")
