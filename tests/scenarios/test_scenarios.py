"""Every scenario through the whole of `examine`, from files on disk to the assessment."""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.scenarios.notation import lay_out, load, scenarios
from waspglass.examine.run import Request, examine
from waspglass.model.assessment import Assessment
from waspglass.model.facts import Facts
from waspglass.packs.load import load_pack


def assessment_of(path: Path, folder: Path) -> Assessment:
    scenario = load(path)
    facts = Facts.model_validate(scenario.get("facts", {}))
    pack = load_pack(str(scenario.get("pack", "proxylogon")))
    evidence = lay_out(scenario, folder)
    created = datetime(2021, 4, 2, tzinfo=UTC)
    return examine(Request(evidence=evidence, pack=pack, facts=facts, created=created, generator="test"))


def matches(pattern: dict[str, object], found: dict[str, object]) -> bool:
    """True if each named value fits; strings may hold wildcards."""
    for name, wanted in pattern.items():
        value = found.get(name)
        if isinstance(wanted, str):
            if not fnmatchcase(str(value if value is not None else "").lower(), wanted.lower().replace("[", "[[]")):
                return False
        elif value != wanted:
            return False
    return True


def expect_each(patterns: object, found: list[dict[str, object]], what: str) -> None:
    assert isinstance(patterns, list)
    for pattern in patterns:
        assert any(matches(pattern, item) for item in found), f"no {what} fits {pattern}; there are: {found}"


@pytest.mark.parametrize("path", scenarios(), ids=lambda path: path.stem)
def test_scenario(path: Path, tmp_path: Path) -> None:
    result = assessment_of(path, tmp_path)
    document = result.model_dump(mode="json")
    expected = load(path)["expect"]
    assert isinstance(expected, dict)
    story = f"{result.sentence}\n" + "\n".join(f"{f.rung} {f.effect} {f.rule} {f.source}" for f in result.findings)
    assert result.verdict.value == expected["verdict"], story
    if "rungs" in expected:
        assert document["rungs"] == expected["rungs"], story
    if "lid" in expected:
        assert result.lid.state.value == expected["lid"], story
    assert str(expected.get("sentence", "")) in result.sentence
    expect_each(expected.get("findings", []), document["findings"], "finding")
    expect_each(expected.get("review", []), document["review"], "hint")
    expect_each(expected.get("skipped", []), document["skipped"], "skip")
    expect_each(expected.get("implants", []), document["implants"], "implant")
    missing = set(expected.get("limits", [])) - {limit["id"] for limit in document["limits"]}
    assert not missing
    unwanted = set(expected.get("limits_absent", [])) & {limit["id"] for limit in document["limits"]}
    assert not unwanted
    assert set(expected.get("advice", [])) <= {step["id"] for step in document["advice"]}
    for pattern in expected.get("absent", []):
        assert not any(matches(pattern, item) for item in document["findings"]), f"{pattern} must not be found: {story}"


def test_every_scenario_says_what_it_tells() -> None:
    for path in scenarios():
        assert set(load(path)) <= {"title", "facts", "pack", "evidence", "wrap", "expect"}, path.name
        assert load(path)["title"], path.name
