"""Types the tutorial's commands and compares what it shows with what the program says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = ROOT / "docs" / "tutorial.md"


def words(text: str) -> str:
    """Text without its line breaks, which follow the width of the terminal."""
    return " ".join(text.split())


def steps(text: str) -> list[tuple[str, str]]:
    """Each command with the output shown below it."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            found.append((command, output))
    return found


def test_the_tutorial_works_as_typed(tmp_path: Path) -> None:
    text = TUTORIAL.read_text(encoding="utf-8")
    for name in ("examples", "src", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "waspglass").write_text(f'#!/bin/sh\nexec {sys.executable} -m waspglass.cli "$@"\n')
    (tmp_path / "bin" / "waspglass").chmod(0o755)
    (tmp_path / "out" / "tutorial").mkdir(parents=True)
    rule = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert rule
    (tmp_path / "out" / "tutorial" / "mine.yml").write_text(rule[1])
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "COLUMNS": "100", "NO_COLOR": "1"}
    commands = steps(text)
    assert len(commands) >= 5
    for command, shown in commands:
        done = subprocess.run(
            ["/bin/sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        said = words(done.stdout)
        at = 0
        for part in shown.split("...\n"):
            expected = words(part)
            place = said.find(expected, at)
            assert place >= 0, f"$ {command}\ndoes not say: {expected}\nbut: {said[at:][:2000]}\n{done.stderr}"
            at = place + len(expected)
