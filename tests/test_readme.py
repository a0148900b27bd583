"""The README cannot lie: help texts, the demo's first lines and links are compared with the real ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("README.md")),
]


def between(name: str) -> str:
    found = re.search(rf"<!-- begin {name} -->\n```\n(.*?)```\n<!-- end {name} -->", README, re.DOTALL)
    assert found, f"the README has no block {name!r}"
    return found[1]


def run(*words: str) -> str:
    environment = {**os.environ, "COLUMNS": "110", "TERM": "dumb", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "waspglass.cli", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize("verb", ["examine"])
def test_the_help_in_the_readme_is_the_real_one(verb: str) -> None:
    shown = [line.rstrip() for line in between(f"help: {verb}").splitlines()]
    real = [line.rstrip() for line in run(verb, "--help").splitlines()]
    assert shown == [line for line in real if line] or shown == real


def test_the_demo_opens_with_what_the_readme_shows() -> None:
    example = "examples/patched-but-occupied"
    real = " ".join(run("examine", example, "--facts", f"{example}.facts.json").split())
    assert real.startswith(" ".join(between("demo").split()))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_command_is_in_some_document() -> None:
    text = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    for command in ("examine", "pack check", "census add", "census show", "census diff", "census owners"):
        assert f"waspglass {command}" in text
    for command in ("census report", "trace matrix", "trace index"):
        assert f"waspglass {command}" in text
