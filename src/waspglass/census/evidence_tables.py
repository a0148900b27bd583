"""Small tables of evidence: made of each file of a store once, before any pack judges it, and kept beside it.

The evidence of an address on a day is what its sightings say of it: versions, and CVEs claimed, shown and not found.
There are few different ones, so that a file of a million sightings gives a table of some thousand rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import duckdb

from waspglass.census.counted import By
from waspglass.census.store.folder import DERIVED, Folder
from waspglass.census.store.manifest import DataFile
from waspglass.census.store.parquet import parquet_sql, sql_text

__all__ = ["ADDRESS_EVIDENCE", "KEYS", "Part", "evidence_path", "keep_evidence", "part_of", "sightings_of"]

_VERSION = "2"
"""Raise it when the meaning of the kept tables changes."""


class Part(StrEnum):
    """The tables of a file: one that `add` makes, and one for the first question that needs it.

    Organisations are so many that their table is hardly smaller than the file and costs as much as all others.
    """

    COMMON = "common"
    ORGANISATION = "organisation"


def part_of(by: By) -> Part:
    """The table that has a grouping; `By.BUILD` is in both, since the version is part of the evidence."""
    return Part.ORGANISATION if by is By.ORGANISATION else Part.COMMON


_EVIDENCE = "concat_ws('|', coalesce(version, ''), " + ", ".join(
    f"coalesce(array_to_string(list_sort({name}), ' '), '')" for name in ("claimed", "verified", "refuted")
) + ")"  # fmt: skip
"""One line for one sighting: its version and CVEs."""

ADDRESS_EVIDENCE = f"array_to_string(list_sort(list_distinct(list({_EVIDENCE}))), chr(10))"
"""The evidence of an address as an SQL aggregate over its sightings: their lines."""


def sightings_of(evidence: str) -> Iterator[tuple[str | None, list[str], list[str], list[str]]]:
    """What `ADDRESS_EVIDENCE` wrote: of each sighting its version, and the CVEs claimed, verified, refuted."""
    for sighting in evidence.split("\n"):
        version, claimed, verified, refuted = sighting.split("|")
        yield version or None, claimed.split(), verified.split(), refuted.split()


KEYS = {
    By.NOTHING: "NULL::VARCHAR",
    By.COUNTRY: "country",
    By.REGION: "country || ' ' || region",
    By.SECTOR: "sector",
    By.NETWORK: "'AS' || asn",
    By.ORGANISATION: "organisation",
    By.BUILD: "coalesce(v.build, s.version)",
}
"""The group of a sighting as an SQL expression, that of `By.BUILD` over sightings `s` and their versions `v`."""

_GROUPED: dict[Part, dict[str, tuple[By, ...]]] = {
    Part.COMMON: {"country, region, sector": (By.NOTHING, By.COUNTRY, By.REGION, By.SECTOR), "asn": (By.NETWORK,)},
    Part.ORGANISATION: {"organisation": (By.ORGANISATION,)},
}
"""For each table the columns that its sightings are grouped by first, and what can be counted from these groups."""

_LONE = """
CREATE OR REPLACE TEMP TABLE grouped{number} AS
SELECT product, {columns}, version, claimed, verified, refuted, compromise IS NOT NULL AS compromised, count(*) AS n
FROM sighted {only} GROUP BY ALL
"""
_SEVERAL = f"""
SELECT product, address, bool_or(compromise IS NOT NULL) AS compromised, count(*) AS sightings,
  {ADDRESS_EVIDENCE} AS evidence, min({{key}}) AS key
FROM sighted SEMI JOIN repeated USING (address) GROUP BY product, address
"""  # noqa: S608 - all parts are ours


def evidence_path(file: DataFile, part: Part) -> str:
    """Where the table of a file is kept, inside of the store."""
    return "/".join((DERIVED, f"evidence-{_VERSION}", part.value, file.path.rsplit("/", 1)[-1]))


def keep_evidence(
    folder: Folder, file: DataFile, connection: duckdb.DuckDBPyConnection, part: Part = Part.COMMON
) -> bool:
    """Makes a table of a file and keeps it beside the store; False where that cannot be done.

    On object storage only `census add` calls it, since readers do not write there.
    """
    path = evidence_path(file, part)
    fresh = f"{path}.new"
    try:
        source = parquet_sql([folder.address(file.path)])
        connection.execute(f"CREATE OR REPLACE TEMP VIEW sighted AS SELECT * FROM {source}")  # noqa: S608 - ours
        repeated = _find_repeated(connection)
        rows = _table_sql(connection, part, repeated=repeated)
        folder.fs.makedirs(folder.path(path.rsplit("/", 1)[0]), exist_ok=True)
        target = sql_text(folder.address(fresh))
        # In order, so that the same file gives the same bytes: DuckDB groups in threads.
        connection.execute(f"COPY ({rows} ORDER BY ALL) TO {target} (FORMAT parquet, COMPRESSION zstd)")
        folder.fs.mv(folder.path(fresh), folder.path(path))
    except (OSError, duckdb.Error):
        return False
    finally:
        for number in range(len(_GROUPED[part])):
            connection.execute(f"DROP TABLE IF EXISTS grouped{number}")
        connection.execute("DROP VIEW IF EXISTS sighted; DROP TABLE IF EXISTS repeated")
    return True


def _find_repeated(connection: duckdb.DuckDBPyConnection) -> bool:
    """Makes the table `repeated` of the addresses with several sightings, if there are any; most files have none."""
    ((several,),) = connection.execute("SELECT count(*) > count(DISTINCT address) FROM sighted").fetchall()
    if several:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE repeated AS SELECT address FROM sighted GROUP BY address HAVING count(*) > 1"
        )
    return bool(several)


def _table_sql(connection: duckdb.DuckDBPyConnection, part: Part, *, repeated: bool) -> str:
    """Groups the sightings by plain columns, which leaves few rows to make texts of; SQL for the table from these."""
    only = "ANTI JOIN repeated USING (address)" if repeated else ""
    selections = []
    for number, (columns, groupings) in enumerate(_GROUPED[part].items()):
        connection.execute(_LONE.format(number=number, columns=columns, only=only))
        for by in groupings:
            selections.append(
                f"SELECT '{by.value}' AS by, product, {KEYS[by]} AS key, {_EVIDENCE} AS evidence, compromised,"  # noqa: S608
                f" sum(n)::BIGINT AS addresses, sum(n)::BIGINT AS sightings FROM grouped{number} GROUP BY ALL"
            )
            if repeated:
                selections.append(
                    f"SELECT '{by.value}' AS by, product, key, evidence, compromised, count(*) AS addresses,"  # noqa: S608
                    f" sum(sightings)::BIGINT AS sightings FROM ({_SEVERAL.format(key=KEYS[by])}) GROUP BY ALL"
                )
    return " UNION ALL ".join(selections)
