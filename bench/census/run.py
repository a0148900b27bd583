"""Measures `census add` and `census show` against what people use today, with ratios from one run.

    pip install '.[bench]'
    python -m bench.census.run                  # 1 million banners; 30 days x 300,000 hosts; 100 million rows
    python -m bench.census.run --scale 0.05     # the same, small, in a minute

Every contender runs in a process of its own; CPU seconds are user and system time of it and its children, memory is the
largest resident set. All data are synthetic and made from a seed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Measure:
    """One contender: seconds of CPU and of the clock, megabytes, and what it printed last."""

    name: str
    cpu: float
    wall: float
    megabytes: float
    answer: str


def measure(name: str, *command: str) -> Measure:
    """Runs a contender and measures its whole process tree."""
    started = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": "src"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name} failed with {process.returncode}")
    lines = output.strip().splitlines()
    return Measure(
        name,
        round(usage.ru_utime + usage.ru_stime, 2),
        round(time.perf_counter() - started, 2),
        round(usage.ru_maxrss / 1024, 1),
        lines[-1][:100] if lines else "",
    )


def contender(name: str, *words: object) -> Measure:
    """Runs a function of `contenders.py`."""
    return measure(name, sys.executable, "-m", "bench.census.contenders", name, *map(str, words))


def waspglass(name: str, *words: object) -> Measure:
    """Runs a command of the census."""
    return measure(name, sys.executable, "-m", "waspglass.cli", "census", *map(str, words))


def table(title: str, measures: list[Measure], ours: Measure) -> None:
    """Prints the measures with their ratio to ours."""
    print(f"\n{title}\n{'':34}{'CPU s':>10}{'clock s':>10}{'MB':>9}{'CPU ratio':>11}{'clock ratio':>13}")
    for each in measures:
        ratios = f"{each.cpu / ours.cpu:>10.1f}x{each.wall / ours.wall:>12.1f}x"
        print(f"{each.name:<34}{each.cpu:>10}{each.wall:>10}{each.megabytes:>9}{ratios}")


def adding(folder: Path, count: int) -> list[Measure]:
    """`census add` against the `shodan` package, on one download."""
    export = folder / f"shodan-{count}-2021-03-09.json.gz"
    if not export.exists():  # kept from a run before
        contender("make_banners", export, count)
    print(f"{count} banners, {export.stat().st_size / 1e6:.0f} MB packed")
    ours = waspglass("waspglass census add", "add", export, "--store", folder / "store-add")
    shutil.rmtree(folder / "store-add")
    spread = waspglass("census add --workers 2", "add", export, "--store", folder / "store-add", "--workers", 2)
    measures = [
        ours,
        spread,
        contender("shodan_iterate_files", export),
        measure("shodan parse", sys.executable, "-m", "bench.census.contenders", "shodan_parse", str(export)),
    ]
    table("census add", measures, ours)
    return measures


def showing(folder: Path, days: int, hosts: int) -> list[Measure]:
    """`census show` over days of CSV against pandas on the same CSV."""
    files = folder / "days"
    contender("make_days", files, days, hosts)
    store = folder / "store-days"
    filled = waspglass("census add (days)", "add", *sorted(files.iterdir()), "--store", store)
    shown = ("show", "--store", store, "--over-time", "--by", "country", "--no-servers", "--format", "csv")
    ours = waspglass("waspglass census show", *shown)
    again = waspglass("waspglass census show, again", *shown)
    measures = [ours, again, contender("pandas_on_csv", files), filled]
    table(f"census show, {days} days x {hosts} hosts", measures, ours)
    return measures


def large(folder: Path, rows: int) -> list[Measure]:
    """`census show` with servers over many rows, to see that memory stays bounded."""
    store = folder / "store-large"
    contender("make_large_store", store, rows)
    size = sum(path.stat().st_size for path in store.rglob("*.parquet"))
    print(f"\n{rows} rows, {size / 1e9:.1f} GB of Parquet")
    plain = waspglass("census show", "show", "--store", store, "--over-time", "--no-servers")
    servers = waspglass("census show, with servers", "show", "--store", store, "--over-time")
    table(f"census show, {rows} rows", [plain, servers], plain)
    return [plain, servers]


def main() -> None:
    """Runs all three and writes `results.json` into the folder that is kept with --keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full sizes")
    parser.add_argument("--only", choices=("add", "show", "large"))
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it")
    arguments = parser.parse_args()
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="waspglass-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    results: dict[str, list[Measure]] = {}
    try:
        if arguments.only in (None, "add"):
            results["add"] = adding(folder, int(1_000_000 * arguments.scale))
        if arguments.only in (None, "show"):
            results["show"] = showing(folder, 30, int(300_000 * arguments.scale))
        if arguments.only in (None, "large"):
            results["large"] = large(folder, int(100_000_000 * arguments.scale))
        plain = {name: [asdict(each) for each in measures] for name, measures in results.items()}
        (folder / "results.json").write_text(json.dumps(plain, indent=1))
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\nLargest process: {peak:.0f} MB")


if __name__ == "__main__":
    main()
