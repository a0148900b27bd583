"""Families of sets that no number was fitted on and nothing was chosen by: students' revisions, and disguises by tools,
people and language models in C, C++, Java and Python.

    python -m bench.trace.unseen DATA OUT

Clone `SOURCES` into DATA under their names. In each list an original stands with one or more copies. Independent are
other programs: for the same task where there are tasks (`itsp`, `cpack`, `codeforces`, `gptgcj`), else of other
projects. Of originals that hold much of an earlier one (`codenet`: the readers of one author; `sok`: two states of one
file) only the first is kept.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from bench.trace.contests import ALIKE, WORDS, alike
from bench.trace.datasets import MAX_NEGATIVES, Pair, write

SOURCES = {
    "itsp": "jyi/ITSP (students' wrong programs in C and what they became)",
    "cpack": "pmorvalho/C-Pack-IPAs (students' submissions in C; first and last of each)",
    "codeforces": "cuong0001/Source-Code-Similarity-Detection (ten small tasks, disguised by a script)",
    "sok": "oxygen-hunter/SoK-Code-Obfuscation-in-LLM-VD (files of public projects, disguised by a language model)",
    "swindle": "SwindleA/LLMCodeObfuscation (55 small programs, disguised by hand and by language models)",
    "gptgcj": "tipaek/GPT-Java-GCJ-Dataset (Java of Google Code Jam 2020, rewritten by GPT-4o)",
    "codenet": "Beninwende/Obfuscated-code-understanding (Java of CodeNet, obfuscated and decompiled)",
}
MOST_DERIVED, LEAST_BYTES, RUN = 400, 500, 40
CODE_JAM_TASKS = "20993c", "209a9e", "209a9f", "2b3034", "2d5b62", "317409", "3179a1", "3384ea"
CODE_JAM_PEOPLE = 80
_SOK = {"c": "PrimeVul_c", "cpp": "ReposVul_cpp", "python": "ReposVul_py"}
_SOK_KINDS = ("L1", "L2", "L3", "L4+L5+L6", "C1", "C2", "D1+D2+D3", "D4+D5+D6+D7", "D8")
"""Not C3, L7 and L8: a virtual machine or a call of a library in place of the code."""
_TOKEN = re.compile(rb"\w+|[^\w\s]")
_SAID_OFTEN = re.compile(rb"(?m)^(?:import|#include)[^\n]*|//[^\n]*|/\*(?s:.*?)\*/")


def _pair(root: Path, one: Path, other: Path, kind: str, group: str, lang: str) -> Pair:
    """Independent if no kind of disguise is named."""
    a, b = (path.relative_to(root).as_posix() for path in (one, other))
    return Pair(a, b, int(kind != ""), kind, group, lang)


def _list(pairs: Iterable[Pair]) -> list[Pair]:
    """At most so many derived and independent pairs, drawn at random."""
    draw, kept = random.Random(3), list(pairs)
    draw.shuffle(kept)
    sides = [[pair for pair in kept if pair.label == label] for label in (1, 0)]
    return sides[0][:MOST_DERIVED] + sides[1][:MAX_NEGATIVES]


def _distinct(paths: Iterable[Path]) -> list[Path]:
    """Those that share no run of tokens with one that is kept, imports aside."""
    kept, seen = [], set[tuple[bytes, ...]]()
    for path in paths:
        tokens = _TOKEN.findall(_SAID_OFTEN.sub(b"", path.read_bytes()))
        runs = {tuple(tokens[start : start + RUN]) for start in range(len(tokens) - RUN + 1)}
        if not runs & seen:
            kept.append(path)
            seen |= runs
    return kept


def _made(root: Path, copies: dict[Path, list[tuple[str, Path]]], lang: str) -> list[Pair]:
    """Each original with its copies; independent: other originals, and a copy of another."""
    draw, originals = random.Random(3), sorted(copies)
    pairs = [_pair(root, one, copy, kind, lang, lang) for one in originals for kind, copy in copies[one]]
    pairs += [_pair(root, one, other, "", lang, lang) for one, other in itertools.combinations(originals, 2)]
    for one, other in itertools.permutations(originals, 2):
        if copies[other]:
            pairs.append(_pair(root, one, draw.choice(copies[other])[1], "", lang, lang))
    return pairs


def sok(root: Path, lang: str) -> list[Pair]:
    """One disguise for each file, as that is the harder case."""
    base, draw = root / "sok/data" / _SOK[lang], random.Random(3)
    copies = {}
    for path in _distinct(sorted(path for path in (base / "original").iterdir() if path.stat().st_size > LEAST_BYTES)):
        kinds = [kind for kind in _SOK_KINDS if (base / f"combo_{kind}" / path.name).exists()]
        kind = draw.choice(kinds)
        copies[path] = [(kind, base / f"combo_{kind}" / path.name)]
    return _made(root, copies, lang)


def swindle(root: Path) -> list[Pair]:
    """Each program with up to 18 disguises."""
    copies: dict[Path, list[tuple[str, Path]]] = {path: [] for path in (root / "swindle/Base_Code").glob("*.cpp")}
    for path in sorted((root / "swindle").glob("O*/*.cpp")):
        kind, name = path.stem.split("_")
        original = root / f"swindle/Base_Code/{name}.cpp"
        if original in copies and path.read_bytes() != original.read_bytes():
            copies[original].append((kind, path))
    return _made(root, copies, "cpp")


def codenet(root: Path) -> dict[str, list[Pair]]:
    """One disguise for each program (names, dead code, or strings and numbers encrypted), and all three at once."""
    out, draw = root / "codenet_java", random.Random(3)
    out.mkdir(exist_ok=True)
    kinds = {"plain": "Dataset_Without_Comments", "dead": "Dataset_DeadCode", "encrypt": "Dataset_Encryption",
             "rename": "Variable_Renaming"}  # fmt: skip
    for kind, name in kinds.items():
        for row in json.loads((root / f"codenet/Data/{name}.json").read_text(encoding="utf-8")):
            (out / f"{row['Sub Directory']}_{kind}.java").write_text(row["Java Code"], encoding="utf-8")
    for folder in (root / "codenet/Results/Combined-Obfuscation/CodeNet_Obfuscated").iterdir():
        files = [file.read_bytes() for file in sorted(folder.glob("decompiled/*.java"))]
        if files:
            (out / f"{folder.name.removesuffix('_Java')}_combined.java").write_bytes(b"\n".join(files))
    one: dict[Path, list[tuple[str, Path]]] = {}
    every: dict[Path, list[tuple[str, Path]]] = {}
    for path in _distinct(sorted(out.glob("*_plain.java"))):
        for copies, kind in ((one, draw.choice(("dead", "encrypt", "rename"))), (every, "combined")):
            copy = out / path.name.replace("plain", kind)
            copies[path] = [(kind, copy)] if copy.exists() else []
    return {"codenet": _made(root, one, "java"), "codenet_combined": _made(root, every, "java")}


def _students(root: Path, tasks: dict[str, dict[str, list[Path]]]) -> list[Pair]:
    """First and last program of a student are one made from the other; those of different students are not."""
    pairs = []
    for task, students in tasks.items():
        ends = {who: (found[0], found[-1]) for who, found in students.items()}
        for first, last in ends.values():
            if first.read_bytes() != last.read_bytes():
                pairs.append(_pair(root, first, last, "revision", task, "c"))
        for one, other in itertools.combinations(sorted(ends), 2):
            pairs.append(_pair(root, ends[one][1], ends[other][1], "", task, "c"))
    return pairs


def students(root: Path, pattern: str, form: str) -> list[Pair]:
    """Programs of students by task; `form` finds the student and the number or state in the name of a file."""
    tasks: dict[str, dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(root.glob(pattern)):
        match = re.fullmatch(form, path.name)
        if match and path.stat().st_size > LEAST_BYTES:
            tasks["/".join(path.parts[-4:-1] if "cpack" in pattern else path.parts[-2:-1])][match[1]].append(path)
    for found in tasks.values():
        for paths in found.values():
            paths.sort(key=lambda path: path.name)
    return _students(root, tasks)


def codeforces(root: Path, suffix: str, lang: str) -> list[Pair]:
    """All pairs inside tasks; a copy has the number of its original."""
    pairs = []
    for folder in sorted((root / "codeforces/dataset").glob("*/*")):
        for one, other in itertools.combinations(sorted(folder.glob(f"*{suffix}")), 2):
            same = one.stem.split("_")[0] == other.stem.split("_")[0]
            pairs.append(_pair(root, one, other, "script" if same else "", folder.parent.name, lang))
    return pairs


def code_jam_use(path: Path) -> str:
    """Half of the people are here, for `pairs`; `bench.trace.build_commons` finds public routines with the others."""
    person = path.stem.rsplit("_", 3)[0]
    return ("pairs", "routines")[sha256(person.encode("utf-8", "surrogateescape")).digest()[0] % 2]


def code_jam(root: Path, task: str) -> list[Pair]:
    """Each program with what a language model made of it when told to rewrite it all; independent: other people's for
    the task, as they are or rewritten. Of programs that are nearly alike only the first is kept.
    """
    base, draw = root / "gptgcj/dataset", random.Random(3)
    paths = [path for path in sorted(base.glob(f"*{task}.java")) if code_jam_use(path) == "pairs"]
    draw.shuffle(paths)
    kept: dict[str, tuple[Path, list[str]]] = {}
    for path in paths:
        person, rewritten = path.stem.rsplit("_", 3)[0], base / "Anomalous" / path.name
        if person in kept or not rewritten.exists() or min(p.stat().st_size for p in (path, rewritten)) < LEAST_BYTES:
            continue
        tokens = WORDS.findall(path.read_text(errors="replace"))
        if not any(alike(tokens, known, ALIKE) for _, known in kept.values()):
            kept[person] = path, tokens
        if len(kept) == CODE_JAM_PEOPLE:
            break
    made = {path: path.parent / "Anomalous" / path.name for path, _ in kept.values()}
    pairs = [_pair(root, path, copy, "rewritten", task, "java") for path, copy in made.items()]
    for one, other in itertools.combinations(made, 2):
        for a, b in itertools.product((one, made[one]), (other, made[other])):
            pairs.append(_pair(root, a, b, "", task, "java"))
    return pairs


def main() -> None:
    """Writes one list a set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    root: Path = arguments.data
    arguments.out.mkdir(parents=True, exist_ok=True)
    sets = {
        "itsp": students(root, "itsp/dataset/Lab-*/*/*.c", r"(\d+)_(?:buggy|correct)\.c"),
        "cpack": students(root, "cpack/*/year-*/*/*/*.c", r"ex\d+-(stu_\d+)-sub_\d+\.c"),
        **{f"codeforces_{lang}": codeforces(root, suffix, lang)
           for suffix, lang in ((".c", "c"), (".cpp", "cpp"), (".py", "python"))},
        **{f"sok_{lang}": sok(root, lang) for lang in _SOK},
        "swindle": swindle(root), **codenet(root),
        **{f"gptgcj_{task}": code_jam(root, task) for task in CODE_JAM_TASKS},
    }  # fmt: skip
    for name, pairs in sets.items():
        write(arguments.out / f"{name}.csv", _list(pairs))


if __name__ == "__main__":
    main()
