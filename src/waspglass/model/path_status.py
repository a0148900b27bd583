"""Whether there is anything at a path, without taking for absent what nobody may look at."""

from __future__ import annotations

import os
import stat
from errno import ELOOP, ENOENT, ENOTDIR
from pathlib import Path

__all__ = ["is_file", "status_of"]

_LEADS_NOWHERE = frozenset({ENOENT, ENOTDIR, ELOOP})


def status_of(path: Path) -> os.stat_result | None:
    """The status of what a path leads to; None if it leads nowhere.

    `Path.exists` and its siblings hide every other fault, too, from Python 3.14 on.

    Raises:
        OSError: If nobody may look there, or the name is too long.
    """
    try:
        return path.stat()
    except OSError as fault:
        if fault.errno in _LEADS_NOWHERE:
            return None
        raise


def is_file(path: Path) -> bool:
    """Whether a path leads to a file; faults as of `status_of`."""
    status = status_of(path)
    return status is not None and stat.S_ISREG(status.st_mode)
