"""Synthetic partial copies: one function of a public program, put into a sample of otherwise other code.

    python -m bench.trace.partials DATA PAIRS

The function is 5 to 50 % of the sample's tokens; it is copied as it is, laid out anew without its comments, or with all
its names changed. Functions and hosts come from two sets in which programs solve the same tasks (so that host and
function have much in common anyway), and from programs for different tasks (TheAlgorithms/C, C-Plus-Plus, Java, Python
on GitHub, cloned into DATA as `alg-c` and so on). The table shows how well pairs of sample and origin stand out among
independent pairs in `matrix`, and how often the function is found in its place and called derived by `trace`.
"""

from __future__ import annotations

import argparse
import random
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.trace.disguises import Disguise, reformatted, renamed, sources
from bench.trace.figures import average_precision, best_f1, roc_auc, true_positives_at
from waspglass.trace.calibration import load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.commons import load_commons
from waspglass.trace.languages import language_named
from waspglass.trace.matrix import listed_pairs
from waspglass.trace.parts import parts_of, program_with_parts
from waspglass.trace.program import Program, Source, readable
from waspglass.trace.syntax import read_syntax
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict

SHARES = ((0.05, 0.1), (0.1, 0.2), (0.2, 0.35), (0.35, 0.5))
EACH = 15
RELATED = 0.2
PROGRAMS = 160
SETS = ("soco_java_B1", "soco_c_A1")
FOLDERS = {
    "alg-c": ("c", "cpp"),
    "alg-cpp": ("cpp", "cpp"),
    "alg-java": ("java", "java"),
    "alg-python": ("py", "python"),
}
"""Suffix and language of each."""
FUNCTION_TOKENS = (80, 400)
BACKGROUND = 20
TRACED = 5
"""Every how many-th sample is traced."""
DISGUISES: dict[str, Disguise] = {
    "as it is": lambda source, _other, _draw: source.raw,
    "laid out anew": reformatted,
    "renamed": renamed,
}
_ATTACHED = re.compile(rb"(@|template\b|#).*$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A function: the bytes of its lines, moved to the left margin, and its number of tokens."""

    raw: bytes
    tokens: int
    line: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """Programs that functions are taken from and put into."""

    name: str
    texts: list[Source]
    programs: list[Program]
    functions: list[list[Piece]]


@dataclass(frozen=True, slots=True)
class Copy:
    """A sample that holds a function of another program.

    Attributes:
        sample: The text.
        origin: Number of the program that the function is from.
        hosts: Numbers of the programs that the rest is from.
        lines: Where the function is in the sample, first and last line.
        wanted: Number of its share in `SHARES`.
    """

    sample: Source
    origin: int
    hosts: tuple[int, ...]
    lines: tuple[int, int]
    wanted: int


def corpora(data: Path, pairs: Path) -> Iterator[Corpus]:
    """The programs of each set and folder, of folders a sample."""
    for name in (*SETS, *FOLDERS):
        if name in FOLDERS:
            suffix, language = FOLDERS[name]
            paths = sorted(path for path in (data / name).rglob(f"*.{suffix}") if 1500 < path.stat().st_size < 12_000)
            random.Random(3).shuffle(paths)
            texts = [Source(str(path), path.read_bytes(), language_named(language)) for path in paths[:PROGRAMS]]
        else:
            texts = sources(data, pairs / f"{name}.csv", PROGRAMS)
        programs = [program_with_parts(text) for text in texts]
        functions = [pieces(text, program) for text, program in zip(texts, programs, strict=True)]
        yield Corpus(name, texts, programs, functions)


def pieces(source: Source, program: Program) -> list[Piece]:
    """The functions of a program that can be moved as whole lines."""
    text = readable(source)
    found = []
    for part in parts_of(program, read_syntax(text.raw, text.language), text.raw):
        start = text.raw.rfind(b"\n", 0, part.start) + 1
        end = text.raw.find(b"\n", part.end)
        before = text.raw[:start].rstrip().rsplit(b"\n", 1)[-1].strip()
        if text.raw[start : part.start].strip() or _ATTACHED.match(before):
            continue
        lines = text.raw[start : end if end >= 0 else len(text.raw)].decode("utf-8", "replace")
        found.append(Piece(textwrap.dedent(lines).encode(), part.program.tokens, text.raw.count(b"\n", 0, start)))
    return found


def copies(corpus: Corpus, disguise: Disguise) -> Iterator[Copy]:
    """`EACH` samples for each range of shares, or fewer; always the same ones.

    No program is an origin and a host, or an origin twice: what is copied is in two programs and not in three.
    """
    draw = random.Random(7)
    low, high = FUNCTION_TOKENS
    functions = corpus.functions
    fitting = [[piece for piece in found if low <= piece.tokens <= high] for found in functions]
    origins = [number for number, found in enumerate(fitting) if found and number % 2 == 0]
    movable = [number for number, found in enumerate(functions) if found and number % 2 == 1]
    draw.shuffle(origins)
    for wanted, (least, most) in enumerate(SHARES):
        for origin in origins[wanted :: len(SHARES)][:EACH]:
            piece = draw.choice(fitting[origin])
            size = piece.tokens / draw.uniform(least, most) - piece.tokens
            hosts = [draw.choice(movable)]
            while sum(corpus.programs[host].tokens for host in hosts) < size:
                hosts.append(draw.choice(movable))
            moved = Source(corpus.texts[origin].name, piece.raw, corpus.texts[origin].language)
            yield _inserted(disguise(moved, corpus.texts[hosts[0]], draw), corpus, hosts, origin, wanted, draw)


def _inserted(raw: bytes, corpus: Corpus, hosts: Sequence[int], origin: int, wanted: int, draw: random.Random) -> Copy:
    """Puts a function before one of a host's, as far in as that, the hosts one after the other."""
    target = draw.randrange(len(hosts))
    lines: list[bytes] = []
    place = (0, 0)
    for number, host in enumerate(hosts):
        own = readable(corpus.texts[host]).raw.split(b"\n")
        if number == target:
            at = draw.choice(corpus.functions[host]).line
            indent = own[at][: len(own[at]) - len(own[at].lstrip())]
            new = [indent + line if line.strip() else line for line in raw.split(b"\n")]
            place = (len(lines) + at + 1, len(lines) + at + len(new))
            own = [*own[:at], *new, b"", *own[at:]]
        lines += own
    sample = Source(f"copy {draw.randrange(10**9)} of {origin}", b"\n".join(lines), corpus.texts[origin].language)
    return Copy(sample, origin, tuple(hosts), place, wanted)


Figures = npt.NDArray[np.float64]


def ranked(corpus: Corpus, made: Sequence[Copy]) -> dict[int, Figures]:
    """How the pairs of samples and their origins stand out in `matrix`, by share, beside all that are independent.

    Hosts are not in the collection; pairs in which a host, or the origin, is alike the other program are left out.
    """
    kept = range(0, len(corpus.programs), 2)
    likeness = Collection(corpus.programs, load_commons()).score_all()
    collection = Collection(
        [*(corpus.programs[number] for number in kept), *(program_with_parts(one.sample) for one in made)],
        load_commons(),
    )
    pairs = [
        (len(kept) + number, place, one.wanted if other == one.origin else -1)
        for number, one in enumerate(made)
        for place, other in enumerate(kept)
        if likeness[other, [*one.hosts]].max() < RELATED
        and (other == one.origin or likeness[other, one.origin] < RELATED)
    ]
    first, second, wanted = np.array(pairs).T
    score = listed_pairs(collection, first, second, load_calibration()).score
    found = {}
    for share in range(len(SHARES)):
        here = (wanted == share) | (wanted == -1)
        label = (wanted[here] == share).astype(np.int64)
        measures = roc_auc, average_precision, best_f1
        rates = [true_positives_at(label, score[here], rate) for rate in (0.01, 0.001)]
        found[share] = np.array([*(measure(label, score[here]) for measure in measures), *rates])
    return found


def traced(corpus: Corpus, one: Copy, others: Sequence[int], background: int) -> tuple[bool, bool, bool]:
    """Whether the function is named, whether the sample is called derived; whether from a program of `others`, too."""
    calibration, commons = load_calibration(), load_commons()
    around = [corpus.texts[number] for number in others[1 : background + 1]]
    best, wrong = (
        trace([one.sample], [corpus.texts[number]], around, calibration=calibration, commons=commons).comparisons[0]
        for number in (one.origin, others[0])
    )
    first, last = one.lines
    named = any(part.sample.first <= last and first <= part.sample.last for part in best.parts)
    derived = best.verdict is Verdict.DERIVED
    return named or derived, derived, wrong.verdict is Verdict.DERIVED


def main() -> None:
    """Prints a line for each disguise and share."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("pairs", type=Path)
    arguments = parser.parse_args()
    found = list(corpora(arguments.data, arguments.pairs))
    for name, disguise in DISGUISES.items():
        figures: list[dict[int, Figures]] = []
        answers: dict[tuple[int, int], list[tuple[bool, bool, bool]]] = {}
        for corpus in found:
            made = list(copies(corpus, disguise))
            figures.append(ranked(corpus, made))
            draw = random.Random(11)
            for one in made[::TRACED]:
                free = [number for number in range(0, len(corpus.texts), 2) if number != one.origin]
                others = draw.sample(free, BACKGROUND + 1)
                for background in (BACKGROUND, 0):
                    answer = traced(corpus, one, others, background)
                    answers.setdefault((one.wanted, background), []).append(answer)
        for share, (least, most) in enumerate(SHARES):
            mean = np.mean([figure[share] for figure in figures], axis=0)
            cells = [" ".join(f"{value:.3f}" for value in mean)]
            for background in (BACKGROUND, 0):
                said = np.array(answers[share, background])
                cells.append(f"{said[:, 0].mean():.2f} {said[:, 1].mean():.2f} {said[:, 2].sum()} of {len(said)}")
            print(f"| {name}, {least:.0%} to {most:.0%} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
