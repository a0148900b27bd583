"""Scores the labelled sets of `bench.trace.datasets` with waspglass, as numbers that a calibration can be fitted to."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from waspglass.trace.calibration import load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.commons import load_commons
from waspglass.trace.languages import language_named
from waspglass.trace.matrix import likenesses
from waspglass.trace.parts import program_with_parts
from waspglass.trace.program import Program, Source

Floats = npt.NDArray[np.float64]

SUFFIXES = {"java": {".java"}, "c": {".c", ".h"}, "cpp": {".cpp", ".c", ".h"}, "python": {".py"}}
ALONE_PAIRS = 300


@dataclass(frozen=True, slots=True)
class Scored:
    """One set: labels and what the calibration sees, within the collection and for some pairs alone."""

    name: str
    label: npt.NDArray[np.int64]
    score: Floats
    linked: Floats
    raised: Floats
    most: Floats
    chained: Floats
    chain_share: float
    baseline: Floats
    tokens: Floats
    comparable: npt.NDArray[np.bool_]
    alone: npt.NDArray[np.int64]
    alone_score: Floats

    @property
    def family(self) -> str:
        """Sets of one origin, which are held out together."""
        return family_of(self.name)


def family_of(name: str) -> str:
    """The origin of a set."""
    return {"hjc1": "hjc", "hjc2": "hjc"}.get(name, name.split("_")[0])


def read_bytes(root: Path, path: str, lang: str) -> bytes:
    """The bytes of a program; a folder is one program."""
    place = root / path
    if not place.is_dir():
        return place.read_bytes()
    parts = sorted(part for part in place.rglob("*") if part.suffix in SUFFIXES[lang])
    return b"\n".join(part.read_bytes() for part in parts)


def read_sources(root: Path, rows: list[dict[str, str]]) -> list[Source]:
    """The texts of a pairs CSV in the order of their first mention; folders are one program."""
    lang = {row[side]: row["lang"] for row in rows for side in ("path_a", "path_b")}
    grammar = {"c": "cpp"}  # the SOCO sets mix C and C++ under one name
    return [
        Source(path, read_bytes(root, path, name), language_named(grammar.get(name, name)))
        for path, name in lang.items()
    ]


def read_programs(root: Path, rows: list[dict[str, str]]) -> list[Program]:
    """The programs of a pairs CSV in the order of their first mention, with their parts."""
    return [program_with_parts(source) for source in read_sources(root, rows)]


def score_sets(data: Path, pairs: Path) -> Iterator[Scored]:
    """Every set of the folder `pairs`, scored."""
    commons, calibration = load_commons(), load_calibration()
    for path in sorted(pairs.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        programs = read_programs(data, rows)
        number = {program.name: index for index, program in enumerate(programs)}
        first, second = (np.array([number[row[side]] for row in rows]) for side in ("path_a", "path_b"))
        collection = Collection(programs, commons)
        found = likenesses(collection, first, second, calibration)
        label = np.array([int(row["label"]) for row in rows])
        draw = np.random.default_rng(3)
        alone = np.concatenate([draw.permutation(np.flatnonzero(label == kind))[:ALONE_PAIRS] for kind in (0, 1)])
        alone_score = np.array([
            Collection([programs[first[i]], programs[second[i]]], commons).score_all()[0, 1] for i in alone
        ], dtype=np.float64)  # fmt: skip
        yield Scored(
            path.stem, label, found.direct, found.linked, found.raised, found.most, found.chained,
            found.chain_share, found.baseline, found.tokens, found.comparable, alone, alone_score,
        )  # fmt: skip
