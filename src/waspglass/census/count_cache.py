"""Keeps counts of servers beside the store: a day is counted once, until the files of the store or the pack change."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from waspglass.census.counted import By, Count, Scan
from waspglass.census.reading import Reading
from waspglass.census.store.folder import DERIVED

__all__ = ["keep_counts", "kept_counts"]

_COUNTS = TypeAdapter(tuple[Count, ...])
_VERSION = "6"
"""Raise it when the meaning of a count changes, or the rule of `identity`, by which servers are counted."""


def _path(reading: Reading, scan: Scan, by: By) -> Path | None:
    """Where the counts of a scan are kept; None for a store on object storage, which is not written to by readers.

    They depend on all files, since identity does.
    """
    if not reading.folder.local:
        return None
    names = (_VERSION, reading.pack.sha256, reading.product, by.value, str(scan), reading.fingerprint)
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:24]
    return Path(reading.folder.path(DERIVED, "counts", f"{digest}.json"))


def kept_counts(reading: Reading, scan: Scan, by: By) -> tuple[Count, ...] | None:
    """The counts kept earlier; None if there are none or they cannot be read."""
    path = _path(reading, scan, by)
    if path is None:
        return None
    try:
        return _COUNTS.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def keep_counts(reading: Reading, scan: Scan, by: By, counts: tuple[Count, ...]) -> None:
    """Keeps counts; a store that cannot be written to is no fault of a question."""
    path = _path(reading, scan, by)
    if path is None:
        return
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(_COUNTS.dump_python(counts, mode="json")), encoding="utf-8")
        fresh.replace(path)
