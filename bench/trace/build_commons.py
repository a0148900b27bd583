"""Rebuilds `src/waspglass/trace/data/commons.npz`: features that any program of a language may have.

    python -m bench.trace.build_commons DATA PAIRS

Only hashes of features of public programs and the share of programs that have them are kept, never code; and hashes of
functions that three programs or more for three tasks or more have.
"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.trace.scored_sets import read_programs
from waspglass.trace.commons import routine_key
from waspglass.trace.groups import comparison_groups
from waspglass.trace.languages import language_named
from waspglass.trace.parts import program_with_parts
from waspglass.trace.program import Program, Source, program_of
from waspglass.trace.views import VIEWS

GLOBS = {
    "cpp": ("vkcup/data/open-*/sources/*.cpp", "vkcup/data/final-*/sources/*.cpp"),
    "java": ("vkcup/data/*/sources/*.java",),
    "python": ("vkcup/data/*/sources/*.py", "alg-python/**/*.py"),
    "csharp": ("alg-c-sharp/**/*.cs",),
    "javascript": ("alg-javascript/**/*.js",),
    "go": ("alg-go/**/*.go",),
    "php": ("alg-php/**/*.php",),
    "powershell": ("posh/scripts/*.ps1",),
}
MOST_PROGRAMS = 1500
MOST_FEATURES = 2500
LEAST_SHARE = 0.01


ROUTINE_SETS = ("conplag_v1", "conplag_v2")
ROUTINE_GLOBS = {suffix: f"vkcup/data/*/sources/*.{suffix}" for suffix in ("java", "py", "cpp")}
ROUTINE_TASKS = 3


def routines(data: Path, pairs: Path) -> npt.NDArray[np.uint64]:
    """Keys of functions that programs by different people for different tasks have.

    The VK Cup writes people and tasks into its file names; of ConPlag the tasks are what its pairs hang together by.
    """
    tasks: dict[int, set[str]] = {}
    people: dict[int, set[str]] = {}

    def note(program: Program, person: str, task: str) -> None:
        for part in program.parts:
            key = routine_key(part.views["flow"])
            tasks.setdefault(key, set()).add(task)
            people.setdefault(key, set()).add(person)

    for suffix, pattern in ROUTINE_GLOBS.items():
        paths = sorted(data.glob(pattern))
        for path in random.Random(7).sample(paths, min(len(paths), MOST_PROGRAMS)):
            person, *task = path.name.split("_")[:3]
            source = Source(str(path), path.read_bytes(), language_named({"py": "python"}.get(suffix, suffix)))
            note(program_with_parts(source), person, f"{path.parts[-3]} {task}")
    for name in ROUTINE_SETS:
        with (pairs / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        programs = read_programs(data, rows)
        number = {program.name: index for index, program in enumerate(programs)}
        first, second = (np.array([number[row[side]] for row in rows]) for side in ("path_a", "path_b"))
        for program, task in zip(programs, comparison_groups(len(programs), first, second).tolist(), strict=True):
            note(program, Path(program.name).name, f"{name} {task}")
    known = [key for key in tasks if min(len(tasks[key]), len(people[key])) >= ROUTINE_TASKS]
    return np.sort(np.array(known, dtype=np.uint64))


def build(data: Path, pairs: Path, out: Path) -> None:
    """Counts, for each language and view, in how many programs a feature occurs; keeps the most frequent."""
    features, frequencies = [], []
    for language, globs in GLOBS.items():
        paths = sorted(path for pattern in globs for path in data.glob(pattern))
        paths = random.Random(7).sample(paths, min(len(paths), MOST_PROGRAMS))
        programs = [program_of(Source(str(path), path.read_bytes(), language_named(language))) for path in paths]
        for view in VIEWS:
            found, count = np.unique(np.concatenate([p.views[view] for p in programs]), return_counts=True)
            share = count / len(programs)
            best = np.argsort(-share, kind="stable")[:MOST_FEATURES]
            best = best[(share[best] >= LEAST_SHARE) & (count[best] >= 4)]
            features.append(found[best])
            frequencies.append(share[best])
            print(f"{language:12} {view:10} {len(programs):5} programs {len(best):5} features")
    feature, frequency = np.concatenate(features), np.concatenate(frequencies)
    order = np.lexsort((-frequency, feature))
    feature, frequency = feature[order], frequency[order]
    first = np.r_[True, feature[1:] != feature[:-1]]
    routine = routines(data, pairs)
    np.savez_compressed(out, feature=feature[first], frequency=frequency[first].astype(np.float16), routine=routine)
    print(f"{first.sum()} features, {len(routine)} routines, {out.stat().st_size} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--out", type=Path, default=Path("src/waspglass/trace/data/commons.npz"))
    arguments = parser.parse_args()
    build(arguments.data, arguments.pairs, arguments.out)
