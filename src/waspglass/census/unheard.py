"""Addresses of which a day says nothing: the reports that showed them on another day did not come.

They are neither gone nor new. `scopes` says which reports are missing; here is what only those reports show.
"""

from __future__ import annotations

from collections.abc import Collection

from waspglass.census.counted import Scan
from waspglass.census.reading import Reading
from waspglass.census.scopes import DELAYED, Gap, recipient_of
from waspglass.census.store.parquet import parquet_sql

__all__ = ["gap_on", "unheard_sql"]


def gap_on(reading: Reading, scan: Scan) -> Gap | None:
    """What is missing of a scan, if anything is."""
    return next((gap for gap in reading.gaps if gap.scan == scan), None)


def unheard_sql(reading: Reading, shown: Scan, missing: Collection[str]) -> str | None:
    """SQL: each `address` that these reports show in a scan and no other one does; None if none of them has a row."""
    theirs: list[str] = []
    others: list[str] = []
    for export in reading.manifest.added:
        recipient = recipient_of(export.name) or ""
        part = theirs if {recipient, recipient.removesuffix(DELAYED)} & {*missing} else others
        part += [reading.folder.address(each.path) for each in export.files if (each.date, each.source) == shown]
    if not theirs:
        return None
    sides = [
        f"SELECT address FROM {parquet_sql(paths)} WHERE product = $product"  # noqa: S608 - ours
        for paths in (theirs, others)
        if paths
    ]
    return " EXCEPT ".join(sides)
