"""Which sources saw the same vulnerable hosts at the same time: the input of capture-recapture."""

from __future__ import annotations

import datetime as dt

from waspglass.census.count import scans_at
from waspglass.census.reading import Reading
from waspglass.census.recapture import Estimate, Pattern, estimate_unseen
from waspglass.census.units import VULNERABLE, Unit, hosts_sql

__all__ = ["overlap", "unseen"]


def overlap(reading: Reading, day: dt.date, unit: Unit, within: int = 1) -> tuple[dict[Pattern, int], tuple[str, ...]]:
    """Vulnerable hosts by which sources saw them so, from scans at most `within` days before the day.

    A source without a vulnerable host that day takes no part.
    """
    scans = scans_at(reading, day, within)
    if not scans:
        return {}, ()
    vulnerable = f"SELECT unit, source FROM ({hosts_sql(reading, scans, unit)}) WHERE weight IN {VULNERABLE}"  # noqa: S608
    rows = reading.table(
        "SELECT sources, count(*) AS number FROM (SELECT unit, list_sort(list_distinct(list(source))) AS sources"  # noqa: S608
        f" FROM ({vulnerable}) GROUP BY unit) GROUP BY sources"
    ).to_pylist()
    sources = tuple(sorted({source for row in rows for source in row["sources"]}))
    return {tuple(source in row["sources"] for source in sources): row["number"] for row in rows}, sources


def unseen(reading: Reading, day: dt.date, unit: Unit = Unit.SERVER, within: int = 1) -> Estimate | None:
    """The estimate for a day, or None if fewer than two sources saw anything or they share nothing."""
    cells, sources = overlap(reading, day, unit, within)
    return estimate_unseen(cells, sources)
