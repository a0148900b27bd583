"""Waspglass beside the peers that registries ship, on the labelled pairs of `bench.trace.datasets`.

    python -m bench.trace.peers DATA PAIRS [--peers waspglass,copydetect,datasketch,dolos] [--sets a,b]

Peers are installed by hand: `pip install copydetect datasketch`, and `npm install @dodona/dolos-lib` in the folder
given by --dolos. A peer that is not there is left out with a word. A pair that a peer gives no score counts as its
lowest. CPU seconds include reading; programs that are folders are handed over as one file.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import resource
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.trace.figures import average_precision, best_f1, roc_auc, true_positives_at
from bench.trace.scored_sets import read_bytes, read_programs
from waspglass.trace.collection import Collection
from waspglass.trace.commons import load_commons

Row = dict[str, str]
Pair = frozenset[str]
Scores = dict[Pair, float]
SUFFIX = {"java": ".java", "c": ".cpp", "cpp": ".cpp", "python": ".py"}


def waspglass(root: Path, rows: list[Row], _files: dict[str, Path], _dolos: Path) -> Scores:
    """This project."""
    programs = read_programs(root, rows)
    number = {program.name: index for index, program in enumerate(programs)}
    first, second = (np.array([number[row[side]] for row in rows]) for side in ("path_a", "path_b"))
    score = Collection(programs, load_commons()).score_pairs(first, second).score
    return {frozenset((r["path_a"], r["path_b"])): float(s) for r, s in zip(rows, score, strict=True)}


def copydetect(_root: Path, rows: list[Row], files: dict[str, Path], _dolos: Path) -> Scores:
    """Winnowing with its own defaults; the greater of the two directions."""
    module = importlib.import_module("copydetect")
    prints = {name: module.CodeFingerprint(str(path), 25, 1) for name, path in files.items()}
    found = {}
    for row in rows:
        _, similarity, _ = module.compare_files(prints[row["path_a"]], prints[row["path_b"]])
        found[frozenset((row["path_a"], row["path_b"]))] = float(max(similarity))
    return found


def datasketch(_root: Path, rows: list[Row], files: dict[str, Path], _dolos: Path) -> Scores:
    """MinHash of 5-word shingles."""
    module = importlib.import_module("datasketch")
    sketches = {}
    for name, path in files.items():
        words = path.read_text(encoding="utf-8", errors="replace").split()
        sketches[name] = module.MinHash(num_perm=128)
        for start in range(max(1, len(words) - 4)):
            sketches[name].update(" ".join(words[start : start + 5]).encode())
    return {
        frozenset((row["path_a"], row["path_b"])): float(sketches[row["path_a"]].jaccard(sketches[row["path_b"]]))
        for row in rows
    }


DOLOS = """
import { Dolos } from "@dodona/dolos-lib";
import { readFileSync } from "node:fs";
const { language, files } = JSON.parse(readFileSync(process.argv[2]));
const report = await new Dolos({ language }).analyzePaths(files);
for (const p of report.allPairs())
  process.stdout.write(JSON.stringify([p.leftFile.path, p.rightFile.path, p.similarity]) + "\\n");
"""


def dolos(_root: Path, rows: list[Row], files: dict[str, Path], folder: Path) -> Scores:
    """Dolos with its defaults."""
    language = {"c": "cpp"}.get(rows[0]["lang"], rows[0]["lang"])
    task, script = folder / "task.json", folder / "run.mjs"
    task.write_text(json.dumps({"language": language, "files": [str(path) for path in files.values()]}))
    script.write_text(DOLOS)
    done = subprocess.run(["node", str(script), str(task)], capture_output=True, text=True, check=True, cwd=folder)
    names = {str(path): name for name, path in files.items()}
    found = {}
    for line in done.stdout.splitlines():
        left, right, similarity = json.loads(line)
        found[frozenset((names[left], names[right]))] = float(similarity)
    return found


PEERS: dict[str, Callable[[Path, list[Row], dict[str, Path], Path], Scores]] = {
    "waspglass": waspglass, "copydetect": copydetect, "datasketch": datasketch, "dolos": dolos,
}  # fmt: skip


def missing(peer: str, folder: Path) -> bool:
    """Whether a peer is not installed."""
    if peer == "dolos":
        return not (folder / "node_modules/@dodona/dolos-lib").exists()
    return importlib.util.find_spec(peer) is None


def files_of(root: Path, rows: list[Row], folder: Path) -> dict[str, Path]:
    """Each program as one file with the ending of its language."""
    found: dict[str, Path] = {}
    for row in rows:
        for side in ("path_a", "path_b"):
            if row[side] not in found:
                path = folder / f"{len(found):05}{SUFFIX[row['lang']]}"
                path.write_text(read_bytes(root, row[side], row["lang"]).decode("utf-8", "replace"), encoding="utf-8")
                found[row[side]] = path
    return found


def cpu() -> float:
    """CPU seconds of this process and of those it waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    """Prints one line a set and peer, then the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--sets", default="")
    parser.add_argument("--dolos", type=Path, default=Path())
    arguments = parser.parse_args()
    peers = [peer for peer in arguments.peers.split(",") if not missing(peer, arguments.dolos)]
    print("left out, not installed:", sorted(set(arguments.peers.split(",")) - set(peers)))
    wanted = set(arguments.sets.split(",")) - {""}
    table: dict[str, list[list[float]]] = {peer: [] for peer in peers}
    for path in sorted(arguments.pairs.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        label = np.array([int(row["label"]) for row in rows])
        if (wanted and path.stem not in wanted) or label.sum() < 10:
            continue
        with tempfile.TemporaryDirectory() as folder:
            files = files_of(arguments.data, rows, Path(folder))
            for peer in peers:
                begin = cpu()
                try:
                    scores = PEERS[peer](arguments.data, rows, files, arguments.dolos.resolve())
                except subprocess.CalledProcessError as fault:
                    print(f"{path.stem:18} {peer:10} failed: {fault.stderr[-200:]!r}")
                    continue
                spent = cpu() - begin
                least = min(scores.values(), default=0.0) - 1e-9
                score = np.array([scores.get(frozenset((r["path_a"], r["path_b"])), least) for r in rows])
                found = [roc_auc(label, score), average_precision(label, score), best_f1(label, score)]
                found += [true_positives_at(label, score, rate) for rate in (0.01, 0.001)]
                table[peer].append(found)
                print(f"{path.stem:18} {peer:10}", *(f"{value:.3f}" for value in found), f"{spent:7.1f} s", flush=True)
    for peer, figures in table.items():
        print(f"mean of {len(figures):2} sets   {peer:10}", *(f"{value:.3f}" for value in np.mean(figures, axis=0)))


if __name__ == "__main__":
    main()
