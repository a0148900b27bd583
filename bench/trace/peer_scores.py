"""Scores of one peer, worked out by the Python of the peers' own environment (`bench.trace.peer_tools` makes it).

    PYTHON bench/trace/peer_scores.py PEER TASK

TASK is a JSON file with `files` (paths) and `pairs` (two numbers of files each). One JSON line a pair is written:
first, second, score. Nothing of waspglass is imported here.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Pairs = list[tuple[int, int]]
Scored = Iterator[tuple[int, int, float]]


def copydetect(files: list[str], pairs: Pairs) -> Scored:
    """Winnowing with its own defaults; the greater of the two directions."""
    module: Any = importlib.import_module("copydetect")
    prints = [module.CodeFingerprint(path, 25, 1) for path in files]
    for a, b in pairs:
        _, similarity, _ = module.compare_files(prints[a], prints[b])
        yield a, b, float(max(similarity))


def datasketch(files: list[str], pairs: Pairs) -> Scored:
    """MinHash of 5-word shingles."""
    module: Any = importlib.import_module("datasketch")
    sketches = []
    for path in files:
        words = Path(path).read_text(encoding="utf-8", errors="replace").split()
        sketches.append(module.MinHash(num_perm=128))
        for start in range(max(1, len(words) - 4)):
            sketches[-1].update(" ".join(words[start : start + 5]).encode())
    for a, b in pairs:
        yield a, b, float(sketches[a].jaccard(sketches[b]))


def compare50(files: list[str], pairs: Pairs) -> Scored:
    """The score of its pass `structure`: shared fingerprints, each weighted by its rarity."""
    del pairs  # it compares all with all
    api: Any = importlib.import_module("compare50._api")
    data: Any = importlib.import_module("compare50._data")
    structure: Any = importlib.import_module("compare50.passes").structure
    api.Executor = api.FauxExecutor

    def preprocessed(tokens: Iterator[object]) -> Iterator[object]:
        for step in structure.preprocessors:
            tokens = step(tokens)
        return tokens

    number = {}
    submissions = []
    for index, path in enumerate(files):
        place = Path(path)
        submissions.append(data.Submission(place.parent, [place.name], preprocessor=preprocessed))
        number[submissions[-1].id] = index
    with api.progress_bar("", disable=True):
        for score in structure.comparator.score(submissions, [], []):
            yield number[score.sub_a.id], number[score.sub_b.id], float(score.score)


def _diffinite(files: list[str], pairs: Pairs, *, normalize: bool) -> Scored:
    module: Any = importlib.import_module("diffinite.fingerprint")
    strip: Any = importlib.import_module("diffinite.parser").strip_comments
    jaccard: Any = importlib.import_module("diffinite.evidence").jaccard_similarity
    prints = []
    for path in files:
        ending = Path(path).suffix
        text = strip(Path(path).read_text(encoding="utf-8", errors="replace"), ending)
        found = module.extract_fingerprints(text, normalize=normalize, ext=ending)
        prints.append({one.hash_value for one in found})
    for a, b in pairs:
        yield a, b, float(jaccard(prints[a], prints[b]))


def diffinite(files: list[str], pairs: Pairs) -> Scored:
    """Jaccard of winnowed fingerprints, with its defaults."""
    return _diffinite(files, pairs, normalize=False)


def diffinite_normalised(files: list[str], pairs: Pairs) -> Scored:
    """The same with its option --normalize."""
    return _diffinite(files, pairs, normalize=True)


PEERS: dict[str, Callable[[list[str], Pairs], Scored]] = {
    "copydetect": copydetect, "datasketch": datasketch, "compare50": compare50, "diffinite": diffinite,
    "diffinite_normalised": diffinite_normalised,
}  # fmt: skip


def main() -> None:
    """Writes the scores."""
    task = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    for a, b, score in PEERS[sys.argv[1]](task["files"], [(a, b) for a, b in task["pairs"]]):
        sys.stdout.write(f"[{a},{b},{score!r}]\n")


if __name__ == "__main__":
    main()
