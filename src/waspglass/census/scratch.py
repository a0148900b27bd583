"""Folders for what does not fit into memory; those of runs that were killed are removed by the next run."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

__all__ = ["scratch_folder", "sweep"]

_PREFIX, _LOCK = "waspglass-census-", "lock"
_SETTLED = 60.0
"""Seconds after which a run has certainly locked the folder that it made."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder in the system's place for temporary files, removed at the end; a run that is killed leaves it."""
    sweep()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with filelock.FileLock(folder / _LOCK):
            yield folder


def sweep() -> int:
    """Removes the folders that killed runs left, and nothing of runs that are alive; returns how many.

    A run holds a lock in its folder, which the system lets go when the run ends in whatever way. Folders of other
    users, links, and folders without a lock are left alone.
    """
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if not _is_left(folder):
                continue
            with filelock.FileLock(folder / _LOCK, timeout=0):
                pass
            shutil.rmtree(folder)
        except (OSError, filelock.Timeout):  # alive, or another run is just removing it
            continue
        removed += 1
    return removed


def _is_left(folder: Path) -> bool:
    known = folder.lstat()
    ours = not hasattr(os, "geteuid") or known.st_uid == os.geteuid()
    if not (ours and stat.S_ISDIR(known.st_mode)):
        return False
    lock = (folder / _LOCK).lstat()
    return stat.S_ISREG(lock.st_mode) and time.time() - lock.st_mtime > _SETTLED
