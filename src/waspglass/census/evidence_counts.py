"""Counts of addresses by group and evidence: made of each file once, when it is added, before any pack judges them.

The evidence of an address on a day is what its sightings say of it: versions, and CVEs claimed, shown and not found.
There are few different ones, so a question about hundreds of days judges each once and adds up small tables, with the
same result as judging every sighting (`count.py` does that where a scan came in several files).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import duckdb

from waspglass.census.counted import By
from waspglass.census.judge import judge
from waspglass.census.reading import Reading
from waspglass.census.store.folder import Folder
from waspglass.census.store.manifest import DataFile
from waspglass.packs.builds import BuildTable

__all__ = ["address_counts", "aside", "keep_evidence"]

Scan = tuple[dt.date, str]
Row = tuple[str | None, int, bool, int]
"""Group, weight, compromised, number of addresses."""

_VERSION = "1"
"""Raise it when the meaning of the kept tables changes."""
_KEYS = {
    By.NOTHING: "NULL::VARCHAR",
    By.COUNTRY: "country",
    By.REGION: "country || ' ' || region",
    By.NETWORK: "'AS' || asn",
    By.ORGANISATION: "organisation",
    By.SECTOR: "sector",
}
"""`By.BUILD` needs none: what a person calls a version is in the pack, and the version is in the evidence."""
_COLUMNS = {By.NOTHING: "NULL AS nothing", By.REGION: "country, region", By.NETWORK: "asn"}

_EVIDENCE = "concat_ws('|', coalesce(version, ''), " + ", ".join(
    f"coalesce(array_to_string(list_sort({name}), ' '), '')" for name in ("claimed", "verified", "refuted")
) + ")"  # fmt: skip
"""One line for one sighting: its version and CVEs."""

_REPEATED = """
CREATE OR REPLACE TEMP VIEW sighted AS SELECT * FROM {files};
CREATE OR REPLACE TEMP TABLE repeated AS
SELECT address FROM sighted GROUP BY address HAVING count(*) > 1
"""
_SEVERAL = f"""
SELECT product, address, bool_or(compromise IS NOT NULL) AS compromised, count(*) AS sightings,
  array_to_string(list_sort(list_distinct(list({_EVIDENCE}))), chr(10)) AS evidence, {{key}} AS key
FROM sighted SEMI JOIN repeated USING (address) GROUP BY product, address
"""  # noqa: S608 - all parts are ours


def _counts_sql(*, repeated: bool) -> str:
    """SQL: the small table of the file in `sighted`, whose addresses in `repeated` have several sightings."""
    parts = []
    for by, key in _KEYS.items():
        columns = _COLUMNS.get(by, key)
        # Grouped by the plain columns first: texts are then made of few rows.
        few = (
            f"SELECT product, {columns}, version, claimed, verified, refuted, compromise IS NOT NULL AS compromised,"  # noqa: S608
            f" count(*) AS n FROM sighted {'ANTI JOIN repeated USING (address)' if repeated else ''} GROUP BY ALL"
        )
        parts.append(
            f"SELECT '{by.value}' AS by, product, {key} AS key, {_EVIDENCE} AS evidence, compromised,"  # noqa: S608
            f" sum(n)::BIGINT AS addresses, sum(n)::BIGINT AS sightings FROM ({few}) GROUP BY ALL"
        )
        if repeated:
            parts.append(
                f"SELECT '{by.value}' AS by, product, key, evidence, compromised, count(*) AS addresses,"  # noqa: S608
                f" sum(sightings)::BIGINT AS sightings FROM ({_SEVERAL.format(key=f'min({key})')}) GROUP BY ALL"
            )
    return " UNION ALL ".join(parts)


def _path(folder: Folder, file: DataFile) -> str:
    return folder.path("derived", f"evidence-{_VERSION}", file.path.rsplit("/", 1)[-1])


def _sql_list(paths: Sequence[str]) -> str:
    return "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in paths) + "]"


def keep_evidence(folder: Folder, file: DataFile, connection: duckdb.DuckDBPyConnection) -> bool:
    """Makes the small table of a file and keeps it beside the store; False where that cannot be done.

    On object storage only `census add` calls it, since readers do not write there.
    """
    source = f"read_parquet({_sql_list([folder.address(file.path)])}, hive_partitioning = false)"
    path = _path(folder, file)
    fresh = f"{path}.new"
    try:
        connection.execute(_REPEATED.format(files=source))
        repeated = bool(connection.execute("SELECT count(*) FROM repeated").fetchall()[0][0])
        folder.fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        target = folder.address(fresh.removeprefix(f"{folder.root}/")).replace("'", "''")
        connection.execute(f"COPY ({_counts_sql(repeated=repeated)}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        folder.fs.mv(fresh, path)
    except (OSError, duckdb.Error):
        return False
    finally:
        connection.execute("DROP VIEW IF EXISTS sighted; DROP TABLE IF EXISTS repeated")
    return True


def _kept(reading: Reading, scans: Sequence[Scan]) -> dict[Scan, str]:
    """For each scan that is one file the address of its small table, which is made now if it is not there."""
    for scan in scans:
        files = reading.files(scan)
        if scan in reading.evidence or len(files) != 1:
            continue
        path = _path(reading.folder, files[0])
        if _readable(reading, path) or (
            reading.folder.local and keep_evidence(reading.folder, files[0], reading.connection)
        ):
            reading.evidence[scan] = reading.folder.address(path.removeprefix(f"{reading.folder.root}/"))
    return {scan: reading.evidence[scan] for scan in scans if scan in reading.evidence}


def _readable(reading: Reading, path: str) -> bool:
    """True if there is a kept table and it is whole; a damaged one (a disk that was full) is made again."""
    address = reading.folder.address(path.removeprefix(f"{reading.folder.root}/"))
    try:
        reading.connection.execute(f"SELECT evidence, sightings FROM read_parquet({_sql_list([address])}) LIMIT 0")  # noqa: S608
    except duckdb.Error:
        return False
    return True


def _tables_sql(kept: dict[Scan, str]) -> str:
    """SQL: the kept tables with the number of their scan."""
    names = ", ".join(
        f"({number}, '{path.replace(chr(39), chr(39) * 2)}')" for number, path in enumerate(kept.values())
    )
    return (
        f"(SELECT scan, t.* EXCLUDE filename FROM read_parquet({_sql_list(list(kept.values()))}, filename = true) t"  # noqa: S608
        f" JOIN (VALUES {names}) AS named(scan, filename) USING (filename))"
    )


def address_counts(reading: Reading, scans: Sequence[Scan], by: By) -> dict[Scan, list[Row]]:
    """Addresses by group, strongest evidence and compromise, for those of the scans that have a kept table.

    Raises:
        CensusError: If a file of the store is missing or damaged.
    """
    kept = _kept(reading, scans)
    if not kept:
        return {}
    tables = _tables_sql(kept)
    _judge_evidence(reading, tables)
    group, key = (By.NOTHING, "j.build") if by is By.BUILD else (by, "t.key")
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


def _judge_evidence(reading: Reading, tables: str) -> None:
    """Makes the table `judged_evidence`: each different evidence with its weight and the build's name."""
    found = reading.rows(
        f"SELECT DISTINCT evidence FROM {tables} t WHERE t.by = 'nothing' AND t.product = $product"  # noqa: S608
    )
    builds = BuildTable(reading.pack.builds)
    texts = [text for (text,) in found]
    judged = [_judged(text, builds, reading.pack.cves) for text in texts]
    reading.connection.execute(
        "CREATE OR REPLACE TEMP TABLE judged_evidence AS SELECT unnest($texts::VARCHAR[]) AS evidence,"
        " unnest($weights::UTINYINT[]) AS weight, unnest($names::VARCHAR[]) AS build",
        {"texts": texts, "weights": [weight for weight, _ in judged], "names": [build for _, build in judged]},
    )


def _judged(text: str, builds: BuildTable, cves: Sequence[str]) -> tuple[int, str | None]:
    weights, names = [], []
    for sighting in text.split("\n"):
        version, *lists = sighting.split("|")
        claimed, verified, refuted = (each.split() for each in lists)
        weights.append(judge(version or None, claimed, verified, refuted, builds, cves).weight)
        if version:
            names.append(builds.state(version).name or version)
    return max(weights), min(names, default=None)


def aside(reading: Reading, scans: Sequence[Scan]) -> int:
    """Sightings of these scans that are of another product or of none that is recognised: not counted."""
    kept = _kept(reading, scans)
    number = 0
    if kept:
        sql = f"SELECT sum(sightings)::BIGINT AS n FROM {_tables_sql(kept)} t"  # noqa: S608
        sql += " WHERE t.by = 'nothing' AND t.product IS DISTINCT FROM $product"
        number += reading.rows(sql)[0][0] or 0
    rest = [scan for scan in scans if scan not in kept]
    if rest:
        sql = f"SELECT count(*) AS n FROM {reading.files_sql(rest)} WHERE product IS DISTINCT FROM $product"  # noqa: S608
        number += reading.rows(sql)[0][0]
    return int(number)
