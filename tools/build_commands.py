"""Writes `docs/reference/commands.md` from the program's own help; a test holds the two together.

Run it as `python tools/build_commands.py` when an option changes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "commands.md"
COMMANDS = (
    "", "examine", "pack check", "census add", "census list", "census remove", "census show", "census diff",
    "census owners", "census report",
    "trace run", "trace matrix", "trace index",
)  # fmt: skip
_HEAD = """# Commands

What `--help` says, made by `tools/build_commands.py`. What the answers mean: [verdicts](verdicts.md),
[assessment.json](assessment.md), [census](../census-reference.md), [trace](../trace.md).
"""
_NOTES = {"trace run": "`run` may be left out: `waspglass trace SAMPLE --against SHARED`.\n\n"}


def help_of(command: str) -> str:
    """The help of a command, 100 columns wide and without blank lines."""
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}
    done = subprocess.run(  # noqa: S603  # this program, with the words above
        [sys.executable, "-m", "waspglass.cli", *command.split(), "--help"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return "\n".join(line.rstrip() for line in done.stdout.splitlines() if line.strip())


def page() -> str:
    """The whole document."""
    parts = [_HEAD]
    for command in COMMANDS:
        title = f"waspglass {command}".strip()
        parts.append(f"## {title}\n\n{_NOTES.get(command, '')}```\n{help_of(command)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
