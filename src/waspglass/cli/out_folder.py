"""Looks at `--out` before the work that would be lost if reports could not be written after it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

__all__ = ["refuse_taken"]


def refuse_taken(out: Path, read: Iterable[Path], *, inside: str, names: Iterable[str]) -> None:
    """Refuses a folder that lies in one that is read, or into which the reports cannot be written.

    Args:
        out: Where the reports go.
        read: What is read.
        inside: What is wrong if `out` lies in one of the folders that are read.
        names: Of the reports.

    Raises:
        UsageError: If it lies in one of them.
        OutputError: See `check_reports`.
    """
    from waspglass.model.errors import Location, UsageError
    from waspglass.report.write import check_reports

    if any(path.is_dir() and out.resolve().is_relative_to(path.resolve()) for path in read):
        raise UsageError(inside, location=Location(str(out)), hint="Choose another --out")
    check_reports(out, names)
