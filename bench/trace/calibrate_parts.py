"""Fits the numbers for parts in `src/waspglass/trace/data/calibration.json`, and measures them on families held out.

    python -m bench.trace.calibrate_parts DATA PAIRS

Derived are the synthetic partial copies of `bench.trace.partials`. Independent are the independent pairs of all sets:
of each the best pair of parts. Both are seen with the other programs of the task as background, and alone; the numbers
are the same for the two.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.trace.calibrate import BOUNDS, DERIVED_AT, logistic
from bench.trace.figures import cllr, min_cllr
from bench.trace.partials import DISGUISES, copies, corpora
from bench.trace.scored_sets import family_of, read_programs
from waspglass.trace.calibration import Measured, PartRegime, load_calibration, part_covariates
from waspglass.trace.commons import load_commons
from waspglass.trace.groups import comparison_groups
from waspglass.trace.part_table import Best, PartTable
from waspglass.trace.parts import OWN_SHARE, program_with_parts
from waspglass.trace.program import Program

Floats = npt.NDArray[np.float64]

LEAST_OWN = 80.0
"""At 60 tokens one set of 28 had more than one in 1,000 of its independent pairs called derived."""
TRIED = 1000


@dataclass(frozen=True, slots=True)
class Parts:
    """The best pairs of parts of one set or corpus.

    Attributes:
        name, family: Of the set, or of the corpus and the disguise.
        way: With a background, or alone.
        label: 1 for copies, all of them synthetic.
        best: What the ratio is made of.
    """

    name: str
    family: str
    way: str
    label: int
    best: Best

    def rows(self) -> Floats:
        """Covariates."""
        return part_covariates(self.best.score, self.best.own)

    def derived(self, coefficients: Floats) -> npt.NDArray[np.bool_]:
        """Which would be called derived."""
        enough = (self.best.own >= LEAST_OWN) & (self.best.exclusive >= OWN_SHARE * self.best.score)
        return enough & (self.rows() @ coefficients >= DERIVED_AT)


def _best(
    parts: Sequence[Sequence[Program]], programs: Sequence[Program], task: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], way: str,
) -> Best:  # fmt: skip
    """Of pairs of programs of one task; those of one part each are left out, for they are compared as wholes."""
    found = []
    for number in np.unique(task[first]).tolist() if way == "background" else [None]:
        inside = list(range(len(parts))) if number is None else np.flatnonzero(task == number).tolist()
        pairs = np.arange(len(first)) if number is None else np.flatnonzero(task[first] == number)
        place = np.full(len(parts), -1)
        place[inside] = np.arange(len(inside))
        around = None if number is None else [programs[i] for i in inside]
        table = PartTable([parts[i] for i in inside], around, load_commons(), load_calibration())
        found.append(table.best(place[first[pairs]], place[second[pairs]]))
    columns = [np.concatenate([getattr(one, name) for one in found]) for name in ("score", "own", "exclusive", "tried")]
    several = columns[3] > 1
    return Best(*(column[several] for column in columns))


def independent(data: Path, pairs: Path) -> Iterator[Parts]:
    """The independent pairs of every set."""
    for path in sorted(pairs.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        programs = read_programs(data, rows)
        parts = [program.parts or (program,) for program in programs]
        number = {program.name: index for index, program in enumerate(programs)}
        first, second = (np.array([number[row[side]] for row in rows]) for side in ("path_a", "path_b"))
        task = comparison_groups(len(programs), first, second)
        kept = np.array([row["label"] == "0" for row in rows])
        for way in ("background", "alone"):
            best = _best(parts, programs, task, first[kept], second[kept], way)
            yield Parts(path.stem, family_of(path.stem), way, 0, best)


def copied(data: Path, pairs: Path) -> Iterator[Parts]:
    """The synthetic copies, by corpus and disguise."""
    for corpus in corpora(data, pairs):
        own = [program.parts or (program,) for program in corpus.programs]
        for name, disguise in DISGUISES.items():
            made = list(copies(corpus, disguise))
            read = [program_with_parts(one.sample) for one in made]
            parts = own + [program.parts or (program,) for program in read]
            first = len(own) + np.arange(len(made))
            second = np.array([one.origin for one in made])
            task = np.zeros(len(parts), dtype=np.int64)
            for way in ("background", "alone"):
                best = _best(parts, [*corpus.programs, *read], task, first, second, way)
                yield Parts(f"{corpus.name}, {name}", family_of(corpus.name), way, 1, best)


def fit(found: Sequence[Parts], without: str = "") -> Floats:
    """Logistic regression; each family of independent pairs weighs the same, and so does each corpus and disguise."""
    kept = [one for one in found if one.family != without and len(one.best.score)]
    families = [one.family for one in kept if one.label == 0]
    copied_sets = sum(one.label for one in kept)
    weights = [
        np.full(len(one.best.score), 0.5 / len(one.best.score))
        / (copied_sets if one.label else len(set(families)) * families.count(one.family))
        for one in kept
    ]
    labels = [np.full(len(one.best.score), one.label) for one in kept]
    rows = np.concatenate([one.rows() for one in kept])
    return logistic(rows, np.concatenate(labels), np.concatenate(weights))


def measure(found: Sequence[Parts]) -> Measured:
    """Each set with numbers fitted without its family; copies with those of the family that is left out."""
    sets = [one for one in found if one.label == 0]
    families = sorted({one.family for one in sets})
    fitted = {family: fit(found, family) for family in ["", *families]}
    made = [one for one in found if one.label == 1]
    said = [(one, one.derived(fitted.get(one.family, fitted[""]))) for one in made]
    for way in ("background", "alone"):
        for name in DISGUISES:
            share = np.mean(np.concatenate([d for one, d in said if one.way == way and one.name.endswith(f", {name}")]))
            print(f"  {way:10} {name:15} {share:.3f} of the synthetic copies derived")
    wrong, costs, least = {}, {}, {}
    for one in sets:
        wrong[one.name, one.way] = int(one.derived(fitted[one.family]).sum()), len(one.best.score)
        print(f"  {one.way:10} {one.name:18} {wrong[one.name, one.way][0]} of {wrong[one.name, one.way][1]} derived")
    for family in families:
        kept = [one for one in found if one.label == 1 or one.family == family]
        llr = np.concatenate([np.clip(one.rows() @ fitted[family], *BOUNDS) for one in kept])
        label = np.concatenate([np.full(len(one.best.score), one.label) for one in kept])
        costs[family], least[family] = cllr(label, llr), min_cllr(label, llr)
    shares = [count / max(1, pairs) for count, pairs in wrong.values()]
    return Measured(
        sets=len(sets) // 2,
        derived=sum(len(one.best.score) for one in made),
        independent=sum(pairs for _, pairs in wrong.values()),
        cllr=round(float(np.mean(list(costs.values()))), 4),
        min_cllr=round(float(np.mean(list(least.values()))), 4),
        worst_cllr=round(max(costs.values()), 4),
        derived_found=round(float(np.mean(np.concatenate([derived for _, derived in said]))), 4),
        false_derived=round(sum(n for n, _ in wrong.values()) / sum(pairs for _, pairs in wrong.values()), 6),
        worst_false_derived=round(max(shares), 6),
        false_independent=0.0,
    )


def main() -> None:
    """Fits, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--out", type=Path, default=Path("src/waspglass/trace/data/calibration.json"))
    arguments = parser.parse_args()
    found = [*independent(arguments.data, arguments.pairs), *copied(arguments.data, arguments.pairs)]
    measured = measure(found)
    numbers = [round(float(value), 4) for value in fit(found)]
    print(measured, numbers)
    part = PartRegime.model_validate({
        "coefficients": numbers, "lower": BOUNDS[0], "upper": BOUNDS[1], "least_own": LEAST_OWN, "tried": TRIED,
        "measured": measured,
    })  # fmt: skip
    calibration = load_calibration().model_copy(update={"part": part})
    arguments.out.write_text(calibration.model_dump_json(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
