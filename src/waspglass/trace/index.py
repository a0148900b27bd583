"""An index over very many files: finds the few that are worth a full comparison without reading the rest.

A folder with `features.npy` (sorted 64-bit pairs of feature and file number, memory-mapped), `sizes.npy` and
`names.json`. It holds hashes and names, no content; the files themselves are read again when they are candidates.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from waspglass.model.errors import Location, OutputError, UsageError
from waspglass.trace.program import Source
from waspglass.trace.sketch import sketches

__all__ = ["Candidate", "Index", "build_index", "open_index"]

VERSION = 1
_FILE_BITS = np.uint64(32)
_FILE_MASK = np.uint64((1 << 32) - 1)
BATCH_BYTES = 1 << 20
FREQUENT = 0.02
"""Features that more than this share of the files have (and more than 50) point nowhere and are passed over."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be related: its name in the index and the rarity-weighted share of the sample's sketch in it."""

    name: str
    share: float


@dataclass(frozen=True, slots=True)
class Index:
    """An opened index."""

    names: tuple[str, ...]
    features: npt.NDArray[np.uint64]
    sizes: npt.NDArray[np.int32]

    def candidates(self, sample: bytes, count: int = 50) -> tuple[Candidate, ...]:
        """The files that share most with a sample, most first."""
        (sketch,) = sketches([sample])
        wanted = sketch.astype(np.uint64) << _FILE_BITS
        low = np.searchsorted(self.features, wanted)
        high = np.searchsorted(self.features, wanted | _FILE_MASK, side="right")
        frequency = high - low
        limit = max(50.0, FREQUENT * len(self.names))
        usable = np.flatnonzero((frequency > 0) & (frequency <= limit))
        score = np.zeros(len(self.names))
        total = np.log((len(self.names) + 1) / np.maximum(frequency, 1)).sum()
        for place in usable.tolist():
            files = self.features[low[place] : high[place]] & _FILE_MASK
            score[files.astype(np.int64)] += np.log((len(self.names) + 1) / frequency[place])
        best = np.argsort(-score, kind="stable")[:count]
        return tuple(
            Candidate(self.names[i], float(score[i] / max(total, 1e-9))) for i in best.tolist() if score[i] > 0
        )


def build_index(sources: Iterable[Source], out: Path) -> int:
    """Writes an index of the sources into the folder `out`; returns their number.

    Raises:
        OutputError: If the folder holds something that is not an index, or cannot be written.
    """
    if out.exists() and any(out.iterdir()) and not (out / "names.json").exists():
        hint = "Choose an empty folder"
        raise OutputError("the folder is not empty and holds no index", location=Location(str(out)), hint=hint)
    names: list[str] = []
    packed: list[npt.NDArray[np.uint64]] = []
    for batch in _batches(sources):
        for source, sketch in zip(batch, sketches([source.raw for source in batch]), strict=True):
            packed.append(sketch.astype(np.uint64) << _FILE_BITS | np.uint64(len(names)))
            names.append(source.name)
    features = np.concatenate(packed) if packed else np.empty(0, dtype=np.uint64)
    features.sort()
    try:
        out.mkdir(parents=True, exist_ok=True)
        np.save(out / "features.npy", features)
        np.save(out / "sizes.npy", np.array([len(part) for part in packed], dtype=np.int32))
        (out / "names.json").write_text(json.dumps({"version": VERSION, "names": names}), encoding="utf-8")
    except OSError as fault:
        raise OutputError(f"the index cannot be written ({fault.strerror})", location=Location(str(out))) from fault
    return len(names)


def _batches(sources: Iterable[Source]) -> Iterator[list[Source]]:
    """Runs of sources of about `BATCH_BYTES` together."""
    batch: list[Source] = []
    size = 0
    for source in sources:
        batch.append(source)
        size += len(source.raw)
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def open_index(folder: Path) -> Index:
    """Opens an index without reading it whole.

    Raises:
        UsageError: If the folder holds no index of this version, or a damaged one.
    """
    place = Location(str(folder))
    try:
        head = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        names = tuple(str(name) for name in head["names"])
        version = head["version"]
        features = np.load(folder / "features.npy", mmap_mode="r", allow_pickle=False)
        sizes = np.load(folder / "sizes.npy", allow_pickle=False)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        hint = "Build it with: waspglass trace index FOLDER --out INDEX"
        raise UsageError("there is no index here, or a damaged one", location=place, hint=hint) from fault
    if version != VERSION or len(sizes) != len(names) or features.dtype != np.uint64:
        raise UsageError("the index is of another version", location=place, hint="Build it again")
    return Index(names, features, sizes)
