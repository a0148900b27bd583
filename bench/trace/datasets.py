"""Turns public labelled code collections into pairs CSVs (`path_a,path_b,label,level,group,lang`).

The collections are not part of the project: clone them into one folder, under the names of `SOURCES`, and run

    python -m bench.trace.datasets DATA OUT

Paths in the CSVs are relative to DATA. Label 1 is derived, 0 independent. Siblings (two disguises of one original)
are left out: they are neither.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCES = {
    "irplag": "oscarkarnalim/sourcecodeplagiarismdataset (Apache-2.0; unzip IR-Plag-Dataset.zip in it)",
    "hjc1": "hjc851/SourceCodePlagiarismDetectionDataset (MIT)",
    "hjc2": "hjc851/Dataset2-HowToDetectAdvancedSourceCodePlagiarism",
    "vkcup": "slava-sh/code-plagiarism-detector (tests of the VK Cup 2015 wild card round)",
    "soco": "FidelBM/code_plagiarism (holds the SOCO 2014 corpus)",
    "emse": "tsaglam/EMSE25-SM (replication package)",
    "conplag": "FahadEbrahim/SCPD_FSE (holds ConPlag)",
}

MAX_NEGATIVES = 6000


@dataclass(frozen=True, slots=True)
class Pair:
    """One labelled pair; `level` is the kind of disguise, `group` the task."""

    a: str
    b: str
    label: int
    level: str
    group: str
    lang: str


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _thin(pairs: Iterable[Pair], limit: int = MAX_NEGATIVES) -> list[Pair]:
    kept = list(pairs)
    return random.Random(7).sample(kept, limit) if len(kept) > limit else kept


def irplag(root: Path) -> Iterator[Pair]:
    """Seven Java tasks: an original, six levels of disguise by hand, independent solutions."""
    for case in sorted((root / "irplag/IR-Plag-Dataset").glob("case-*")):
        original = _relative(next((case / "original").rglob("*.java")), root)
        independent = [_relative(path, root) for path in sorted((case / "non-plagiarized").rglob("*.java"))]
        for path in sorted((case / "plagiarized").rglob("*.java")):
            level = path.relative_to(case / "plagiarized").parts[0]
            disguised = _relative(path, root)
            yield Pair(original, disguised, 1, level, case.name, "java")
            for other in independent:
                yield Pair(disguised, other, 0, "", case.name, "java")
        for other in independent:
            yield Pair(original, other, 0, "", case.name, "java")


def hjc1(root: Path) -> Iterator[Pair]:
    """Four Java programs of several classes, disguised by a tool; programs are folders."""
    variants = {b: sorted((root / f"hjc1/Variant Programs/{b}").iterdir()) for b in "1234"}
    for base, folders in variants.items():
        for folder in folders:
            yield Pair(f"hjc1/Base Programs/{base}", _relative(folder, root), 1, "tool", base, "java")
    negatives = [
        Pair(_relative(x, root), _relative(y, root), 0, "", "across", "java")
        for a, b in itertools.combinations(variants, 2)
        for x in variants[a]
        for y in variants[b]
    ]
    yield from _thin(negatives, 3000)


def hjc2(root: Path) -> Iterator[Pair]:
    """Five Java programs, five strengths of disguise by a tool (the second number of the folder)."""
    everyone: dict[str, list[Path]] = {}
    for folder in sorted((root / "hjc2/Variant Programs").iterdir()):
        base, level = folder.name.split("-")
        for variant in sorted(folder.iterdir()):
            everyone.setdefault(base, []).append(variant)
            yield Pair(f"hjc2/Base Programs/{base}", _relative(variant, root), 1, level, base, "java")
    negatives = [
        Pair(_relative(x, root), _relative(y, root), 0, "", "across", "java")
        for a, b in itertools.combinations(everyone, 2)
        for x in everyone[a][::5]
        for y in everyone[b][::5]
    ]
    yield from _thin(negatives, 3000)


def _all_pairs(paths: list[str], derived: set[frozenset[str]], level: str, group: str, lang: str) -> Iterator[Pair]:
    negatives = []
    for a, b in itertools.combinations(paths, 2):
        if frozenset((a, b)) in derived:
            yield Pair(a, b, 1, level, group, lang)
        else:
            negatives.append(Pair(a, b, 0, "", group, lang))
    yield from _thin(negatives)


def _qrels(path: Path, prefix: str, suffix: str = "") -> set[frozenset[str]]:
    rows = (line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return {frozenset(f"{prefix}{name}{suffix}" for name in row[:2]) for row in rows}


def soco_train(root: Path, lang: str) -> Iterator[Pair]:
    """SOCO 2014 training part: students' programs, reuse judged by people."""
    folder = root / f"soco/data/train/{lang}"
    derived = _qrels(root / f"soco/data/train/SOCO14-{lang}.qrel", f"soco/data/train/{lang}/")
    yield from _all_pairs([_relative(p, root) for p in sorted(folder.iterdir())], derived, "reuse", "train", lang)


def soco_test(root: Path, lang: str, scenario: str) -> Iterator[Pair]:
    """SOCO 2014 test part: one contest task a scenario; the large scenarios are thinned."""
    folder = root / f"soco/data/test/{lang}/{scenario}"
    prefix = f"soco/data/test/{lang}/{scenario}/"
    derived = {
        pair
        for pair in _qrels(root / f"soco/data/test/soco14-test-{lang}-update.qrel", prefix)
        if all(name.removeprefix(prefix).startswith(scenario) for name in pair)
    }
    names = sorted(p.name for p in folder.iterdir())
    derived = {pair for pair in derived if all((root / path).exists() for path in pair)}
    named = {name for pair in derived for name in pair}
    others = [prefix + n for n in names if prefix + n not in named]
    kept = sorted(named | set(random.Random(7).sample(others, min(len(others), 250))))
    yield from _all_pairs(kept, derived, "reuse", scenario, lang)


_VK_LANG = {".cpp": "cpp", ".java": "java", ".py": "python", ".cs": "csharp", ".c": "c"}


def vkcup(root: Path, prefix: str, extensions: tuple[str, ...]) -> Iterator[Pair]:
    """Contest programs; derived are the groups of the tests' answer files (copies, or one team's resubmissions)."""
    for test in sorted((root / "vkcup/data").glob(f"{prefix}*")):
        if not (test / "ans.txt").exists():
            continue
        paths = [p for p in sorted((test / "sources").iterdir()) if p.suffix in extensions]
        names = {p.name: _relative(p, root) for p in paths}
        derived: set[frozenset[str]] = set()
        for line in (test / "ans.txt").read_text(encoding="utf-8").splitlines()[1:]:
            members = [names[n] for n in line.split() if n in names]
            derived |= {frozenset(pair) for pair in itertools.combinations(members, 2)}
        negatives = []
        for a, b in itertools.combinations(paths, 2):
            if a.suffix != b.suffix:
                continue
            pair = Pair(names[a.name], names[b.name], 1, "copy", test.name, _VK_LANG[a.suffix])
            if frozenset((pair.a, pair.b)) in derived:
                yield pair
            else:
                negatives.append(Pair(pair.a, pair.b, 0, "", pair.group, pair.lang))
        yield from _thin(negatives, 1500)


def emse(root: Path, task: str) -> Iterator[Pair]:
    """Students' programs and what insertion, refactoring and language-model tools made of them."""
    base = root / f"emse/datasets/{task}"
    lang = "java" if task.startswith("Prog") else "cpp"
    suffix = f"*.{lang}"
    human = {re.sub(r"^student", "", p.name): p for p in sorted((base / "human").iterdir()) if any(p.rglob(suffix))}
    folders = {key: _relative(p, root) for key, p in human.items()}
    for kind in ("insert", "refactor", "gptobf"):
        if not (base / kind).exists():
            continue
        for variant in sorted((base / kind).iterdir()):
            if not any(variant.rglob(suffix)):
                continue
            source = re.sub(r"^(plag|gpt\d+)-(student)?", "", variant.name)
            for key, path in folders.items():
                if key == source:
                    yield Pair(path, _relative(variant, root), 1, kind, task, lang)
                elif kind != "gptobf":
                    yield Pair(path, _relative(variant, root), 0, "", task, lang)
    for a, b in itertools.combinations(folders.values(), 2):
        yield Pair(a, b, 0, "", task, lang)


def conplag(root: Path, version: int) -> Iterator[Pair]:
    """ConPlag: contest pairs judged by people; 1 = as submitted, 2 = without the participants' templates."""
    out = root / f"conplag_v{version}"
    out.mkdir(exist_ok=True)
    csv.field_size_limit(10**9)
    for part in ("train", "validation", "test"):
        table = root / f"conplag/dataset/version_{version}/{part}.csv"
        if not table.exists():
            continue
        with table.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                for side in "12":
                    (out / f"{row[f'filename_{side}']}.java").write_text(row[f"code_{side}"], encoding="utf-8")
                names = [_relative(out / f"{row[f'filename_{side}']}.java", root) for side in "12"]
                yield Pair(names[0], names[1], int(float(row["labels"])), "copy", "contest", "java")


def write(path: Path, pairs: Iterable[Pair]) -> None:
    """Writes the pairs CSV of a set, each pair once, and says how many they are."""
    kept = list({(p.a, p.b): p for p in pairs}.values())
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path_a", "path_b", "label", "level", "group", "lang"])
        writer.writerows([p.a, p.b, p.label, p.level, p.group, p.lang] for p in kept)
    derived = sum(p.label for p in kept)
    print(f"{path.stem:20} {derived:6} derived {len(kept) - derived:7} independent")


def build(data: Path, out: Path) -> None:
    """Writes one pairs CSV a set into `out`."""
    cpp = (".cpp", ".c")
    makers: dict[str, Iterator[Pair]] = {
        "irplag": irplag(data), "hjc1": hjc1(data), "hjc2": hjc2(data),
        "soco_train_c": soco_train(data, "c"), "soco_train_java": soco_train(data, "java"),
        **{
            f"soco_{lang}_{name}": soco_test(data, lang, name)
            for lang in ("c", "java")
            for name in ("A1", "A2", "B1", "B2", "C1", "C2")
        },
        "vk_final": vkcup(data, "final-", cpp), "vk_team_cpp": vkcup(data, "*-team-", cpp),
        "vk_open_cpp": vkcup(data, "open-", cpp), "vk_java": vkcup(data, "[a-z]", (".java",)),
        "vk_python": vkcup(data, "[a-z]", (".py",)),
        **{f"emse_{t}": emse(data, t) for t in ("Progpedia19", "Progpedia56", "z5z1", "z5z5")},
        "conplag_v1": conplag(data, 1), "conplag_v2": conplag(data, 2),
    }  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    for name, maker in makers.items():
        write(out / f"{name}.csv", maker)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    build(arguments.data, arguments.out)
