"""The peers that registries ship, installed into a folder of their own, and how each is asked for scores.

compare50 needs an old `attrs` that the tests of this project cannot have, so the peers get their own environment.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

__all__ = ["PEERS", "install", "peer_scores"]

PACKAGES = ("copydetect==0.5.0", "compare50==1.2.15", "diffinite==0.13.1", "datasketch==2.0.0", "setuptools<81")
PYTHON_PEERS = ("copydetect", "datasketch", "compare50", "diffinite", "diffinite_normalised")
PEERS = (*PYTHON_PEERS, "dolos", "sim")
SIM = {"java": "sim_java", "c": "sim_c++", "cpp": "sim_c++", "python": "sim_text"}

DOLOS = """
import { Dolos } from "@dodona/dolos-lib";
import { readFileSync } from "node:fs";
const { language, files } = JSON.parse(readFileSync(process.argv[2]));
const number = new Map(files.map((file, index) => [file, index]));
const report = await new Dolos({ language }).analyzePaths(files);
for (const p of report.allPairs()) {
  const row = [number.get(p.leftFile.path), number.get(p.rightFile.path), p.similarity];
  process.stdout.write(JSON.stringify(row) + "\\n");
}
"""

Score = tuple[int, int, float]


def _python(tools: Path) -> Path:
    return tools / "venv" / "bin" / "python"


def install(tools: Path) -> list[str]:
    """Installs what is missing in the folder; returns the peers that can be run."""
    tools.mkdir(parents=True, exist_ok=True)
    if not _python(tools).exists():
        venv.create(tools / "venv", with_pip=True)
        subprocess.run([str(_python(tools)), "-m", "pip", "install", "-q", *PACKAGES], check=True)
    if not (tools / "node_modules/@dodona/dolos-lib").exists() and shutil.which("npm"):
        subprocess.run(["npm", "install", "--silent", "@dodona/dolos-lib"], check=True, cwd=tools)
    (tools / "run.mjs").write_text(DOLOS, encoding="utf-8")
    found = [*PYTHON_PEERS]
    found += ["dolos"] if (tools / "node_modules/@dodona/dolos-lib").exists() and shutil.which("node") else []
    found += ["sim"] if all(shutil.which(name) for name in SIM.values()) else []  # Debian: similarity-tester
    return found


def _rows(command: list[str], **options: object) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=True, **options)  # type: ignore[call-overload]  # cwd, env, input
    return str(done.stdout).splitlines()


def _sim(lang: str, files: list[Path]) -> list[Score]:
    """The greater of the two percentages of each pair; what it does not list has none."""
    names = "".join(f"{path.name}\n" for path in files)
    command = [SIM[lang], "-p", "-e", "-T", "-t", "1", "-i"]
    number = {path.name: index for index, path in enumerate(files)}
    best: dict[tuple[int, int], float] = {}
    for row in _rows(command, input=names, cwd=files[0].parent):
        match = re.match(r"(\S+) consists for (\d+) % of (\S+) material", row)
        if match:
            a, b = sorted((number[match[1]], number[match[3]]))
            best[a, b] = max(best.get((a, b), 0.0), float(match[2]))
    return [(a, b, score) for (a, b), score in best.items()]


def peer_scores(peer: str, tools: Path, lang: str, files: list[Path], pairs: list[tuple[int, int]]) -> list[Score]:
    """Scores of pairs of files by one peer; it may leave some out, or give more.

    Raises:
        subprocess.CalledProcessError: If the peer fails.
    """
    if peer == "sim":
        return _sim(lang, files)
    task = files[0].parent / f"{peer}.json"
    language = {"c": "cpp"}.get(lang, lang)
    task.write_text(json.dumps({"language": language, "files": [str(path) for path in files], "pairs": pairs}))
    if peer == "dolos":
        rows = _rows(["node", str(tools / "run.mjs"), str(task)], cwd=tools)
    else:
        script = Path(__file__).with_name("peer_scores.py")
        rows = _rows([str(_python(tools)), str(script), peer, str(task)], env={"PYTHONHASHSEED": "0"})
    sys.stderr.flush()
    return [(int(a), int(b), float(score)) for a, b, score in map(json.loads, rows)]
