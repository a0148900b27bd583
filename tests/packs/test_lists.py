"""Lists that stand in several rules, because Sigma has no way to share them: what one knows, the others know."""

from __future__ import annotations

import pytest
import yaml

from waspglass.packs.load import load_pack

Detection = dict[str, dict[str, object]]


def detections(pack: str) -> dict[str, Detection]:
    documents = (rule for source in load_pack(pack).sigma for rule in yaml.safe_load_all(source.text))
    return {rule["name"]: rule["detection"] for rule in documents if "detection" in rule}


def listed(part: dict[str, object], field: str) -> set[str]:
    values = part[field]
    assert isinstance(values, list)
    return {str(value).replace("\\", "/") for value in values}


def test_published_paths_of_implants_are_the_same_in_files_logs_and_compiled_pages() -> None:
    rules = detections("proxylogon")
    files = listed(rules["web-known-implant-path"]["path"], "path|endswith")
    assert len(files) > 50
    assert files == listed(rules["compiled-known-path"]["path"], "virtual_path|endswith")
    for name in ("iis-known-page-used", "iis-known-page-answered"):
        assert files == listed(rules[name]["path"], "cs-uri-stem"), name


def test_pages_of_sharepoint_are_the_same_in_files_and_logs() -> None:
    rules = detections("toolshell")
    files = listed(rules["half-page-below-layouts"]["product"], "path|endswith")
    assert len(files) > 100
    for name in ("half-page-with-forged-referrer", "iis-page-answered-the-sender-hint"):
        assert files == listed(rules[name]["product"], "cs-uri-stem|endswith"), name


@pytest.mark.parametrize("part", ["product", "programdata"])
def test_a_module_below_programdata_is_the_same_to_both_rules_of_both_packs(part: str) -> None:
    names = ("iis-module-in-writable-folder", "iis-module-unknown")
    found = [
        listed(detections(pack)[name][part], "image|contains") for pack in ("proxylogon", "toolshell") for name in names
    ]
    assert found[0]
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("pack", ["proxylogon", "toolshell"])
def test_what_is_in_a_writable_folder_is_told_by_one_of_the_rules_of_modules(pack: str) -> None:
    rules = detections(pack)
    assert rules["iis-module-in-writable-folder"]["writable"] == rules["iis-module-unknown"]["writable"]
