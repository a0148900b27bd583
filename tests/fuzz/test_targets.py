"""Every seed, every input that once showed a fault, and chance damage to seeds: what `make fuzz` does for longer."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import main
from tests.fuzz.target import PROJECT
from tests.fuzz.targets import TARGETS

CRASHES = Path(__file__).parent / "crashes"
SECONDS = 30
KNOWN = [
    pytest.param(folder.name, path, id=f"{folder.name}-{path.name}")
    for folder in sorted(CRASHES.iterdir())
    for path in sorted(folder.iterdir())
]


def test_crashes_belong_to_targets() -> None:
    assert {folder.name for folder in CRASHES.iterdir()} <= set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_are_read(name: str) -> None:
    seeds = list(TARGETS[name].seeds())
    assert seeds
    for data in seeds:
        TARGETS[name].try_one(data)


@pytest.mark.parametrize(("name", "path"), KNOWN)
def test_what_once_was_a_fault_is_none(name: str, path: Path) -> None:
    begun = time.process_time()
    TARGETS[name].try_one(path.read_bytes())
    assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=15)
@given(data=st.data())
def test_chance_damage(name: str, data: st.DataObject) -> None:
    target = TARGETS[name]
    content = data.draw(st.sampled_from(list(target.seeds())))
    for _ in range(data.draw(st.integers(0, 4))):
        at, cut = data.draw(st.integers(0, len(content))), data.draw(st.integers(0, 20))
        put = data.draw(st.sampled_from((b"", b"\0", b"\xff", *target.words)) | st.binary(max_size=8))
        content = content[:at] + put + content[at + cut :]
    target.try_one(content)


def test_without_atheris_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["fuzz", "--seconds", "1"])
    assert main() == 0
    assert "pip install '.[fuzz]' in the checkout" in capsys.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="Atheris is not installed")
def test_the_guard_and_the_record_of_faults_work(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from tests.fuzz.one_target import Faults; from tests.fuzz.guard import watch\n"
        f"watch(Path({str(tmp_path)!r}))\n"
        f"Faults(Path({str(tmp_path)!r})).keep('x', b'data', '')\n"
        "try:\n open('/work-outside-of-scratch', 'w')\nexcept BaseException as fault:\n print(type(fault).__name__)\n"
    )
    # Our own interpreter on a fixed text.
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "ForbiddenError"
    assert len(list(tmp_path.iterdir())) == 2
