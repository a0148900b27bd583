"""All pairs of one folder by waspglass and by the peers, one after the other: CPU seconds and peak memory.

    python -m bench.trace.speed FOLDER --tools TOOLS [--peers waspglass,compare50,dolos,copydetect]

Each is run as a whole process that reads the files and scores all pairs; the peers are installed into TOOLS (see
`bench.trace.peer_tools`). FOLDER holds C++ files; one that is empty or missing is filled with 5,000 synthetic ones.
Of 5,000 files Dolos needs about 9 GB and 7 CPU minutes, copydetect 10 CPU minutes. `waspglass` runs in one process,
so that its peak is that of all its memory; `waspglass-jobs` is the default, a process for each processor.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.trace.peer_tools import install
from bench.trace.synthetic import write_programs

COPYDETECT = """
import sys, copydetect
copydetect.CopyDetector(test_dirs=[sys.argv[1]], extensions=["cpp"], display_t=0.5, silent=True).run()
"""
WAYS = ("waspglass", "waspglass-jobs", "compare50", "dolos", "copydetect")


def command(way: str, folder: Path, tools: Path, scratch: Path) -> list[str]:
    """How each is called; all with their defaults."""
    files = sorted(str(path) for path in folder.rglob("*.cpp"))
    matrix = [
        sys.executable,
        "-m",
        "waspglass.cli",
        "trace",
        "matrix",
        str(folder),
        "--scores",
        f"{scratch}/scores.csv",
    ]
    if way == "waspglass":
        return [*matrix, "--jobs", "1"]
    if way == "waspglass-jobs":
        return matrix
    python = str(tools / "venv/bin/python")
    if way == "compare50":
        return [python, "-m", "compare50", "-p", "structure", "-n", "50", "-o", f"{scratch}/out", *files]
    if way == "copydetect":
        return [python, "-c", COPYDETECT, str(folder)]
    task = scratch / "task.json"
    task.write_text(json.dumps({"language": "cpp", "files": files}), encoding="utf-8")
    return ["node", "--max-old-space-size=16000", str(tools / "run.mjs"), str(task)]


def measured(words: list[str], folder: Path) -> tuple[int, float, float, float]:
    """Exit code, CPU seconds, wall seconds, and peak memory of its largest process in MB."""
    begin = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begin
    return process.returncode, usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def main() -> None:
    """Prints one line a program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--peers", default=",".join(WAYS))
    arguments = parser.parse_args()
    folder, tools = arguments.folder.resolve(), arguments.tools.resolve()
    install(tools)
    if not folder.exists() or not any(folder.iterdir()):
        write_programs(folder, 5000)
    count = sum(1 for _ in folder.rglob("*.cpp"))
    print(f"{count} files, {count * (count - 1) // 2:,} pairs", flush=True)
    own: float | None = None
    for way in arguments.peers.split(","):
        with tempfile.TemporaryDirectory() as scratch:
            words = command(way, folder, tools, Path(scratch))
            code, cpu, wall, peak = measured(words, Path(scratch) if way == "compare50" else tools)
        own = cpu if own is None else own
        times = f"{cpu / own:6.1f} x {arguments.peers.split(',')[0]}"
        print(f"{way:15} {cpu:8.1f} s CPU {wall:8.1f} s wall {peak:7.0f} MB  exit {code}  {times}", flush=True)


if __name__ == "__main__":
    main()
