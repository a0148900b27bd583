"""Rebuilds `src/waspglass/trace/data/commons.npz`: features that any program of a language may have.

    python -m bench.trace.build_commons DATA

Only hashes of features of public programs and the share of programs that have them are kept, never code. Sets that
are held out when the calibration is judged (`bench/trace/calibrate.py`) are not read here.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np

from waspglass.trace.languages import language_named
from waspglass.trace.program import Source, program_of
from waspglass.trace.views import VIEWS

GLOBS = {
    "cpp": ("vkcup/data/open-*/sources/*.cpp", "vkcup/data/final-*/sources/*.cpp"),
    "java": ("vkcup/data/*/sources/*.java",),
    "python": ("vkcup/data/*/sources/*.py", "alg-python/**/*.py"),
    "csharp": ("alg-c-sharp/**/*.cs",),
    "javascript": ("alg-javascript/**/*.js",),
    "go": ("alg-go/**/*.go",),
    "php": ("alg-php/**/*.php",),
    "powershell": ("posh/scripts/*.ps1",),
}
MOST_PROGRAMS = 1500
MOST_FEATURES = 2500
LEAST_SHARE = 0.01


def build(data: Path, out: Path) -> None:
    """Counts, for each language and view, in how many programs a feature occurs; keeps the most frequent."""
    features, frequencies = [], []
    for language, globs in GLOBS.items():
        paths = sorted(path for pattern in globs for path in data.glob(pattern))
        paths = random.Random(7).sample(paths, min(len(paths), MOST_PROGRAMS))
        programs = [program_of(Source(str(path), path.read_bytes(), language_named(language))) for path in paths]
        for view in VIEWS:
            found, count = np.unique(np.concatenate([p.views[view] for p in programs]), return_counts=True)
            share = count / len(programs)
            best = np.argsort(-share, kind="stable")[:MOST_FEATURES]
            best = best[(share[best] >= LEAST_SHARE) & (count[best] >= 4)]
            features.append(found[best])
            frequencies.append(share[best])
            print(f"{language:12} {view:10} {len(programs):5} programs {len(best):5} features")
    feature, frequency = np.concatenate(features), np.concatenate(frequencies)
    order = np.lexsort((-frequency, feature))
    feature, frequency = feature[order], frequency[order]
    first = np.r_[True, feature[1:] != feature[:-1]]
    np.savez_compressed(out, feature=feature[first], frequency=frequency[first].astype(np.float16))
    print(f"{first.sum()} features, {out.stat().st_size} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("src/waspglass/trace/data/commons.npz"))
    arguments = parser.parse_args()
    build(arguments.data, arguments.out)
