"""`waspglass pack check`: the built-in pack is faultless, and faults are told with file, line and severity."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.test_examine import run
from waspglass.packs.load import pack_folder

RULE = "sigma/iis/iis-proxylogon-session.yml"


def test_every_rule_of_the_built_in_pack_fires_on_its_samples_and_only_there() -> None:
    done = run("pack", "check", "proxylogon")
    assert done.returncode == 0, done.stdout
    assert "0 errors" in done.stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "issue"),
    [
        (
            "sigma/iis/iis-proxylogon-session.yml",
            "samples/iis/session_241.log",
            "samples/iis/benign.log",
            "does not fire",
        ),
        ("sigma/iis/iis-proxylogon-session.yml", "rung: exploited", "rung: conquered", "conquered"),
        ("pack.yml", 'first_exploitation: "2021-01-03T00:00:00Z"', "first_exploitation: soon", "datetime"),
        ("artefacts.yml", "format: w3c", "format: w3k", "w3k"),
        ("artefacts.yml", "entry: true", "entry: perhaps", "entry"),
        ("timeline.csv", ",quoted", ",unverified", "unverified"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, file: str, old: str, new: str, issue: str) -> None:
    folder = tmp_path / "proxylogon"
    shutil.copytree(pack_folder("proxylogon"), folder)
    target = folder / file
    text = target.read_text(encoding="utf-8")
    assert old in text
    target.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = run("pack", "check", str(folder))
    assert done.returncode == 4, done.stdout
    said = re.findall(r"(\d+) (issue|error)(s?)\b", done.stdout.splitlines()[-1])
    assert len(said) == 2
    assert all((number == "1") == (ending == "") for number, _, ending in said)
    lines = [line for line in done.stdout.splitlines() if "error" in line and Path(file).name in line]
    assert any(issue in line and re.search(r":\d+:", line) for line in lines), done.stdout


def test_what_is_never_looked_for_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "toolshell"
    shutil.copytree(pack_folder("toolshell"), folder)
    (folder / "indicators").mkdir(exist_ok=True)
    (folder / "indicators" / "notes.csv").write_text("somebody's notes\n")
    (folder / "indicators" / "list.csv").write_text("type,value\naddress,203.0.113.9\nmutex,abcdef\n")
    done = run("pack", "check", str(folder))
    assert done.returncode == 0, done.stdout
    assert "indicators/notes.csv: warning: 1 of its entries are never looked for" in done.stdout
    assert "indicators/list.csv: warning: 1 of its entries are never looked for: line 3: type 'mutex'" in done.stdout


def test_a_folder_that_is_no_pack(tmp_path: Path) -> None:
    done = run("pack", "check", str(tmp_path))
    assert done.returncode == 4
    assert "pack.yml" in done.stdout + done.stderr
