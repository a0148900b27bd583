"""The JSON answers of the census fit the schema that ships, and what is none of them does not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from waspglass.census.compare import Change
from waspglass.census.counted import By
from waspglass.cli.census import app
from waspglass.report.census_text import STATES

SCHEMA = json.loads((files("waspglass.report") / "census.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
EXPORTS = Path(__file__).parents[2] / "examples" / "census-march-2021" / "exports"


def ask(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("answers")
    at, form = ("--store", folder / "store"), ("--format", "json")
    broken = folder / "broken.json"
    broken.write_bytes(b"{")
    CliRunner().invoke(app, ["add", str(broken), *map(str, sorted(EXPORTS.iterdir())), *map(str, at)])
    ask("report", *at, "--out", folder / "page.html", "--json", folder / "numbers.json")
    texts = {f"by {by}": ask("show", *at, *form, "--by", by) for by in By} | {
        "addresses": ask("show", *at, *form, "--no-servers"),
        "over time": ask("show", *at, *form, "--over-time"),
        "changes": ask("diff", "2021-03-09", "2021-03-22", "--source", "shodan", *at, *form),
        "exports": ask("list", *at, *form),
        "report": (folder / "numbers.json").read_text(encoding="utf-8"),
    }
    return {name: json.loads(text) for name, text in texts.items()}


def test_the_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_answer_fits_the_schema(answers: dict[str, Any]) -> None:
    for name, answer in answers.items():
        assert answer, name
        VALIDATOR.validate(answer)
    assert answers["exports"]["refused"]
    assert answers["report"]["unseen"]


def test_the_schema_names_what_the_program_knows() -> None:
    row = SCHEMA["$defs"]["count"]["properties"]
    assert {by.value for by in By} - {"nothing"} <= set(row)
    assert {f"{what}_{state.replace(' ', '_')}" for what in ("addresses", "servers") for state in STATES} <= set(row)
    assert SCHEMA["$defs"]["by_change"]["propertyNames"]["enum"] == [change.value for change in Change]
    assert SCHEMA["$defs"]["by_change"]["minProperties"] == len(Change)


def _unknown(row: dict[str, Any]) -> None:
    row["unknown"] = 1


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("by country", lambda rows: rows[0].pop("rank")),
        ("by country", lambda rows: rows[0].update(date="9.3.2021")),
        ("by country", lambda rows: rows[0].update(tested=-1)),
        ("by nothing", lambda rows: rows[0].pop("servers_patched")),
        ("by nothing", lambda rows: _unknown(rows[0])),
        ("changes", lambda answer: answer["changes"].pop("patched")),
        ("changes", lambda answer: answer["changes"].update(gone=1)),
        ("changes", lambda answer: answer.update(schema="waspglass/census-changes/2")),
        ("exports", lambda answer: answer["exports"][0].pop("added")),
        ("report", lambda answer: answer["unseen"][0].update(high="unknown")),
        ("report", lambda answer: _unknown(answer["sources"][0]["survival"][0])),
        ("report", lambda answer: answer["sources"][0]["survival"][0]["low"].append(1.5)),
    ],
)
def test_what_is_no_answer_does_not_fit(answers: dict[str, Any], name: str, spoil: Callable[[Any], object]) -> None:
    answer = copy.deepcopy(answers[name])
    spoil(answer)
    assert not VALIDATOR.is_valid(answer)
