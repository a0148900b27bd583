"""Counts of addresses by group, from the small tables of evidence of `evidence_tables.py`.

A question about hundreds of days judges each different evidence once and adds up small tables, with the same result as
judging every sighting (`count.py` does that where a scan came in several files).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import duckdb

from waspglass.census.counted import By, Scan
from waspglass.census.evidence_tables import Part, evidence_path, keep_evidence, part_of, sightings_of
from waspglass.census.judge import judge
from waspglass.census.reading import Reading
from waspglass.census.signs import HONEYPOT
from waspglass.census.store.parquet import parquet_sql, sql_text
from waspglass.packs.builds import BuildTable

__all__ = ["Row", "address_counts", "aside", "honeypots"]

Row = tuple[str | None, int, bool, int]
"""Group, weight, compromised, number of addresses."""


def _kept(reading: Reading, scans: Sequence[Scan], part: Part) -> dict[Scan, str]:
    """For each scan that is one file the address of its small table, which is made now if it is not there."""
    known = reading.evidence.setdefault(part, {})
    for scan in scans:
        files = reading.files(scan)
        if scan in known or len(files) != 1:
            continue
        address = reading.folder.address(evidence_path(files[0], part))
        if _readable(reading, address) or (
            reading.folder.local and keep_evidence(reading.folder, files[0], reading.connection, part)
        ):
            known[scan] = address
    return {scan: known[scan] for scan in scans if scan in known}


def _readable(reading: Reading, address: str) -> bool:
    """True if there is a kept table and it is whole; a damaged one (a disk that was full) is made again."""
    try:
        reading.connection.execute(f"SELECT evidence, sightings FROM {parquet_sql([address])} LIMIT 0")  # noqa: S608
    except duckdb.Error:
        return False
    return True


def _tables_sql(kept: dict[Scan, str]) -> str:
    """SQL: the kept tables with the number of their scan."""
    names = ", ".join(f"({number}, {sql_text(path)})" for number, path in enumerate(kept.values()))
    tables = parquet_sql(list(kept.values()), ", filename = true")
    return (
        f"(SELECT scan, t.* EXCLUDE filename FROM {tables} t"  # noqa: S608
        f" JOIN (VALUES {names}) AS named(scan, filename) USING (filename))"
    )


def address_counts(reading: Reading, scans: Sequence[Scan], by: By) -> dict[Scan, list[Row]]:
    """Addresses by group, strongest evidence and compromise, for those of the scans that have a kept table.

    Raises:
        CensusError: If a file of the store is missing or damaged.
    """
    kept = _kept(reading, scans, part_of(by))
    if not kept:
        return {}
    tables = _tables_sql(kept)
    group, key = (By.NOTHING, "j.build") if by is By.BUILD else (by, "t.key")
    _judge_evidence(reading, tables, group)
    found = reading.rows(
        f"SELECT scan, {key} AS key, j.weight AS weight, compromised, sum(addresses)::BIGINT AS addresses"  # noqa: S608
        f" FROM {tables} t JOIN judged_evidence j USING (evidence)"
        f" WHERE t.by = '{group.value}' AND t.product = $product GROUP BY ALL"
    )
    counts: dict[Scan, list[Row]] = {scan: [] for scan in kept}
    order = list(kept)
    for number, *row in found:
        counts[order[number]].append((row[0], row[1], row[2], row[3]))
    return counts


def _judge_evidence(reading: Reading, tables: str, group: By) -> None:
    """Makes the table `judged_evidence`: each different evidence with its weight and the build's name."""
    found = reading.rows(
        f"SELECT DISTINCT evidence FROM {tables} t WHERE t.by = '{group.value}' AND t.product = $product"  # noqa: S608
    )
    texts = [text for (text,) in found]
    judged = [_judged(text, reading.builds, reading.pack.cves) for text in texts]
    reading.connection.execute(
        "CREATE OR REPLACE TEMP TABLE judged_evidence AS SELECT unnest($texts::VARCHAR[]) AS evidence,"
        " unnest($weights::UTINYINT[]) AS weight, unnest($names::VARCHAR[]) AS build",
        {"texts": texts, "weights": [weight for weight, _ in judged], "names": [build for _, build in judged]},
    )


def _judged(text: str, builds: BuildTable, cves: Sequence[str]) -> tuple[int, str | None]:
    weights: list[int] = []
    names: list[tuple[int, str]] = []
    for version, claimed, verified, refuted in sightings_of(text):
        weights.append(judge(version, claimed, verified, refuted, builds, cves).weight)
        if version:
            names.append((-weights[-1], builds.state(version).name or version))
    return max(weights), min(names)[1] if names else None


def aside(reading: Reading, scans: Sequence[Scan]) -> int:
    """Sightings of these scans that are of another product or of none that is recognised: not counted."""
    return sum(_sightings(reading, scans, f"coalesce(product, '') NOT IN ($product, '{HONEYPOT}')").values())


def honeypots(reading: Reading, scans: Sequence[Scan]) -> dict[str, int]:
    """By source the sightings of these scans that it takes for honeypots, of whatever product: not counted either."""
    return _sightings(reading, scans, f"product = '{HONEYPOT}'")


def _sightings(reading: Reading, scans: Sequence[Scan], wanted: str) -> dict[str, int]:
    """How many sightings of each source meet an SQL condition on their product; without sources that have none."""
    kept = _kept(reading, scans, Part.COMMON)
    number: Counter[str] = Counter()
    if kept:
        sql = f"SELECT scan, sum(sightings)::BIGINT FROM {_tables_sql(kept)} t"  # noqa: S608
        order = list(kept)
        for scan, sightings in reading.rows(f"{sql} WHERE t.by = 'nothing' AND {wanted} GROUP BY scan"):
            number[order[scan][1]] += sightings
    rest = [scan for scan in scans if scan not in kept]
    if rest:
        sql = f"SELECT source, count(*) FROM {reading.files_sql(rest)} WHERE {wanted} GROUP BY source"  # noqa: S608
        number.update(dict(reading.rows(sql)))
    return dict(sorted(number.items()))
