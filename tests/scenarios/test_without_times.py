"""A zip of Windows keeps no UTC: what only the times of files told is lost, and that never makes a server clean."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.scenarios.notation import lay_out, load, scenarios
from tests.scenarios.test_scenarios import pack_of
from waspglass.examine.run import Request, examine
from waspglass.hunt.cache import Cache, user_cache_folder
from waspglass.model.assessment import Verdict
from waspglass.model.facts import Facts


def dated_by_files() -> list[Path]:
    """Scenarios of servers that are not clean, and in which the time of a file is told."""
    found = []
    for path in scenarios():
        scenario = load(path)
        entries, expected = scenario["evidence"], scenario["expect"]
        assert isinstance(entries, list)
        assert isinstance(expected, dict)
        if expected["verdict"] != "clean" and any("modified" in entry for entry in entries):
            found.append(path)
    return found


@pytest.mark.parametrize("path", dated_by_files(), ids=lambda path: path.stem)
def test_times_that_a_zip_does_not_keep_make_no_server_clean(path: Path, tmp_path: Path) -> None:
    scenario = {**load(path), "wrap": "zip"}
    facts = Facts.model_validate(scenario.get("facts", {}))
    evidence, created = lay_out(scenario, tmp_path), datetime(2021, 4, 2, tzinfo=UTC)
    cache = Cache(user_cache_folder())
    result = examine(Request(evidence, pack_of(path), created, "test", facts, cache=cache))
    assert result.verdict is not Verdict.CLEAN, result.sentence
