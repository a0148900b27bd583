"""Waspglass beside the peers that registries ship, on the labelled pairs of `bench.trace.datasets`.

    python -m bench.trace.peers DATA PAIRS --tools FOLDER [--peers waspglass,sim] [--sets a,b]

The peers are installed into FOLDER on the first run, from PyPI and npm; `sim` is Debian's package similarity-tester
(apt-get install similarity-tester). A peer that cannot be had is left out with a word. A pair that a peer gives no
score counts as its lowest. CPU seconds include reading and starting; programs that are folders are handed over as one
file.
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from bench.trace.figures import average_precision, best_f1, roc_auc, true_positives_at
from bench.trace.peer_tools import PEERS, install, peer_scores
from bench.trace.scored_sets import read_bytes, read_programs
from waspglass.trace.calibration import load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.commons import load_commons
from waspglass.trace.matrix import listed_pairs

Row = dict[str, str]
Scores = dict[frozenset[str], float]
SUFFIX = {"java": ".java", "c": ".cpp", "cpp": ".cpp", "python": ".py"}


def waspglass(root: Path, rows: list[Row]) -> Scores:
    """This project."""
    programs = read_programs(root, rows)
    number = {program.name: index for index, program in enumerate(programs)}
    first, second = (np.array([number[row[side]] for row in rows]) for side in ("path_a", "path_b"))
    score = listed_pairs(Collection(programs, load_commons()), first, second, load_calibration()).score
    return {frozenset((r["path_a"], r["path_b"])): float(s) for r, s in zip(rows, score, strict=True)}


def by_peer(peer: str, tools: Path, rows: list[Row], files: dict[str, Path]) -> Scores:
    """A peer's scores by the names of the pairs."""
    names = list(files)
    number = {name: index for index, name in enumerate(names)}
    pairs = [(number[row["path_a"]], number[row["path_b"]]) for row in rows]
    found = peer_scores(peer, tools, rows[0]["lang"], list(files.values()), pairs)
    return {frozenset((names[a], names[b])): score for a, b, score in found}


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
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--peers", default=",".join(("waspglass", *PEERS)))
    parser.add_argument("--sets", default="")
    arguments = parser.parse_args()
    tools = arguments.tools.resolve()
    there = {"waspglass", *install(tools)}
    peers = [peer for peer in arguments.peers.split(",") if peer in there]
    print("left out, not to be had:", sorted(set(arguments.peers.split(",")) - set(peers)))
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
                    own = peer == "waspglass"
                    scores = waspglass(arguments.data, rows) if own else by_peer(peer, tools, rows, files)
                except subprocess.CalledProcessError as fault:
                    print(f"{path.stem:18} {peer:20} failed: {str(fault.stderr)[-200:]!r}")
                    continue
                spent = cpu() - begin
                least = min(scores.values(), default=0.0) - 1e-9
                score = np.array([scores.get(frozenset((r["path_a"], r["path_b"])), least) for r in rows])
                found = [roc_auc(label, score), average_precision(label, score), best_f1(label, score)]
                found += [true_positives_at(label, score, rate) for rate in (0.01, 0.001)]
                table[peer].append(found)
                print(f"{path.stem:18} {peer:20}", *(f"{value:.3f}" for value in found), f"{spent:7.1f} s", flush=True)
    for peer, figures in ((peer, figures) for peer, figures in table.items() if figures):
        print(f"mean of {len(figures):2} sets   {peer:20}", *(f"{value:.3f}" for value in np.mean(figures, axis=0)))


if __name__ == "__main__":
    main()
