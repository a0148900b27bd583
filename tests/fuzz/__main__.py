"""Fuzzes every reader with Atheris: `python -m tests.fuzz [--seconds 60] [--work DIR] [TARGET ...]`.

Each target runs in a process of its own, one after another, on a corpus made of its seeds and of what earlier runs in
the same `--work` found. Inputs that show a fault are put below `WORK/crashes/TARGET`; whoever mends the fault moves
them to `tests/fuzz/crashes/TARGET`, where the test suite tries them for ever.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.target import PROJECT, Target
from tests.fuzz.targets import TARGETS

_ABSENT = (
    "fuzzing needs Atheris, which is not installed and has wheels for CPython 3.11 to 3.13 on Linux x86-64 only.\n"
    "Install it with: pip install '.[fuzz]' in the checkout. The same readers are fuzzed with Hypothesis by"
    " `make test`.\n"
)


@dataclass(frozen=True)
class Result:
    """How one target went."""

    name: str
    executions: int
    features: int
    peak: int
    faults: tuple[str, ...]
    code: int

    def line(self) -> str:
        """One row of the table."""
        return (
            f"{self.name:22} {self.executions:>10,} runs {self.features:>6} features {self.peak:>5} MB"
            f" {'ok' if not self.faults and self.code == 0 else '; '.join(self.faults) or f'ended with {self.code}'}"
        )


_LEAST = 20_000
"""Bytes of the longest input; of the longest seed where that is longer, which libFuzzer would cut."""


def _prepared(target: Target, work: Path) -> tuple[Path, Path, int]:
    """The folder of the corpus, the dictionary, and the length of the longest input."""
    corpus = work / "corpus" / target.name
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = list(target.seeds())
    for data in seeds:
        (corpus / hashlib.sha256(data).hexdigest()[:24]).write_bytes(data)
    words = work / f"{target.name}.dict"
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in target.words)
    words.write_text("".join(f'"{word}"\n' for word in escaped), encoding="ascii")
    return corpus, words, max(_LEAST, *map(len, seeds))


def fuzz(target: Target, seconds: int, work: Path) -> Result:
    """Runs one target for so long."""
    corpus, words, longest = _prepared(target, work)
    crashes = work / "crashes" / target.name
    crashes.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "tests.fuzz.one_target", target.name, str(crashes), str(corpus),
        f"-max_total_time={seconds}", "-timeout=60", "-rss_limit_mb=3000", f"-max_len={longest}", "-len_control=50",
        f"-artifact_prefix={crashes}/native-", "-print_final_stats=1", "-verbosity=1",
    ]  # fmt: skip
    if target.words:  # libFuzzer refuses an empty dictionary
        command.append(f"-dict={words}")
    with tempfile.TemporaryDirectory(prefix="waspglass-fuzz-") as scratch:
        environment = {**os.environ, "TMPDIR": scratch, "XDG_CACHE_HOME": scratch, "POLARS_MAX_THREADS": "1"}
        log = work / f"{target.name}.log"
        with log.open("wb") as out:
            # Our own interpreter and module, no shell.
            done = subprocess.run(command, stderr=out, stdout=out, env=environment, cwd=PROJECT, check=False)
    text = log.read_text(encoding="utf-8", errors="replace")
    return Result(
        target.name,
        int((re.findall(r"number_of_executed_units: (\d+)", text) or re.findall(r"#(\d+)\s", text) or ["0"])[-1]),
        int((re.findall(r" ft: (\d+)", text) or ["0"])[-1]),
        int((re.findall(r"peak_rss_mb: +(\d+)", text) or ["0"])[-1]),
        tuple(dict.fromkeys(re.findall(r"^FAULT (.*?): /", text, re.MULTILINE))),
        done.returncode,
    )


def main() -> int:
    """0 if no target showed a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzzes the readers with Atheris.")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--work", type=Path, default=PROJECT / "out" / "fuzz", help="corpora, logs and crashes")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    asked = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        sys.stderr.write(_ABSENT)
        return 0
    unknown = [name for name in asked.targets if name not in TARGETS]
    if unknown:
        parser.error(f"no target {', '.join(unknown)}")
    clean = True
    for name in asked.targets or TARGETS:
        result = fuzz(TARGETS[name], asked.seconds, asked.work)
        sys.stdout.write(result.line() + "\n")
        sys.stdout.flush()
        clean = clean and not result.faults and result.code == 0
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
