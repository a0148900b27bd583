"""The reference of `assessment.json` names what the schema has: every field, state and reason; and that of verdicts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from waspglass.model.assessment import EXIT_CODES, LidState
from waspglass.model.facts import Certainty
from waspglass.model.finding import Effect, Rung
from waspglass.model.schema.generate import shipped_schema
from waspglass.model.skip import SkipReason
from waspglass.report.write import Format

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "assessment.md").read_text("utf-8")
SCHEMA = json.loads(shipped_schema())
SECTIONS = {
    "Host": "host", "PackReference": "pack", "Lid": "lid", "BuildSighting": "lid", "EvidenceNode": "why",
    "Implant": "implants", "Finding": "findings, context, review", "Actor": "findings, context, review",
    "Coverage": "coverage", "Span": "coverage", "Skipped": "skipped", "Limit": "limits", "Advice": "advice",
    "Clock": "clocks", "TimelineEvent": "campaign",
}  # fmt: skip


def section(title: str) -> set[str]:
    body = REFERENCE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return set(re.findall(r"`([^`]+)`", body))


def test_every_object_has_its_section() -> None:
    assert {name for name, part in SCHEMA["$defs"].items() if "properties" in part} == set(SECTIONS)


@pytest.mark.parametrize(("name", "title"), SECTIONS.items())
def test_every_field_is_described(name: str, title: str) -> None:
    assert set(SCHEMA["$defs"][name]["properties"]) <= section(title)


def test_the_fields_of_the_document_are_described() -> None:
    assert set(SCHEMA["properties"]) <= section("The document")


def test_closed_lists_are_complete() -> None:
    assert {reason.value for reason in SkipReason} <= section("skipped")
    assert {effect.value for effect in Effect} <= section("findings, context, review")
    assert {state.value for state in LidState} | {certainty.value for certainty in Certainty} <= section("lid")
    assert {rung.value for rung in Rung} <= section("The document")


@pytest.mark.parametrize(("verdict", "code"), EXIT_CODES.items())
def test_exit_codes_are_right(verdict: str, code: int) -> None:
    text = (DOCS / "reference" / "verdicts.md").read_text("utf-8")
    assert re.search(rf"^\| `{verdict}` \|[^|]*\| {code} \|$", text, re.MULTILINE)


def test_the_how_to_names_every_file() -> None:
    text = (DOCS / "how-to" / "read-the-report.md").read_text("utf-8")
    assert all(f"`{form.value}`" in text for form in Format)
