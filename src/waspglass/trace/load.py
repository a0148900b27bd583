"""Brings in files, folders and archives as sources; whatever cannot be read becomes a counted skip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from waspglass.evidence.limits import Limits
from waspglass.model.errors import Location, UsageError
from waspglass.model.escape import printable
from waspglass.model.path_status import status_of
from waspglass.model.skip import Skipped, SkipReason
from waspglass.trace.archives import LIMITS, Opening, opened
from waspglass.trace.files import file_names, read_files
from waspglass.trace.index import open_index
from waspglass.trace.program import BYTE_LIMIT, Source
from waspglass.trace.unpack import unpack

__all__ = ["Loaded", "load", "load_candidates"]

_CHANGED = "changed since it was indexed; what it held then was not compared"
_GONE = "no longer in its archive"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was found under some paths, in the order of the paths and inside them by name.

    Attributes:
        sources: The files.
        skipped: What could not be read.
        besides: Names of what an index holds, candidates or not.
    """

    sources: tuple[Source, ...]
    skipped: tuple[Skipped, ...]
    besides: tuple[str, ...] = ()

    def joined(self, other: Loaded) -> Loaded:
        """Both, each name once."""
        known = {source.name for source in self.sources}
        new = tuple(source for source in other.sources if source.name not in known)
        return Loaded(self.sources + new, self.skipped + other.skipped, self.besides + other.besides)


def load(paths: Sequence[Path], limits: Limits = LIMITS) -> Loaded:
    """Reads everything under the paths, archives too; nothing is executed, and links inside are not followed.

    Raises:
        UsageError: If a path does not exist.
        OSError: If nobody may look there, or the name is too long.
    """
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for path in paths:
        if status_of(path) is None:
            raise UsageError("there is no such file or folder", location=Location(str(path)))
        link_to = str(path.resolve()) if path.is_symlink() else None
        sources += _brought_in(path, Opening(path.as_posix(), limits, skipped, link_to=link_to))
    return Loaded(tuple(sources), tuple(skipped))


def _brought_in(path: Path, opening: Opening) -> list[Source]:
    sources: list[Source] = []
    for source in _under(path, opening.skipped):
        if not source.raw and not path.is_dir():
            opening.skip(source.name, SkipReason.EMPTY)
            continue
        inside: list[Source] = []
        for one in opened(source, opening):
            if not opening.admits(one):
                return sources + inside
            inside.append(one)
        sources += sorted(inside, key=lambda one: one.name)
    return sources


def _under(path: Path, skipped: list[Skipped]) -> Iterator[Source]:
    """The files of a folder, or the file itself, also where the user named it by a link."""
    if path.is_dir():
        return read_files(file_names(path, skipped), skipped)
    return (replace(source, name=path.as_posix()) for source in read_files([str(path.resolve())], skipped))


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
    found = {source.name: source for source in read_files((name for name in sizes if name not in archives), skipped)}
    for archive in dict.fromkeys(archives.values()):  # of one after the other no more than the candidates is kept
        found |= {source.name: source for source in load([archive]).sources if source.name in sizes}
    for name, size in sizes.items():
        if name in found and min(len(found[name].raw), BYTE_LIMIT) != min(size, BYTE_LIMIT):
            skipped.append(Skipped(source=printable(name), reason=SkipReason.UNREADABLE, detail=_CHANGED))
        elif name in archives and name not in found:
            skipped.append(Skipped(source=printable(name), reason=SkipReason.UNREADABLE, detail=_GONE))
    return Loaded(tuple(found[name] for name in sizes if name in found), tuple(skipped), tuple(opened.names))


def _archive_of(name: str) -> Path | None:
    """The archive that a name in an index lies in: `a.zip:b.py`; None for a plain file."""
    outer, mark, _ = name.rpartition(":")
    while mark:
        if Path(outer).is_file() and not Path(name).exists():
            return Path(outer)
        outer, mark, _ = outer.rpartition(":")
    return None
