"""Counts: how many addresses and servers are in each state, by day, source and whatever they are grouped by."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence

from waspglass.census.count_cache import keep_counts, kept_counts
from waspglass.census.counted import By, Count, Scan
from waspglass.census.evidence_counts import Row, address_counts
from waspglass.census.judge import WEIGHTS
from waspglass.census.reading import Reading
from waspglass.census.signs import load_signs
from waspglass.census.units import Unit, hosts_sql
from waspglass.packs.builds import State

__all__ = ["RECENT", "By", "Count", "count", "scans_at", "stopped"]

RECENT = dt.timedelta(days=7)
"""A source whose last scan is older than this before a day says nothing about it any more."""


def scans_at(reading: Reading, day: dt.date, recent: dt.timedelta = RECENT) -> list[Scan]:
    """For each source its last scan on or before a day, not older than is recent; may be none."""
    last = {source: date for date, source in reading.scans() if dt.timedelta(0) <= day - date <= recent}
    return sorted((date, source) for source, date in last.items())


def stopped(reading: Reading, day: dt.date) -> list[Scan]:
    """The last scans of sources that `scans_at` leaves out as too old, if they saw the product or nothing at all."""
    last = {source: date for date, source in reading.scans() if date <= day}
    old = sorted((date, source) for source, date in last.items() if day - date > RECENT)
    return [scan for scan in old if _saw_product(reading, scan) or scan[1] in _watching(reading, [scan])]


def _saw_product(reading: Reading, scan: Scan) -> bool:
    sql = f"SELECT 1 FROM {reading.files_sql([scan])} WHERE product = $product LIMIT 1"  # noqa: S608 - ours
    return bool(reading.rows(sql))


def count(reading: Reading, scans: Sequence[Scan], by: By = By.NOTHING, *, servers: bool = True) -> tuple[Count, ...]:
    """Counts the servers of each scan by itself, so that memory does not grow with the number of days.

    Of several sightings of one address or server in one scan the one with the strongest evidence counts, once. A scan
    without a host of the product is a count of none, if its source has one in another of the scans, or if the scan has
    no row at all and its source looks for the product.
    """
    kept = {scan: counts for scan in scans if servers and (counts := kept_counts(reading, scan, by)) is not None}
    rows = address_counts(reading, [scan for scan in scans if scan not in kept], by)
    found: list[Count] = []
    for scan in scans:
        if scan in kept:
            found += kept[scan]
            continue
        counts = _count_scan(reading, scan, by, rows.pop(scan, None), servers=servers)
        if servers:
            keep_counts(reading, scan, by, counts)
        found += counts
    return _with_empty(reading, scans, by, found)


def _with_empty(reading: Reading, scans: Sequence[Scan], by: By, found: list[Count]) -> tuple[Count, ...]:
    if by is not By.NOTHING:
        return tuple(found)
    counted = {(each.date, each.source): each for each in found}
    sources = {each.source for each in found} | _watching(reading, scans)
    none = (Count(*scan, None, {}, {}, 0, 0, 0) for scan in scans if scan[1] in sources)
    return tuple(counted.get((each.date, each.source), each) for each in none)


def _watching(reading: Reading, scans: Sequence[Scan]) -> set[str]:
    """The sources of the scans without a row that look for the product: by their kind, or as they once saw it."""
    empty = {scan[1] for scan in scans if not any(file.rows for file in reading.files(scan))}
    signs = load_signs(reading.pack.exposed)
    watching = {each for each in empty if signs.product_of_feed(each.partition(".")[2]) == reading.product}
    others = [scan for scan in reading.scans() if scan[1] in empty - watching]
    if others:
        sql = f"SELECT DISTINCT source FROM {reading.files_sql(others)} WHERE product = $product"  # noqa: S608 - ours
        watching |= {source for (source,) in reading.rows(sql)}
    return watching


def _count_scan(reading: Reading, scan: Scan, by: By, rows: list[Row] | None, *, servers: bool) -> tuple[Count, ...]:
    """The counts of a scan; `rows` are those of its addresses, if they were made before."""
    addresses: dict[str | None, Counter[State]] = defaultdict(Counter)
    extra: dict[str | None, Counter[str]] = defaultdict(Counter)
    for key, weight, compromised, number in _rows(reading, scan, by, Unit.ADDRESS) if rows is None else rows:
        judgement = WEIGHTS[weight]
        addresses[key][judgement.state] += number
        extra[key]["tested"] += number if judgement.tested else 0
        extra[key]["compromised"] += number if compromised else 0
        extra[key]["both"] += number if compromised and judgement.state is State.PATCHED else 0
    per_server: dict[str | None, Counter[State]] = defaultdict(Counter)
    if servers:
        for key, weight, _, number in _rows(reading, scan, by, Unit.SERVER):
            per_server[key][WEIGHTS[weight].state] += number
    return tuple(
        Count(
            *scan, key, dict(addresses[key]), dict(per_server[key]),
            extra[key]["tested"], extra[key]["compromised"], extra[key]["both"],
        )
        for key in sorted(addresses, key=lambda key: (-sum(addresses[key].values()), key or ""))
    )  # fmt: skip


def _rows(reading: Reading, scan: Scan, by: By, unit: Unit) -> list[Row]:
    """(group, weight, compromised, number of addresses or servers) of one scan; each is in one group only."""
    hosts = hosts_sql(reading, [scan], unit, by)
    return reading.rows(f"SELECT key, weight, compromised, count(*) FROM ({hosts}) GROUP BY ALL")  # noqa: S608 - ours
