"""`python -m bench.hunt`: MB per CPU-second of the whole process, ours and the peers', in one run, as Markdown.

Each cell is the median of `--repeat` interleaved runs of a fresh process (user + system time of it and its children), after one
that fills the caches: compiled modules, read rules, chosen needles, databases.
All logs are synthetic and seeded; attack lines in them are inert. Logs are below a gigabyte unless `--gb` says otherwise.
"""

# ruff: noqa: E501 - tables of log lines and rules, one a line

from __future__ import annotations

import argparse
import gzip
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.hunt.floods import many_indicators, many_pages, write_flood
from bench.hunt.load import bench_rules, fixed_strings
from bench.hunt.measure import PEERS
from bench.hunt.synthetic import indicator_values, write_httpproxy, write_iis

Row = tuple[str, Path, str, int, str]
_MB = 1_000_000


def _cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    settings = {**os.environ, "POLARS_MAX_THREADS": "1"}
    settings.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its modules compiled
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=settings)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _ours(peer: str, kind: str, log: Path) -> list[str]:
    return [sys.executable, "-m", "bench.hunt.measure", peer, kind, str(log)]


def _ripgrep(needles: Path, log: Path) -> list[str]:
    zipped = ["-z"] if log.suffix == ".gz" else []
    return ["rg", "-a", "-F", "-i", "-c", *zipped, "-f", str(needles), str(log)]


def _rows(folder: Path, size: int, wanted: list[int] | None) -> list[Row]:
    """Title, log, kind, size of the content, and the seed's story."""
    flood = indicator_values()[2][0]
    made: list[tuple[str, Callable[[Path], object], str, int]] = [
        ("IIS, no intrusion", lambda path: write_iis(path, size, attacks=0.0, seed=3), "iis", size),
        ("IIS, 1 % of lines name an indicator", lambda path: write_iis(path, size, attacks=0.0, rate=0.01), "iis", size),
        ("IIS, intrusion, follow-up pass", lambda path: write_iis(path, size), "iis", size),
        ("IIS, flood: an indicator on 25 % of lines", lambda path: write_iis(path, size, attacks=0.0, flood=flood, flood_rate=0.25), "iis", size),
        ("IIS, flood: an indicator on 95 % of lines", lambda path: write_iis(path, size, attacks=0.0, flood=flood, flood_rate=0.95), "iis", size),
        ("IIS, flood: eight indicators on every line, each time others", lambda path: write_flood(path, size, many_indicators), "iis", size),
        ("IIS, flood: nothing but requests for other pages below /ecp/", lambda path: write_flood(path, size, many_pages), "iis", size),
        ("HttpProxy CSV, no intrusion", lambda path: write_httpproxy(path, size, attacks=0.0), "httpproxy", size),
        ("IIS, no intrusion, 8 % of lines ask for what rules look for", lambda path: write_iis(path, size, attacks=0.0, busy=True), "iis", size),
    ]  # fmt: skip
    rows: list[Row] = []
    for number, (title, write, kind, content) in enumerate(made):
        if wanted is not None and number and number not in wanted:
            continue
        log = folder / f"log{number}.log"
        write(log)
        rows.append((title, log, kind, content, ""))
    if wanted is not None and len(made) not in wanted:
        return rows
    zipped = folder / "log0.log.gz"
    with rows[0][1].open("rb") as plain, gzip.open(zipped, "wb", compresslevel=6) as out:
        shutil.copyfileobj(plain, out, 1 << 20)
    rows.append(("IIS .gz, no intrusion", zipped, "iis", size, ""))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.hunt", description=__doc__)
    parser.add_argument("--gb", type=float, default=0.5, help="size of each log in GB (default 0.5)")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--rows", type=int, nargs="*", help="numbers of the logs to run, from 0 (default: all)")
    parser.add_argument("--folder", type=Path, help="where to write the logs (default: a temporary folder)")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True, help="naive, Polars and DuckDB")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        rows = _rows(folder, int(options.gb * 1e9), options.rows)
        rules = bench_rules()
        rg = shutil.which("rg") is not None
        print(f"{len(rules.rules)} Sigma rules, {len(rules.indicators)} indicators; logs of {options.gb} GB; synthetic")
        if not rg:
            print("skipped: ripgrep is not installed (Debian: apt-get install ripgrep)")
        print("\n| log | ours MB/cpu-s | ripgrep | ours : ripgrep |\n|---|---|---|---|")
        for title, log, kind, content, _ in rows:
            strings = fixed_strings(rules, kind, rows[0][1] if log.suffix == ".gz" else log)
            needles = folder / "needles.txt"
            needles.write_text("\n".join(strings) + "\n")
            _cpu(_ours("ours", kind, log))  # fills the caches
            pairs = [
                (_cpu(_ours("ours", kind, log)), _cpu(_ripgrep(needles, log)) if rg else float("nan"))
                for _ in range(options.repeat)
            ]
            ours, theirs = (content / _MB / statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(b / a for a, b in pairs)
            print(f"| {title} | {ours:.0f} | {theirs:.0f} | {ratio:.2f} |", flush=True)
        if options.peers:
            _peers(folder)


def _peers(folder: Path) -> None:
    """All rules on a smaller log, as these take minutes a gigabyte; ours is timed on a long one, without its start."""
    small, large = folder / "peers.log", folder / "log0.log"
    write_iis(small, 30 * _MB, attacks=0.0, seed=3)
    tiny = folder / "tiny.log"
    write_iis(tiny, 2 * _MB, attacks=0.0, seed=3)
    start = _cpu(_ours("nothing", "iis", small))
    ours = large.stat().st_size / _MB / (_cpu(_ours("ours", "iis", large)) - start)
    print("\n| all rules, exact | MB/cpu-s (without start) | ours is |\n|---|---|---|")
    print(f"| ours | {ours:.0f} | 1 |")
    for peer in PEERS:
        log = tiny if peer == "naive" else small
        speed = log.stat().st_size / _MB / (_cpu(_ours(peer, "iis", log)) - start)
        print(f"| {peer} | {speed:.1f} | {ours / speed:.0f} x |", flush=True)


if __name__ == "__main__":
    main()
