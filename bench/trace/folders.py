"""Labelled sets scored as folders, without a list of pairs: nobody says which programs are for one task.

    python -m bench.trace.folders DATA PAIRS

A line gives the number of tasks, then Cllr, the independent pairs called derived and the share of derived pairs called
derived, first with the pairs that the list keeps inside tasks, then of the folder.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.trace.figures import cllr
from bench.trace.scored_sets import read_programs
from waspglass.trace.calibration import load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.commons import load_commons
from waspglass.trace.groups import comparison_groups
from waspglass.trace.matrix import PairTable, all_pairs, listed_pairs

SETS = (
    "irplag", "vk_java", "vk_python", "vk_final", "conplag_v1", "conplag_v2", "emse_z5z1", "emse_Progpedia19",
    "soco_c_A1", "soco_java_A2", "hjc1",
)  # fmt: skip


def figures(label: npt.NDArray[np.int64], llr: npt.NDArray[np.float64], derived: npt.NDArray[np.bool_]) -> str:
    """Cllr, false and true answers."""
    wrong, found = int(derived[label == 0].sum()), float(np.mean(derived[label == 1]))
    return f"{cllr(label, llr):.3f} {wrong} of {int((label == 0).sum())} {found:.2f}"


Indices = npt.NDArray[np.int64]


def in_folder(
    tables: list[PairTable], count: int, first: Indices, second: Indices
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Ratios and *derived* of the given pairs, looked up among all."""
    llr, derived = np.zeros((count, count)), np.zeros((count, count), dtype=bool)
    for table in tables:
        for one, other in ((table.first, table.second), (table.second, table.first)):
            llr[one, other], derived[one, other] = table.llr, table.verdict == 2
    return llr[first, second], derived[first, second]


def main() -> None:
    """Prints a line for each set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("pairs", type=Path)
    arguments = parser.parse_args()
    calibration = load_calibration()
    for name in SETS:
        with (arguments.pairs / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        programs = read_programs(arguments.data, rows)
        number = {program.name: index for index, program in enumerate(programs)}
        first, second = (np.array([number[row[side]] for row in rows]) for side in ("path_a", "path_b"))
        label = np.array([int(row["label"]) for row in rows])
        collection = Collection(programs, load_commons())
        listed = listed_pairs(collection, first, second, calibration)
        folder = in_folder(list(all_pairs(collection, calibration)), len(programs), first, second)
        tasks = int(comparison_groups(len(programs), first, second).max()) + 1
        print(f"| {name}, {tasks} | {figures(label, listed.llr, listed.verdict == 2)} | {figures(label, *folder)} |")


if __name__ == "__main__":
    main()
