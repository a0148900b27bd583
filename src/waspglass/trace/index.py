"""An index over very many files: finds the few that are worth a full comparison without reading the rest.

A folder with `names.json` and shards `features-BUILD-00000.npy`: sorted 64-bit pairs of feature and file number,
memory-mapped. It holds hashes and names, no content; the files themselves are read again when they are candidates.
BUILD is drawn anew for each index and stands in `names.json`: a query while the index is built again finds the shards
that belong to the names that it read, or none.
"""

from __future__ import annotations

import itertools
import json
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import filelock
import numpy as np
import numpy.typing as npt

from waspglass.model.errors import Location, OutputError, UsageError
from waspglass.model.skip import Skipped
from waspglass.trace.archives import LIMITS, Opening, opened
from waspglass.trace.executor import Executor
from waspglass.trace.files import in_batches, plain_file, read_files
from waspglass.trace.hashing import Hashes
from waspglass.trace.program import Source, decode
from waspglass.trace.sketch import FEATURE_BITS, numbered_features, sketches

__all__ = ["Built", "Candidate", "Index", "Shard", "build_index", "index_files", "open_index", "shard_of"]

VERSION = 5
SHARD_FILES = 8192
BATCH_BYTES = 4 << 20
LOOKS = 64
"""Places of a shard that are looked at to see whether it is in order."""
_UNFINISHED = ".unfinished-"
_LOCK = ".lock"
"""In an unfinished folder, held by the run that it belongs to."""
_NUMPY = b"\x93NUMPY"
"""How a file of NumPy begins; anything else it would take for an archive or a pickle."""
_FILE_MASK = np.uint64((1 << 32) - 1)
FREQUENT = 0.02
"""Features that more than this share of the files have (and more than 50) point nowhere and are passed over."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be related.

    Attributes:
        name: In the index.
        share: Rarity-weighted share of the sample's sketch that is in it.
        size: Bytes it had when it was indexed.
    """

    name: str
    share: float
    size: int


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of an index.

    Attributes:
        names: Of its files.
        sizes: In bytes, one a file.
        features: Feature above, number of the file in this shard below; sorted and distinct.
        skipped: What could not be read.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    features: Hashes
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Built:
    """What became of an index: how many files are in it, and what could not be read."""

    files: int
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """An opened index: all names and sizes, and for each shard the number of its first file and its features."""

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    shards: tuple[tuple[int, Hashes], ...]

    def candidates(self, sample: bytes, count: int = 50) -> tuple[Candidate, ...]:
        """The files that share most with a sample, most first."""
        (sketch,) = sketches([_sketched(sample)])
        wanted = sketch.astype(np.uint64) << FEATURE_BITS
        last = wanted | _FILE_MASK
        found = [
            (start, features, np.searchsorted(features, wanted), np.searchsorted(features, last, "right"))
            for start, features in self.shards
        ]
        frequency = sum((high - low for _, _, low, high in found), start=np.zeros(len(wanted), dtype=np.int64))
        weight = np.log((len(self.names) + 1) / np.maximum(frequency, 1))
        usable = np.flatnonzero((frequency > 0) & (frequency <= max(50.0, FREQUENT * len(self.names))))
        score = np.zeros(len(self.names))
        for start, features, low, high in found:
            length = high[usable] - low[usable]
            if length.min(initial=0) < 0:
                raise UsageError("the index is damaged: its features are not in order", hint="Build it again")
            place = np.repeat(low[usable] - np.cumsum(length) + length, length) + np.arange(length.sum())
            files = (features[place] & _FILE_MASK).astype(np.int64) + start
            if files.max(initial=0) >= max(1, len(score)):
                raise UsageError("the index is damaged: it points past its names", hint="Build it again")
            score += np.bincount(files, np.repeat(weight[usable], length), len(score))
        best = np.argsort(-score, kind="stable")[:count]
        total = max(float(weight.sum()), 1e-9)
        return tuple(
            Candidate(self.names[i], float(score[i] / total), self.sizes[i]) for i in best.tolist() if score[i] > 0
        )


def _sketched(raw: bytes) -> bytes:
    """What is sketched of a file: its bytes, in UTF-8 if they look like UTF-16, and in small letters.

    In some languages capitals mean nothing, and a candidate is compared in its own language anyway.
    """
    wide = raw[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in raw[:2]
    return (decode(raw).encode("utf-8", "replace") if wide else raw).lower()


def shard_of(sources: Iterable[Source]) -> Shard:
    """A shard over the sources; only a few megabytes of them are held at a time."""
    names: list[str] = []
    sizes: list[int] = []
    parts = [np.empty(0, dtype=np.uint64)]
    for batch in in_batches(sources, SHARD_FILES, BATCH_BYTES):
        features = numbered_features([_sketched(source.raw) for source in batch])
        features += np.uint64(len(names))
        parts.append(features)
        names += [source.name for source in batch]
        sizes += [len(source.raw) for source in batch]
    features = np.concatenate(parts)
    features.sort()
    return Shard(tuple(names), tuple(sizes), features)


def _shard_of_files(_common: None, paths: Sequence[str]) -> Shard:
    skipped: list[Skipped] = []
    shard = shard_of(_opened(paths, skipped))
    return replace(shard, skipped=tuple(skipped))


def _opened(paths: Sequence[str], skipped: list[Skipped]) -> Iterator[Source]:
    """The files, of archives those in them."""
    for source in read_files(paths, skipped):
        opening = Opening(source.name, LIMITS, skipped)
        for one in opened(source, opening):
            if not opening.admits(one):
                break
            yield one


def index_files(paths: Iterable[str], out: Path, executor: Executor) -> Built:
    """Writes an index of files into the folder `out`; shards of it are worked out by the executor.

    If none of them can be read, an index that is there stays.

    Raises:
        OutputError: If the folder holds something else than an index, cannot be written, or another run writes it.
    """
    rows = iter(paths)
    groups = iter(lambda: tuple(itertools.islice(rows, SHARD_FILES)), ())
    return _write(executor.run(_shard_of_files, None, groups), out)


def build_index(sources: Iterable[Source], out: Path) -> Built:
    """Writes an index of sources that are in memory already; otherwise as `index_files`."""
    rows = iter(sources)
    groups = iter(lambda: tuple(itertools.islice(rows, SHARD_FILES)), ())
    return _write(map(shard_of, groups), out)


def _is_ours(path: Path) -> bool:
    return path.name == "names.json" or path.match("features-*.npy") or path.name.startswith(_UNFINISHED)


def _write(shards: Iterable[Shard], out: Path) -> Built:
    """Writes the shards aside as they come; when all are there, they take the place of an older index."""
    if out.exists() and not (out.is_dir() and all(_is_ours(path) for path in out.iterdir())):
        fault = "the folder is not empty and holds no index" if out.is_dir() else "it is no folder"
        raise OutputError(fault, location=Location(str(out)), hint="Choose an empty folder")
    build = secrets.token_hex(8)
    unfinished = out / f"{_UNFINISHED}{build}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        unfinished.mkdir()
        with filelock.FileLock(unfinished / _LOCK, timeout=0):
            _sweep(out, unfinished)
            built = _write_aside(shards, unfinished, build)
            if not built.files:
                return built
            # The first features before all else: Windows lets nobody take them from a query that reads them.
            for old in sorted(path for path in out.iterdir() if path.is_file()):
                old.unlink()
            for new in sorted(path for path in unfinished.iterdir() if path.name != _LOCK):
                new.replace(out / new.name)
    except filelock.Timeout as fault:
        hint = "Wait until it has ended, or choose another --out"
        raise OutputError("another run is writing this index", location=Location(str(out)), hint=hint) from fault
    except OSError as fault:
        reason = fault.strerror or f"no room: {fault}"  # NumPy has no number for a file that takes only a part
        raise OutputError(f"the index cannot be written ({reason})", location=Location(str(out))) from fault
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return built


def _sweep(out: Path, own: Path) -> None:
    """Removes what killed runs left; two runs at once would mix their files, so that one that is alive ends this one.

    Each holds its own lock before it looks for others: of two that start together one sees the other at least.

    Raises:
        filelock.Timeout: If another run is alive.
    """
    for left in out.glob(f"{_UNFINISHED}*"):
        if left != own:
            with filelock.FileLock(left / _LOCK, timeout=0):
                pass
            shutil.rmtree(left, ignore_errors=True)


def _write_aside(shards: Iterable[Shard], folder: Path, build: str) -> Built:
    names: list[str] = []
    sizes: list[int] = []
    starts: list[int] = []
    skipped: list[Skipped] = []
    for number, shard in enumerate(shards):
        np.save(folder / _shard_name(build, number), shard.features)
        starts.append(len(names))
        names += shard.names
        sizes += shard.sizes
        skipped += shard.skipped
    head = {"version": VERSION, "build": build, "starts": starts, "names": names, "sizes": sizes}
    (folder / "names.json").write_text(json.dumps(head), encoding="utf-8")
    return Built(len(names), tuple(skipped))


def _shard_name(build: str, number: int) -> str:
    return f"features-{build}-{number:05}.npy"


def open_index(folder: Path) -> Index:
    """Opens an index without reading it whole.

    Raises:
        UsageError: If the folder holds no index of this version, or a damaged one.
    """
    place = Location(str(folder))
    try:
        with plain_file(str(folder / "names.json")) as stream:
            head = json.loads(stream.read())
        version = head["version"]
        if version != VERSION:
            raise UsageError("the index is of another version", location=place, hint="Build it again")
        names, sizes = tuple(map(str, head["names"])), tuple(map(int, head["sizes"]))
        starts = [int(start) for start in head["starts"]]
        build = str(head["build"])
        if not build.isalnum():
            raise ValueError("shards of an index are in its folder")
        shards = tuple((start, _features(folder / _shard_name(build, number))) for number, start in enumerate(starts))
        if len(sizes) != len(names):
            raise ValueError("sizes do not fit the names")
        if starts != sorted(starts) or (starts and not 0 <= starts[0] <= starts[-1] <= len(names)):
            raise ValueError("shards do not fit the names")
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as fault:
        hint = "Build it with: waspglass trace index FOLDER --out INDEX"
        raise UsageError("there is no index here, or a damaged one", location=place, hint=hint) from fault
    return Index(names, sizes, shards)


def _features(path: Path) -> npt.NDArray[np.uint64]:
    with plain_file(str(path)) as stream:
        if stream.read(6) != _NUMPY:
            raise ValueError(f"{path.name} holds no features")
    try:
        features: npt.NDArray[np.uint64] = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as fault:  # of a damaged head NumPy raises whatever its parsers do
        raise ValueError(f"{path.name} holds no features") from fault
    if features.dtype != np.uint64 or features.ndim != 1:
        raise ValueError(f"{path.name} holds no features")
    some = features[:: max(1, len(features) // LOOKS)]
    if np.any(some[1:] < some[:-1]):
        raise ValueError(f"the features in {path.name} are not in order")
    return features
