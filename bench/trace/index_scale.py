"""Indexing many files and one query, beside the time in which ripgrep reads the same files.

    python -m bench.trace.index_scale FOLDER [--files 100000] [--runs 3]

A folder that is empty or missing is filled with synthetic programs first; one that has files is taken as it is.
Each run measures ripgrep, index and query one after the other, as whole processes, all files in the page cache.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.trace.synthetic import write_programs

GOAL = 20
"""Times that ripgrep may read all files while one index is built and one query answered."""

Spent = tuple[float, float]


def spent(command: list[str]) -> Spent:
    """CPU and wall seconds of a command and its children."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in {0, 30, 40}:
        raise SystemExit(f"failed with {done.returncode}: {' '.join(command)}")
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main() -> None:
    """Prints each run and the median ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    if not folder.exists() or not any(folder.iterdir()):
        write_programs(folder, arguments.files)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in files)
    print(f"{len(files)} files, {size / 1e6:.0f} MB, {size / max(1, len(files)):.0f} bytes on average")
    sample = files[len(files) // 3]
    waspglass = [sys.executable, "-m", "waspglass.cli", "trace"]
    ripgrep = ["rg", "-c", ".", "--no-ignore", str(folder)]
    spent(ripgrep)
    ratios: list[Spent] = []
    with tempfile.TemporaryDirectory() as scratch:
        index = f"{scratch}/index"
        for _ in range(arguments.runs):
            read = spent(ripgrep)
            built = spent([*waspglass, "index", str(folder), "--out", index])
            asked = spent([*waspglass, str(sample), "--index", index])
            ratios.append(((built[0] + asked[0]) / read[0], (built[1] + asked[1]) / read[1]))
            for name, (cpu, wall) in (("rg", read), ("index", built), ("query", asked)):
                print(f"{name:6} {cpu:7.2f} s CPU {wall:7.2f} s", end="   ")
            print(f"index and query: {ratios[-1][0]:.1f} x rg in CPU, {ratios[-1][1]:.1f} x in wall", flush=True)
    cpu, wall = (median(ratio[which] for ratio in ratios) for which in (0, 1))
    print(f"median: {cpu:.1f} x in CPU, {wall:.1f} x in wall; goal {GOAL} x or less")


if __name__ == "__main__":
    main()
