"""The example is what its script makes, and the tutorial works as typed."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from waspglass.cli.census import app

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "census-march-2021"
TUTORIAL = ROOT / "docs" / "census-tutorial.md"


def test_the_committed_example_is_what_its_script_makes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_census_example", EXAMPLE / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.make(tmp_path)
    made = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {name: (EXAMPLE / name).read_bytes() for name in made}
    assert {name for name in made if made[name] != kept[name]} == set()
    committed = {path.relative_to(EXAMPLE).as_posix() for path in (EXAMPLE / "exports").iterdir()}
    assert committed == {name for name in made if name.startswith("exports")}


def test_the_tutorial_works_as_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each `$ waspglass census ...` runs; each line shown under it is in the output, in this order."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(EXAMPLE, tmp_path / "examples" / EXAMPLE.name)
    commands = 0
    for block in re.findall(r"```console\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            if not command.startswith("waspglass census "):
                assert command.startswith(("head ", "cat ")), command
                continue
            words: list[str] = []
            for word in shlex.split(command.removeprefix("waspglass census ")):
                words += sorted(map(str, Path().glob(word))) if "*" in word else [word]
            result = CliRunner().invoke(app, words)
            assert result.exit_code == 0, result.output
            output = [line.rstrip() for line in result.output.replace(os.sep, "/").splitlines()]
            at = 0
            for line in filter(None, (line.rstrip() for line in shown.splitlines())):
                if line == "...":
                    continue
                assert line in output[at:], (command, line, result.output)
                at = output.index(line, at) + 1
            commands += 1
    assert commands >= 8
