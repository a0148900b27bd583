"""Fits the numbers for parts in `src/waspglass/trace/data/calibration.json`, and measures them on families held out.

    python -m bench.trace.calibrate_parts DATA PAIRS

Derived are the synthetic partial copies of `bench.trace.partials`, and stronger disguises of them. Independent are the
independent pairs of all sets: of each the best pair of parts. Both are seen with the other programs of the task as
background, and alone; the numbers are the same for the two. There are four numbers for all views, and four for those
that names do not matter to, which are fitted on renamed copies only.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.trace.calibrate import BOUNDS, logistic
from bench.trace.disguises import chain, padded, reformatted, renamed, reordered, with_while
from bench.trace.figures import cllr, min_cllr
from bench.trace.partials import DISGUISES, copies, corpora
from bench.trace.scored_sets import family_of, read_programs
from waspglass.trace.calibration import (
    Calibration,
    Measured,
    PartLikeness,
    PartRegime,
    load_calibration,
    part_covariates,
)
from waspglass.trace.commons import load_commons
from waspglass.trace.groups import comparison_groups
from waspglass.trace.part_table import Best, PartTable
from waspglass.trace.parts import part_answers, program_with_parts
from waspglass.trace.program import Program

Floats = npt.NDArray[np.float64]

LEAST_OWN, LEAST_RENAMED = 80.0, 100.0
"""At 60 tokens one set of 28 had more than one in 1,000 of its independent pairs called derived. A renamed function of
80 tokens is ten lines, which two people may write alike."""
TRIED = 1000
STRONGER = {
    "renamed, laid out anew": chain(renamed, reformatted),
    "renamed, lines in other order, loops": chain(with_while, reordered, renamed, reformatted),
    "renamed, 30 % foreign lines": chain(padded(0.3), renamed, reformatted),
}
RENAMED = ("renamed", *STRONGER)
Coefficients = tuple[Floats, Floats]
"""For all views, and for those that names do not matter to."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The best pairs of parts of one set or corpus.

    Attributes:
        name, family: Of the set, or of the corpus.
        way: With a background, or alone.
        label: 1 for copies, all of them synthetic.
        disguise: Of copies.
        best: What the ratio is made of.
    """

    name: str
    family: str
    way: str
    label: int
    disguise: str
    best: Best

    def alike(self, *, structure: bool) -> PartLikeness:
        """In all views, or in those that names do not matter to."""
        return self.best.structure if structure else self.best.written

    def rows(self, *, structure: bool) -> Floats:
        """Covariates."""
        alike = self.alike(structure=structure)
        return part_covariates(alike.score, alike.own)

    def answers(self, coefficients: Coefficients) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Ratios, and which would be called derived."""
        return part_answers(self.best.written, self.best.structure, with_numbers(coefficients))

    def __len__(self) -> int:
        return len(self.best.tried)


def with_numbers(coefficients: Coefficients, measured: Measured | None = None) -> Calibration:
    """The calibration that ships, with these numbers for parts."""
    written, structure = ([round(float(value), 4) for value in numbers] for numbers in coefficients)
    part = PartRegime.model_validate({
        "coefficients": written, "renamed": structure, "lower": BOUNDS[0], "upper": BOUNDS[1],
        "least_own": LEAST_OWN, "least_renamed": LEAST_RENAMED, "tried": TRIED, "measured": measured,
    })  # fmt: skip
    return load_calibration().model_copy(update={"part": part})


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
    tried = np.concatenate([one.tried for one in found])
    several = tried > 1

    def joined(alike: Sequence[PartLikeness]) -> PartLikeness:
        columns = (np.concatenate([getattr(one, name) for one in alike]) for name in ("score", "own", "exclusive"))
        return PartLikeness(*(column[several] for column in columns))

    return Best(joined([one.written for one in found]), joined([one.structure for one in found]), tried[several])


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
            yield Parts(path.stem, family_of(path.stem), way, 0, "", best)


def copied(data: Path, pairs: Path) -> Iterator[Parts]:
    """The synthetic copies, by corpus and disguise."""
    for corpus in corpora(data, pairs):
        own = [program.parts or (program,) for program in corpus.programs]
        for name, disguise in (DISGUISES | STRONGER).items():
            made = list(copies(corpus, disguise))
            read = [program_with_parts(one.sample) for one in made]
            parts = own + [program.parts or (program,) for program in read]
            first = len(own) + np.arange(len(made))
            second = np.array([one.origin for one in made])
            task = np.zeros(len(parts), dtype=np.int64)
            for way in ("background", "alone"):
                best = _best(parts, [*corpus.programs, *read], task, first, second, way)
                yield Parts(corpus.name, family_of(corpus.name), way, 1, name, best)


def fit(found: Sequence[Parts], without: str = "") -> Coefficients:
    """Logistic regressions; each family of independent pairs weighs the same, and so does each corpus and disguise."""
    kept = [one for one in found if one.family != without and len(one)]
    written = [one for one in kept if one.label == 0 or one.disguise in DISGUISES]
    structure = [one for one in kept if one.label == 0 or one.disguise in RENAMED]
    return _regression(written, structure=False), _regression(structure, structure=True)


def _regression(kept: Sequence[Parts], *, structure: bool) -> Floats:
    families = [one.family for one in kept if one.label == 0]
    copied_sets = sum(one.label for one in kept)
    weights = [
        np.full(len(one), 0.5 / len(one))
        / (copied_sets if one.label else len(set(families)) * families.count(one.family))
        for one in kept
    ]
    labels = np.concatenate([np.full(len(one), one.label) for one in kept])
    rows = np.concatenate([one.rows(structure=structure) for one in kept])
    numbers = logistic(rows, labels, np.concatenate(weights))
    if numbers[1] >= 0:
        return numbers
    # More tokens of one's own must not speak against a copy: where they would, their own slope is left out.
    rows[:, 1] = 0.0
    return np.where(np.arange(4) == 1, 0.0, logistic(rows, labels, np.concatenate(weights)))


def measure(found: Sequence[Parts]) -> Measured:
    """Each set with numbers fitted without its family; copies with those of the family that is left out."""
    sets = [one for one in found if one.label == 0]
    families = sorted({one.family for one in sets})
    fitted = {family: fit(found, family) for family in ["", *families]}
    made = [one for one in found if one.label == 1]
    said = [(one, one.answers(fitted.get(one.family, fitted[""]))[1]) for one in made]
    for way in ("background", "alone"):
        for name in DISGUISES | STRONGER:
            share = np.mean(np.concatenate([d for one, d in said if one.way == way and one.disguise == name]))
            print(f"  {way:10} {name:37} {share:.3f} of the synthetic copies derived")
    wrong, costs, least = {}, {}, {}
    for one in sets:
        wrong[one.name, one.way] = int(one.answers(fitted[one.family])[1].sum()), len(one)
        print(f"  {one.way:10} {one.name:18} {wrong[one.name, one.way][0]} of {wrong[one.name, one.way][1]} derived")
    plain = [one for one in made if one.disguise in DISGUISES]
    for family in families:
        kept = [*plain, *(one for one in sets if one.family == family)]
        llr = np.concatenate([one.answers(fitted[family])[0] for one in kept])
        label = np.concatenate([np.full(len(one), one.label) for one in kept])
        costs[family], least[family] = cllr(label, llr), min_cllr(label, llr)
        print(f"  {family:10} Cllr {costs[family]:.3f}, least {least[family]:.3f}")
    shares = [count / max(1, pairs) for count, pairs in wrong.values()]
    return Measured(
        sets=len(sets) // 2,
        derived=sum(len(one) for one in plain),
        independent=sum(pairs for _, pairs in wrong.values()),
        cllr=round(float(np.mean(list(costs.values()))), 4),
        min_cllr=round(float(np.mean(list(least.values()))), 4),
        worst_cllr=round(max(costs.values()), 4),
        derived_found=round(float(np.mean(np.concatenate([d for one, d in said if one.disguise in DISGUISES]))), 4),
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
    calibration = with_numbers(fit(found), measured)
    print(calibration.part)
    arguments.out.write_text(calibration.model_dump_json(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
