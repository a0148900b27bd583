"""Walks a folder and reads very many small files quickly; links are not followed, and nothing but files is opened."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from waspglass.evidence.folder import leads_elsewhere
from waspglass.model.escape import printable
from waspglass.model.skip import Skipped, SkipReason
from waspglass.trace.program import BYTE_LIMIT, Source

__all__ = ["file_names", "in_batches", "plain_file", "read_files"]

# A pipe without a writer would hold up the opening for ever.
_FLAGS = os.O_RDONLY
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):
    _FLAGS |= getattr(os, _name, 0)
_READ = 1 << 16


def file_names(folder: Path, skipped: list[Skipped], *, without: Path | None = None) -> Iterator[str]:
    """The files under a folder in the order of their names; what is passed over is added to `skipped`.

    Args:
        folder: Where to look.
        skipped: Takes links, what is no file, and what cannot be read.
        without: A folder of our own, which may lie below: of no use to anybody, and not told.
    """
    waiting, ours = [folder.as_posix()], None if without is None else without.resolve()
    while waiting:
        place = waiting.pop()
        if ours is not None and Path(place).resolve() == ours:
            continue
        try:
            with os.scandir(place) as entries:
                rows = sorted(entries, key=lambda entry: entry.name)
        except OSError as fault:
            skipped.append(_skip(place, SkipReason.UNREADABLE, fault.strerror))
            continue
        inner = []
        for row in rows:
            name = f"{place.rstrip('/')}/{row.name}"
            if row.is_file(follow_symlinks=False):
                yield name
            elif leads_elsewhere(row):
                skipped.append(_skip(name, SkipReason.OUTSIDE_ROOT, "a link is not followed"))
            elif row.is_dir(follow_symlinks=False):
                inner.append(name)
            else:
                skipped.append(_skip(name, SkipReason.SPECIAL_FILE, None))
        waiting += reversed(inner)


def read_files(names: Iterable[str], skipped: list[Skipped]) -> Iterator[Source]:
    """The files as sources; what cannot be read is added to `skipped`."""
    for name in names:
        try:
            raw = _content(name)
        except OSError as fault:
            skipped.append(_skip(name, SkipReason.UNREADABLE, fault.strerror))
            continue
        except ValueError:  # a zero byte, or half a character: an index may hold any name
            skipped.append(_skip(name, SkipReason.UNREADABLE, "no file can have this name"))
            continue
        if raw is None:
            skipped.append(_skip(name, SkipReason.SPECIAL_FILE, None))
        else:
            yield Source(name, raw)


def in_batches(sources: Iterable[Source], files: int, size: int) -> Iterator[tuple[Source, ...]]:
    """Runs of so many sources, or of fewer that have so many bytes together."""
    batch: list[Source] = []
    held = 0
    for source in sources:
        batch.append(source)
        held += len(source.raw)
        if len(batch) >= files or held >= size:
            yield tuple(batch)
            batch, held = [], 0
    if batch:
        yield tuple(batch)


def _content(name: str) -> bytes | None:
    """The first `BYTE_LIMIT` bytes of a file and one more, which tells that there is more; None if it is no plain file.

    A small one costs a single read.
    """
    handle = os.open(name, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        raw = os.read(handle, _READ)
        if len(raw) < _READ:
            return raw
        with os.fdopen(os.dup(handle), "rb", buffering=0) as stream:
            rest = stream.read(BYTE_LIMIT + 1 - len(raw))
            return raw + (rest or b"")
    finally:
        os.close(handle)


def plain_file(name: str) -> BinaryIO:
    """A plain file for reading.

    Raises:
        OSError: If it cannot be opened, or is a link, pipe or device by now.
    """
    stream = os.fdopen(os.open(name, _FLAGS), "rb")
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "it is no plain file")
    return stream


def _skip(name: str, reason: SkipReason, detail: str | None) -> Skipped:
    return Skipped(source=printable(name), reason=reason, detail=detail)
