"""Rebuilds `src/waspglass/trace/data/commons.npz`: features that any program of a language may have.

    python -m bench.trace.build_commons DATA PAIRS

Only hashes of features of public programs and the share of programs that have them are kept, never code; and hashes of
functions that three people or more for three tasks or more have. What these functions hold counts as what every program
may have: who took a reader of input from a public page has all of it, and its many rare features are one.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.trace.scored_sets import read_programs
from bench.trace.unseen import code_jam_use
from waspglass.trace.commons import routine_key
from waspglass.trace.groups import comparison_groups
from waspglass.trace.hashing import Features
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
ROUTINE_LEAST = 3
CODE_JAM, CODE_JAM_PROGRAMS = "gptgcj/dataset/*.java", 4500


class Routines:
    """Functions that several people have, counted."""

    def __init__(self) -> None:
        self.tasks: dict[int, set[str]] = defaultdict(set)
        self.people: dict[int, set[str]] = defaultdict(set)
        self.owners: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))

    def note(self, program: Program, person: str, task: str) -> None:
        """Counts the functions of a program."""
        for part in program.parts:
            key = routine_key(part.views["flow"])
            self.tasks[key].add(task)
            self.people[key].add(person)
            for feature in np.concatenate([part.views[view] for view in VIEWS]).tolist():
                self.owners[key][feature].add(person)

    def common(self) -> tuple[npt.NDArray[np.uint64], Features]:
        """Keys of what several people have for several tasks, and the features that several of these have in it."""
        keys = [key for key in self.tasks if min(len(self.tasks[key]), len(self.people[key])) >= ROUTINE_LEAST]
        found = {one for key in keys for one, who in self.owners[key].items() if len(who) >= ROUTINE_LEAST}
        return np.sort(np.array(keys, dtype=np.uint64)), np.array(sorted(found), dtype=np.uint32)


def routines(data: Path, pairs: Path) -> tuple[npt.NDArray[np.uint64], Features]:
    """Keys of functions that programs by different people for different tasks have, and their features.

    The VK Cup and the Code Jam write people and tasks into their file names; of ConPlag the tasks are what its pairs
    hang together by. Of the Code Jam those people count that no list of `bench.trace.unseen` names.
    """
    counted = Routines()
    for suffix, pattern in ROUTINE_GLOBS.items():
        paths = sorted(data.glob(pattern))
        for path in random.Random(7).sample(paths, min(len(paths), MOST_PROGRAMS)):
            person, *task = path.name.split("_")[:3]
            source = Source(str(path), path.read_bytes(), language_named({"py": "python"}.get(suffix, suffix)))
            counted.note(program_with_parts(source), person, f"{path.parts[-3]} {task}")
    paths = [path for path in sorted(data.glob(CODE_JAM)) if code_jam_use(path) == "routines"]
    for path in random.Random(7).sample(paths, min(len(paths), CODE_JAM_PROGRAMS)):
        source = Source(str(path), path.read_bytes(), language_named("java"))
        counted.note(program_with_parts(source), path.stem.rsplit("_", 3)[0], path.stem.rsplit("_", 1)[1])
    for name in ROUTINE_SETS:
        with (pairs / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        programs = read_programs(data, rows)
        number = {program.name: index for index, program in enumerate(programs)}
        first, second = (np.array([number[row[side]] for row in rows]) for side in ("path_a", "path_b"))
        for program, task in zip(programs, comparison_groups(len(programs), first, second).tolist(), strict=True):
            counted.note(program, Path(program.name).name, f"{name} {task}")
    return counted.common()


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
    routine, held = routines(data, pairs)
    feature = np.concatenate([*features, held])
    frequency = np.concatenate([*frequencies, np.ones(len(held))])
    order = np.lexsort((-frequency, feature))
    feature, frequency = feature[order], frequency[order]
    first = np.r_[True, feature[1:] != feature[:-1]]
    np.savez_compressed(out, feature=feature[first], frequency=frequency[first].astype(np.float16), routine=routine)
    print(f"{first.sum()} features, {len(routine)} routines, {out.stat().st_size} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--out", type=Path, default=Path("src/waspglass/trace/data/commons.npz"))
    arguments = parser.parse_args()
    build(arguments.data, arguments.pairs, arguments.out)
