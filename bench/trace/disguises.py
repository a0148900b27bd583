"""Synthetic disguises of independent public programs, weak and strong, in the three ways of comparing.

    python -m bench.trace.disguises DATA PAIRS

Of each set one task is taken, of small tasks all: 15 programs (or a third) are disguised, up to 60 others
are the background. A line gives, for each way, the share of disguised programs called derived, called independent, and
the median of log10 of the ratio. The disguises are made by rules on text: they show whether the order is sane, not what
people do.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.trace.scored_sets import read_bytes
from waspglass.trace.baseline import baseline_of_pair
from waspglass.trace.calibration import load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.commons import load_commons
from waspglass.trace.languages import language_named
from waspglass.trace.matrix import listed_pairs
from waspglass.trace.pairing import Background
from waspglass.trace.program import Program, Source, program_of, readable
from waspglass.trace.syntax import COMMENT, INNER, WORD, read_syntax

SETS = ("soco_java_B1", "soco_c_A1", "vk_python", "vk_team_cpp")
ORIGINALS, OTHERS = 15, 60
KEPT = frozenset(
    b"main print println printf System out String int self len range input std cin cout vector max".split()
)
OPENS = re.compile(rb"[{}:]\s*$")
Disguise = Callable[[Source, Source, random.Random], bytes]


def _leaves(source: Source) -> Iterator[tuple[int, int, int]]:
    syntax = read_syntax(source.raw, readable(source).language)
    leaf = (syntax.end > syntax.start) & (syntax.role != INNER)
    yield from zip(syntax.start[leaf].tolist(), syntax.end[leaf].tolist(), syntax.role[leaf].tolist(), strict=True)


def _replaced(source: Source, role: int, by: Callable[[bytes], bytes]) -> bytes:
    parts, place = [], 0
    for start, end, found in _leaves(source):
        if found == role:
            parts += [source.raw[place:start], by(source.raw[start:end])]
            place = end
    return b"".join(parts) + source.raw[place:]


def reformatted(source: Source, _other: Source, _draw: random.Random) -> bytes:
    """Without comments and empty lines; single blanks, where the language does not mind."""
    text = re.sub(rb"\n\s*\n+", b"\n", _replaced(source, COMMENT, lambda _: b""))
    return text if source.name.endswith(".py") else re.sub(rb"[ \t]+", b" ", re.sub(rb"\{\s*\n", b"{ ", text))


def renamed(source: Source, _other: Source, draw: random.Random) -> bytes:
    """A random name for each identifier but the best known of libraries."""
    names: dict[bytes, bytes] = {}
    return _replaced(
        source, WORD, lambda word: word if word in KEPT else names.setdefault(word, b"v%d" % draw.randrange(10**6))
    )


def reordered(source: Source, _other: Source, draw: random.Random) -> bytes:
    """Half of the neighbouring lines of the same depth that open no block change places."""
    lines, place = source.raw.split(b"\n"), 0
    while place + 1 < len(lines):
        one, two = lines[place], lines[place + 1]
        level = len(one) - len(one.lstrip()) == len(two) - len(two.lstrip())
        plain = one.strip() and two.strip() and not OPENS.search(one) and not OPENS.search(two)
        swap = level and plain and draw.random() < 0.5
        if swap:
            lines[place : place + 2] = two, one
        place += 2 if swap else 1
    return b"\n".join(lines)


def with_while(source: Source, _other: Source, _draw: random.Random) -> bytes:
    """`for` of three parts as `while`."""
    loop = re.compile(rb"(?m)^(\s*)for\s*\(([^;()]*);([^;]*);([^;{]*)\)\s*\{")
    return loop.sub(rb"\1\2;\n\1while (\3) { \4;", source.raw)


def padded(share: float) -> Disguise:
    """So many lines of another program put in between, one at a time."""

    def disguise(source: Source, other: Source, draw: random.Random) -> bytes:
        lines = source.raw.split(b"\n")
        plain = [line.strip() for line in other.raw.split(b"\n") if b"=" in line and not OPENS.search(line)]
        for _ in range(int(len(lines) * share) if plain else 0):
            place = draw.randrange(len(lines))
            indent = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
            lines.insert(place, indent + draw.choice(plain))
        return b"\n".join(lines)

    return disguise


def part(share: float) -> Disguise:
    """So many lines of the program, in one piece, put into another program."""

    def disguise(source: Source, other: Source, draw: random.Random) -> bytes:
        lines, host = source.raw.split(b"\n"), other.raw.split(b"\n")
        count = max(4, int(len(lines) * share))
        start, place = draw.randrange(max(1, len(lines) - count)), draw.randrange(len(host) // 3, len(host))
        return b"\n".join([*host[:place], *lines[start : start + count], *host[place:]])

    return disguise


def chain(*disguises: Disguise) -> Disguise:
    """One after another."""

    def disguise(source: Source, other: Source, draw: random.Random) -> bytes:
        for one in disguises:
            source = replace(source, raw=one(source, other, draw))
        return source.raw

    return disguise


DISGUISES: dict[str, Disguise] = {
    "the same text": lambda source, _other, _draw: source.raw,
    "comments, white space": reformatted,
    "names": renamed,
    "lines in other order": reordered,
    "while for for": with_while,
    "30 % foreign lines": padded(0.3),
    "100 % foreign lines": padded(1.0),
    "names, order, white space": chain(reordered, renamed, reformatted),
    "these, loops, 30 % foreign": chain(reordered, with_while, padded(0.3), renamed, reformatted),
    "half of it in another": part(0.5),
    "30 % of it in another": part(0.3),
    "10 % of it in another": part(0.1),
}


@dataclass(frozen=True, slots=True)
class Ratios:
    """Log likelihood ratios of one disguised program, and within the matrix those of its disguise with others."""

    matrix: float
    background: float
    alone: float
    independent: tuple[float, ...]


def sources(data: Path, pairs: Path, most: int = ORIGINALS + OTHERS) -> list[Source]:
    """Programs of the task of a set that has most, of all if all are small; without those that are derived from any."""
    with pairs.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    derived = {row[side] for row in rows if row["label"] == "1" for side in ("path_a", "path_b")}
    tasks: dict[str, dict[str, str]] = {}
    for row in rows:
        tasks.setdefault(row["group"], {}).update({row["path_a"]: row["lang"], row["path_b"]: row["lang"]})
    names = max(tasks.values(), key=lambda task: len(task.keys() - derived))
    if len(names) < 2 * ORIGINALS:
        names = {name: lang for task in tasks.values() for name, lang in task.items()}
    found = [
        Source(name, read_bytes(data, name, lang), language_named(lang))
        for name, lang in sorted(names.items())
        if name not in derived
    ]
    return [source for source in found if 800 < len(source.raw) < 20_000][:most]


def ratios(original: Program, disguised: Program, others: list[Program]) -> Ratios:
    """All three ways; `others` are independent of both."""
    commons, calibration = load_commons(), load_calibration()
    one, two = np.array([0]), np.array([1])
    background = Background(others, commons=commons)
    sides = [np.array([background.likeness(p, other).score for other in others]) for p in (original, disguised)]
    smaller = np.array([float(min(original.tokens, disguised.tokens))])
    against = calibration.llr(
        np.array([background.likeness(original, disguised).score]),
        np.array([baseline_of_pair(sides[0], sides[1], len(others))]), smaller, len(others) + 2,
    )  # fmt: skip
    alone = listed_pairs(Collection([original, disguised], commons), one, two, calibration)
    rest = np.arange(2, len(others) + 2)
    collection = Collection([original, disguised, *others], commons)
    matrix = listed_pairs(collection, np.r_[0, 0 * rest, 0 * rest + 1], np.r_[1, rest, rest], calibration)
    return Ratios(float(matrix.llr[0]), float(against[0]), float(alone.llr[0]), tuple(matrix.llr[len(rest) + 1 :]))


def main() -> None:
    """Prints one line for each disguise, over all sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("pairs", type=Path)
    arguments = parser.parse_args()
    calibration = load_calibration()
    tasks = [sources(arguments.data, arguments.pairs / f"{name}.csv") for name in SETS]
    programs = {source: program_of(source) for task in tasks for source in task}
    for name, disguise in DISGUISES.items():
        found: list[Ratios] = []
        for task in tasks:
            draw = random.Random(1)
            count = min(ORIGINALS, len(task) // 3)
            for original in task[:count]:
                host = draw.choice(task[count:])
                text = Source(f"disguised {original.name}", disguise(original, host, draw), original.language)
                others = [programs[other] for other in task[count:] if other != host]
                found.append(ratios(programs[original], program_of(text), others))
        cells = []
        for way in ("matrix", "background", "alone"):
            llr = np.array([getattr(one, way) for one in found])
            shares = np.mean(llr >= calibration.derived_at), np.mean(llr <= calibration.independent_at)
            cells.append(f"{shares[0]:.2f} {shares[1]:.2f} {np.median(llr) / np.log(10):+.1f}")
        wrong = np.concatenate([one.independent for one in found]) >= calibration.derived_at
        print(f"| {name:27} | {' | '.join(cells)} | {wrong.sum()} of {len(wrong)} |", flush=True)


if __name__ == "__main__":
    main()
