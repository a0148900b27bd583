"""A family of sets that no number was fitted on: programs of contests, disguised by a tool.

    python -m bench.trace.contests DATA OUT

DATA/karina is a clone of `Karina5005/Plagiarism` (MIT; it is no part of the project): solutions in C++ for 29 tasks of
Codeforces, many with the large template of their author, and what a tool made of each: names changed, control
structures replaced, code put in, or all of it. `contest_all` has the last, `contest_one` one of the others for each.

Of what waspglass does, only how chains through third programs count was chosen with an eye on it
(docs/trace-method.md).

The collection holds several submissions of one author for one task, one after another. These are no independent
programs, so of submissions that are nearly alike only the first is kept. That makes the rest a little easier.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

from bench.trace.datasets import MAX_NEGATIVES, Pair, write

ONE = ("control_replacement", "code_insertion", "rename")
MOST_DERIVED = 150
ALIKE, ALIKE_NEARBY, NEARBY = 0.8, 0.6, 4
"""Share of tokens in common, in order, from which on two submissions are taken to be one author's; and if their numbers
are close."""
FEWEST_TOKENS = 20
WORDS = re.compile(r"\w+|[^\w\s]")


def alike(one: Sequence[str], other: Sequence[str], least: float) -> bool:
    """Whether two programs share so much of their tokens, in order."""
    match = SequenceMatcher(None, one, other, autojunk=False)
    return match.real_quick_ratio() >= least and match.quick_ratio() >= least and match.ratio() >= least


def one_an_author(task: Path) -> dict[str, Path]:
    """Submissions for a task by their numbers, without those that are nearly an earlier one."""
    kept: dict[str, tuple[Path, list[str]]] = {}
    for path in sorted(task.glob("*.cpp"), key=lambda path: int(path.stem)):
        tokens = WORDS.findall(path.read_text(errors="replace"))
        if len(tokens) > FEWEST_TOKENS and not any(
            alike(tokens, known, ALIKE_NEARBY if int(path.stem) - int(number) <= NEARBY else ALIKE)
            for number, (_, known) in kept.items()
        ):
            kept[path.stem] = path, tokens
    return {number: path for number, (path, _) in kept.items()}


def pairs_of(root: Path, kinds: Sequence[str]) -> list[Pair]:
    """Each submission with what a tool made of it; independent: all others for one task, as they are or disguised."""
    draw, derived, independent = random.Random(5), [], []
    for task in sorted(path for path in root.iterdir() if path.name[:1].isdigit()):
        originals, made = one_an_author(task), {}
        for number in originals:
            kind = draw.choice(kinds)
            path = root / "modification" / f"{task.name}_{kind}" / number / "transformation_1.cpp"
            if path.exists():
                made[number] = path
                derived.append(_pair(root, originals[number], path, 1, kind))
        for one, other in itertools.combinations(originals, 2):
            independent.append(_pair(root, originals[one], originals[other], 0, ""))
        for one, other in itertools.product(originals, made):
            if one != other:
                independent.append(_pair(root, originals[one], made[other], 0, ""))
    draw.shuffle(derived)
    draw.shuffle(independent)
    return derived[:MOST_DERIVED] + independent[:MAX_NEGATIVES]


def _pair(root: Path, one: Path, other: Path, label: int, kind: str) -> Pair:
    a, b = (str(path.relative_to(root.parent)) for path in (one, other))
    return Pair(a, b, label, kind, one.parent.name, "cpp")


def main() -> None:
    """Writes both lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, kinds in (("contest_all", ("all",)), ("contest_one", ONE)):
        write(arguments.out / f"{name}.csv", pairs_of(arguments.data / "karina", kinds))


if __name__ == "__main__":
    main()
