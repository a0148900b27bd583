"""Brings in files, folders and archives as sources; whatever cannot be read becomes a counted skip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import DEFAULT_LIMITS, Limits
from waspglass.evidence.open import open_evidence
from waspglass.evidence.signature import SIGNATURE_BYTES, Signature, signature
from waspglass.evidence.tree import Evidence
from waspglass.model.errors import EvidenceError, Location, UsageError
from waspglass.model.escape import printable
from waspglass.model.skip import Skipped, SkipReason
from waspglass.trace.files import file_names, read_files
from waspglass.trace.index import open_index
from waspglass.trace.program import BYTE_LIMIT, Source
from waspglass.trace.unpack import unpack

__all__ = ["FILE_LIMIT", "Loaded", "load", "load_candidates"]

FILE_LIMIT = 200_000
BYTES_LIMIT = 2 << 30
"""Of all files under one path together."""
_ARCHIVES = frozenset({Signature.ZIP, Signature.TAR, Signature.GZIP})
_NOT_OPENED = (b"BZh", b"\xfd7zXZ\0")
"""Files compressed by bzip2 or xz, which are told and not read."""
_CHANGED = "changed since it was indexed; what it held then was not compared"
_GONE = "no longer in its archive"


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


def load(paths: Sequence[Path], limits: Limits = DEFAULT_LIMITS) -> Loaded:
    """Reads everything under the paths, archives too; nothing is executed, and links inside are not followed.

    Raises:
        UsageError: If a path does not exist.
    """
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for path in paths:
        if not path.exists():
            raise UsageError("there is no such file or folder", location=Location(str(path)))
        for source in _bounded(_under(path, skipped), path, skipped):
            if source.raw or path.is_dir():
                sources += _unpacked(source, limits, skipped) if _is_archive(source.raw) else [source]
            else:
                skipped.append(Skipped(source=printable(source.name), reason=SkipReason.EMPTY))
    return Loaded(tuple(sources), tuple(skipped))


def _under(path: Path, skipped: list[Skipped]) -> Iterator[Source]:
    """The files of a folder, or the file itself, also where the user named it by a link."""
    if path.is_dir():
        return read_files(file_names(path, skipped), skipped)
    return (replace(source, name=path.as_posix()) for source in read_files([str(path.resolve())], skipped))


def _bounded(sources: Iterator[Source], path: Path, skipped: list[Skipped]) -> Iterator[Source]:
    size = 0
    for number, source in enumerate(sources):
        size += len(source.raw)
        if number >= FILE_LIMIT or size > BYTES_LIMIT:
            reason = SkipReason.TOO_MANY_FILES if number >= FILE_LIMIT else SkipReason.TOO_LARGE
            detail = f"from {printable(source.name)} on"
            skipped.append(Skipped(source=printable(path.as_posix()), reason=reason, detail=detail))
            return
        yield source


def _is_archive(raw: bytes) -> bool:
    """Whether bytes are a zip, a tar, or compressed by gzip, bzip2 or xz."""
    return signature(raw[:SIGNATURE_BYTES]) in _ARCHIVES or raw.startswith(_NOT_OPENED)


def _unpacked(source: Source, limits: Limits, skipped: list[Skipped]) -> list[Source]:
    """The files of an archive by name; none, and a skip, if it cannot be opened."""
    root = Path(source.name)
    try:
        with open_evidence(root, limits) as evidence:
            found, missed = _members(evidence, root)
    except EvidenceError as fault:
        skipped.append(Skipped(source=printable(source.name), reason=SkipReason.UNREADABLE, detail=fault.message))
        return []
    skipped += missed
    return sorted(found, key=lambda one: one.name)


def _members(evidence: Evidence, root: Path) -> tuple[list[Source], list[Skipped]]:
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for file in evidence.files():
        name = _member_name(root, file.path)
        if len(sources) >= FILE_LIMIT:
            skipped.append(Skipped(source=printable(name), reason=SkipReason.TOO_MANY_FILES))
            break
        try:
            with file.open() as stream:
                sources.append(Source(name, stream.read(BYTE_LIMIT + 1)))
        except EvidenceReadError as fault:
            skipped.append(Skipped(source=printable(name), reason=fault.reason, detail=fault.message))
    skipped.extend(
        skip.model_copy(update={"source": _member_name(root, skip.source.replace("\\\\", "\\"))})
        for skip in evidence.skipped()
    )
    return sources, skipped


def _member_name(root: Path, path: str) -> str:
    inner = path.replace("\\", "/")
    if inner in {"", root.name}:
        return root.as_posix()
    return f"{root.as_posix()}:{inner.removeprefix(f'{root.name}/')}"


def load_candidates(index: Path, samples: Sequence[Source], count: int = 50) -> Loaded:
    """The files that an index holds as candidates for the samples and what is packed in them.

    Candidates that cannot be read any more, or that have changed since, are skips; what has changed is compared as it
    is now.
    """
    opened = open_index(index)
    texts = [layer for sample in samples for layer in (sample, *unpack(sample).layers)]
    sizes = {candidate.name: candidate.size for text in texts for candidate in opened.candidates(text.raw, count)}
    skipped: list[Skipped] = []
    archives = {name: archive for name in sizes if (archive := _archive_of(name)) is not None}
    inside = load(tuple(dict.fromkeys(archives.values())))
    found = {source.name: source for source in inside.sources if source.name in sizes}
    found |= {source.name: source for source in read_files((name for name in sizes if name not in archives), skipped)}
    for name, size in sizes.items():
        if name in found and min(len(found[name].raw), BYTE_LIMIT) != min(size, BYTE_LIMIT):
            skipped.append(Skipped(source=printable(name), reason=SkipReason.UNREADABLE, detail=_CHANGED))
        elif name in archives and name not in found:
            skipped.append(Skipped(source=printable(name), reason=SkipReason.UNREADABLE, detail=_GONE))
    return Loaded(tuple(found[name] for name in sizes if name in found), tuple(skipped))


def _archive_of(name: str) -> Path | None:
    """The archive that a name in an index lies in: `a.zip:b.py`; None for a plain file."""
    outer, mark, _ = name.rpartition(":")
    while mark:
        if Path(outer).is_file() and not Path(name).exists():
            return Path(outer)
        outer, mark, _ = outer.rpartition(":")
    return None
