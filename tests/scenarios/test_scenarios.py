"""Every scenario through the whole of `examine`, from files on disk to the assessment."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.scenarios.notation import lay_out, load, scenarios
from waspglass.examine.run import Request, examine
from waspglass.hunt.cache import Cache, user_cache_folder
from waspglass.model.assessment import Assessment
from waspglass.model.facts import Facts
from waspglass.packs.load import load_pack
from waspglass.packs.pack import Pack
from waspglass.report.write import Format, write_reports

EXPECT = {
    "verdict",
    "rungs",
    "lid",
    "first_entry",
    "sentence",
    "findings",
    "review",
    "review_absent",
    "skipped",
    "implants",
    "limits",
    "limits_absent",
    "advice",
    "absent",
}


def assessment_of(path: Path, folder: Path) -> Assessment:
    scenario = load(path)
    facts = Facts.model_validate(scenario.get("facts", {}))
    evidence = lay_out(scenario, folder)
    created, cache = datetime(2021, 4, 2, tzinfo=UTC), Cache(user_cache_folder())
    return examine(Request(evidence, pack_of(path), created, "test", facts, cache=cache))


def pack_of(path: Path) -> Pack:
    return load_pack(str(load(path).get("pack", "proxylogon")))


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
    if "first_entry" in expected:
        assert document["first_entry"] == expected["first_entry"], story
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
    for pattern in expected.get("review_absent", []):
        assert not any(matches(pattern, item) for item in document["review"]), f"{pattern} must be no hint"
    check_reports(result, pack_of(path), tmp_path / "reports")


def check_reports(result: Assessment, pack: Pack, folder: Path) -> None:
    """Every format of a real result, with what only a real one can lack."""
    written = {path.name: path.read_text(encoding="utf-8") for path in write_reports(result, folder)}
    assert set(written) == {form.value for form in Format}
    assert Assessment.model_validate_json(written[Format.JSON]) == result
    bundle = json.loads(written[Format.STIX])["objects"]
    assert {one["name"] for one in bundle if one["type"] == "vulnerability"} == set(pack.cves) == set(result.pack.cves)
    assert all(cve in written[Format.HTML] for cve in pack.cves)
    assert all(json.loads(line)["timestamp_desc"] for line in written[Format.TIMELINE].splitlines())
    assert result.sentence.split()[0] in written[Format.TEXT]


def test_every_scenario_says_what_it_tells() -> None:
    for path in scenarios():
        assert set(load(path)) <= {"title", "facts", "pack", "evidence", "wrap", "expect"}, path.name
        assert load(path)["title"], path.name
        expected = load(path)["expect"]
        assert isinstance(expected, dict)
        assert set(expected) <= EXPECT, path.name
