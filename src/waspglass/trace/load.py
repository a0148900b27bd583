"""Brings in files, folders and archives as sources; whatever cannot be read becomes a counted skip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import DEFAULT_LIMITS, Limits
from waspglass.evidence.open import open_evidence
from waspglass.evidence.tree import Evidence
from waspglass.model.errors import EvidenceError, Location, UsageError
from waspglass.model.skip import Skipped, SkipReason
from waspglass.trace.files import read_files
from waspglass.trace.index import open_index
from waspglass.trace.program import BYTE_LIMIT, Source
from waspglass.trace.unpack import unpack

__all__ = ["FILE_LIMIT", "Loaded", "load", "load_candidates"]

FILE_LIMIT = 200_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was found under some paths, in the order of the paths and inside them by name."""

    sources: tuple[Source, ...]
    skipped: tuple[Skipped, ...]

    def joined(self, other: Loaded) -> Loaded:
        """Both, each name once."""
        known = {source.name for source in self.sources}
        new = tuple(source for source in other.sources if source.name not in known)
        return Loaded(self.sources + new, self.skipped + other.skipped)


def _name(root: Path, path: str) -> str:
    inner = path.replace("\\", "/")
    if root.is_dir():
        return f"{root.as_posix().rstrip('/')}/{inner.partition(':/')[2] or inner}"
    return root.as_posix() if inner == root.name else f"{root.as_posix()}:{inner}"


def _read(evidence: Evidence) -> tuple[list[Source], list[Skipped]]:
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for file in evidence.files():
        name = _name(evidence.root, file.path)
        if len(sources) >= FILE_LIMIT:
            skipped.append(Skipped(source=name, reason=SkipReason.TOO_MANY_FILES))
            break
        try:
            with file.open() as stream:
                sources.append(Source(name, stream.read(BYTE_LIMIT + 1)))
        except EvidenceReadError as fault:
            skipped.append(Skipped(source=name, reason=fault.reason, detail=fault.message))
    skipped.extend(evidence.skipped())
    return sources, skipped


def load(paths: Sequence[Path], limits: Limits = DEFAULT_LIMITS) -> Loaded:
    """Reads everything under the paths; nothing is executed, and links are not followed.

    Raises:
        UsageError: If a path does not exist.
    """
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for path in paths:
        if not path.exists():
            raise UsageError("there is no such file or folder", location=Location(str(path)))
        try:
            with open_evidence(path, limits) as evidence:
                found, missed = _read(evidence)
        except EvidenceError as fault:
            empty = path.is_file() and path.stat().st_size == 0
            reason = SkipReason.EMPTY if empty else SkipReason.UNREADABLE
            skipped.append(Skipped(source=path.as_posix(), reason=reason, detail=fault.message))
            continue
        sources += sorted(found, key=lambda source: source.name)
        skipped += missed
    return Loaded(tuple(sources), tuple(skipped))


def load_candidates(index: Path, samples: Sequence[Source], count: int = 50) -> Loaded:
    """The files that an index holds as candidates for the samples and what is packed in them.

    Candidates that cannot be read any more are skips.
    """
    opened = open_index(index)
    texts = [layer for sample in samples for layer in (sample, *unpack(sample).layers)]
    names = {candidate.name: None for text in texts for candidate in opened.candidates(text.raw, count)}
    skipped: list[Skipped] = []
    return Loaded(tuple(read_files(names, skipped)), tuple(skipped))
