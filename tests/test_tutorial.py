"""Types the commands of tutorials and how-tos, and compares what they show with what the program says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ELSEWHERE = {"docs/census-tutorial.md": "tests/census/test_example.py"}
"""Documents whose commands another test types."""
DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    if "```console" in path.read_text(encoding="utf-8")
)


def words(text: str) -> str:
    """Text without its line breaks, which follow the width of the terminal."""
    return " ".join(text.split())


def steps(text: str) -> list[tuple[str, str]]:
    """Each command with the output shown below it; a block of YAML is written to the file named before it."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            found.append((command, output))
    return found


def written_files(text: str) -> list[tuple[str, str]]:
    """The files that a reader is told to write: ``Write this into `name`:`` and the block after it."""
    return re.findall(r"Write this into `([^`]+)`:\n\n```\w*\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path) -> dict[str, str]:
    """A folder that looks like the checkout, and an environment in which `waspglass` is this one."""
    for name in ("examples", "src", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    program = tmp_path / "bin" / "waspglass"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m waspglass.cli "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "COLUMNS": "100", "NO_COLOR": "1"}


@pytest.mark.skipif(os.name != "posix", reason="the commands are typed into a POSIX shell")
@pytest.mark.parametrize("document", [name for name in DOCUMENTS if name not in ELSEWHERE])
def test_a_document_works_as_typed(document: str, tmp_path: Path, desk: dict[str, str]) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for name, content in written_files(text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    for command, shown in steps(text):
        done = subprocess.run(
            ["/bin/sh", "-c", command], cwd=tmp_path, env=desk, capture_output=True, text=True, check=False
        )
        said = words(done.stdout)
        at = 0
        for part in shown.split("...\n"):
            expected = words(part)
            place = said.find(expected, at)
            assert place >= 0, f"$ {command}\ndoes not say: {expected}\nbut: {said[at:][:2000]}\n{done.stderr}"
            at = place + len(expected)
        assert "Traceback" not in done.stderr, f"$ {command}\n{done.stderr}"
        assert shown or not done.stderr, f"$ {command}\n{done.stderr}"


def test_the_documents_that_are_typed_are_the_ones_with_commands() -> None:
    assert {"README.md", "docs/tutorial.md", "docs/how-to/write-a-pack.md", *ELSEWHERE} <= set(DOCUMENTS)
