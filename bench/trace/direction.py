"""How often what `trace` says of copies and direction is right, on versions of real files whose order is known.

    python -m bench.trace.direction HISTORIES [--data DATA] [--most 40] [--write]

HISTORIES holds clones of the projects that `bench.trace.histories` names. Of a file, people made versions v0 to v3, one
from the other. From them, and from grafts (a later edit of people, made on an earlier version), come chains and forks.
The sample is taken as it is, and disguised by `bench.trace.disguises`. DATA may hold IR-Plag (see
`bench.trace.datasets`): originals, and copies that people disguised. `--write` puts the sums where they ship.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bench.trace.disguises import Disguise, padded, reformatted, renamed
from bench.trace.histories import PROJECTS, Line, grafted, lines_of
from waspglass.trace.detail import direction_of
from waspglass.trace.lineage import Lineage
from waspglass.trace.lineage_measured import LineageMeasured
from waspglass.trace.program import Source, readable
from waspglass.trace.reader import Reader
from waspglass.trace.regions import matching_runs
from waspglass.trace.syntax import INNER, read_syntax
from waspglass.trace.views import Tokens, tokens_of

DISGUISES: dict[str, Disguise] = {
    "as it is": lambda source, _other, _draw: source.raw,
    "laid out anew": reformatted,
    "renamed": renamed,
    "30 % foreign lines": padded(0.3),
}
CHAIN, FORK, REVERSE, THIRD, ALIKE = (
    "far copy, near copy, sample",
    "near copy; from it far copy, and sample",
    "sample, near copy, far copy",
    "from a third: both copies, and sample",
    "copies that differ in layout only",
)
FIGURES = Path("src/waspglass/trace/data/lineage.json")


@dataclass(frozen=True, slots=True)
class Case:
    """A sample and two shared copies; in all but the last two kinds `near` is nearer to it than `far`."""

    kind: str
    sample: bytes
    near: bytes
    far: bytes


def cases(line: Line) -> Iterator[Case]:
    """All that can be made of one file."""
    v0, v1, v2, v3 = line.versions
    yield Case(CHAIN, v3, v1, v0)
    yield Case(CHAIN, v2, v1, v0)
    yield Case(REVERSE, v0, v1, v2)
    yield Case(REVERSE, v0, v2, v3)
    for base, first, second in ((v1, v2, v3), (v0, v1, v2), (v0, v2, v3)):
        other = grafted(base, first, second)
        if other is not None and other not in (base, first):
            yield Case(FORK, first, base, other)
            yield Case(FORK, other, base, first)
            yield Case(THIRD, base, first, other)
    one, two = grafted(v0, v1, v2), grafted(v0, v2, v3)
    if one is not None and two is not None and len({v0, v1, one, two}) == 4:
        yield Case(THIRD, two, v1, one)
        yield Case(THIRD, v1, one, two)
    yield Case(ALIKE, v2, v1, spaced(Source(f"v{line.suffix}", v1)))


def spaced(source: Source) -> bytes:
    """With an empty line after each line that ends between two tokens."""
    syntax = read_syntax(source.raw, readable(source).language)
    leaf = (syntax.end > syntax.start) & (syntax.role != INNER)
    parts, place = [], 0
    for start, end in zip(syntax.start[leaf].tolist(), syntax.end[leaf].tolist(), strict=True):
        parts += [source.raw[place:start].replace(b"\n", b"\n\n"), source.raw[start:end]]
        place = end
    return b"".join(parts) + source.raw[place:]


def fits(case: Case, line: Line, other: bytes, disguise: Disguise, draw: random.Random) -> str:
    """`near`, `far`, `both` or `not separable`, with `between` if the named one is said to lie between."""
    source = Source(f"s{line.suffix}", case.sample)
    sample = Source(f"s{line.suffix}", disguise(source, Source(f"o{line.suffix}", other), draw))
    near, far = Source(f"near{line.suffix}", case.near), Source(f"far{line.suffix}", case.far)
    found = Lineage(Reader()).contrasts(sample, near, [far])
    if not found:
        return "not compared"
    (contrast,) = found
    beyond = {"this": contrast.this_beyond_sample, "other": contrast.other_beyond_sample}.get(contrast.fits, False)
    return {"this": "near", "other": "far"}.get(contrast.fits, contrast.fits) + (" between" if beyond else "")


def count(lines: list[Line], disguise: Disguise) -> dict[str, Counter[str]]:
    """What was said, by kind of case."""
    draw = random.Random(3)
    found: dict[str, Counter[str]] = {}
    for number, line in enumerate(lines):
        for case in cases(line):
            said = fits(case, line, lines[number - 1].versions[0], disguise, draw)
            counts = found.setdefault(case.kind, Counter())
            counts.update(["cases", said.removesuffix(" between"), *(["between"] if said.endswith("between") else [])])
    return found


def _tokens(reader: Reader, source: Source) -> Tokens:
    return tokens_of(reader.syntax(source)[0])


def larger(older: Source, newer: Source) -> str:
    """`newer` or `older` if that one is said to hold nearly all of the other and more, otherwise `none`."""
    reader = Reader()
    a, b = (_tokens(reader, source) for source in reader.together(newer, older))
    matched = sum(run.matched for run in matching_runs(a, b))
    covered = matched / max(1, len(a.text)), matched / max(1, len(b.text))
    hint = direction_of(covered, nearest=True, through=None).hint
    return {"sample holds more": "newer", "shared holds more": "older"}.get(hint, "none")


def pairs_of_versions(lines: list[Line]) -> Iterator[tuple[Source, Source]]:
    """Older and newer."""
    for line in lines:
        versions = [Source(f"v{line.suffix}", raw) for raw in line.versions]
        yield from (*pairwise(versions), (versions[0], versions[3]))


def pairs_by_hand(data: Path) -> Iterator[tuple[Source, Source]]:
    """Originals and copies of IR-Plag."""
    for case in sorted((data / "irplag/IR-Plag-Dataset").glob("case-*")):
        original = next((case / "original").rglob("*.java"))
        for path in sorted((case / "plagiarized").rglob("*.java")):
            yield Source("o.java", original.read_bytes()), Source("c.java", path.read_bytes())


def main() -> None:
    """Prints a line for each disguise and kind of case, and for the pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("histories", type=Path)
    parser.add_argument("--data", type=Path, help="Folder with IR-Plag.")
    parser.add_argument("--most", type=int, default=40, help="Files of each project.")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    lines = [line for project in PROJECTS for line in lines_of(arguments.histories, project, arguments.most)]
    print(f"{len(lines)} files\n| | cases | near named | far named | both | named lies between |")
    print("|---|---|---|---|---|---|")
    total: dict[str, Counter[str]] = {kind: Counter() for kind in (CHAIN, FORK, REVERSE, THIRD, ALIKE)}
    for name, disguise in DISGUISES.items():
        for kind, counts in count(lines, disguise).items():
            total[kind] += counts
            cells = [counts[key] for key in ("cases", "near", "far", "both", "between")]
            print(f"| {kind}; {name} | {' | '.join(map(str, cells))} |", flush=True)
    versions = Counter(larger(*pair) for pair in pairs_of_versions(lines))
    print("larger of two versions:", dict(versions))
    if arguments.data:
        print("larger of original and copy by hand:", Counter(larger(*pair) for pair in pairs_by_hand(arguments.data)))
    if arguments.write:
        made = total[CHAIN] + total[FORK]
        measured = LineageMeasured(
            named=made["near"] + made["far"], named_right=made["near"], neither=total[THIRD]["cases"],
            neither_named=total[THIRD]["near"] + total[THIRD]["far"],
            larger=versions["newer"] + versions["older"], larger_later=versions["newer"],
        )  # fmt: skip
        FIGURES.write_text(measured.model_dump_json(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
