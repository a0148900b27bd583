"""Reads a store through a pack with DuckDB: the sightings of a day and source, judged, with bounded memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import duckdb

from waspglass.census.counted import Scan
from waspglass.census.errors import CensusError
from waspglass.census.judge import version_table, weight_sql
from waspglass.census.scopes import Gap, gaps
from waspglass.census.store.folder import Folder
from waspglass.census.store.manifest import DataFile, Manifest
from waspglass.census.store.parquet import connected, parquet_sql
from waspglass.packs.builds import BuildTable
from waspglass.packs.pack import Pack
from waspglass.packs.shipped import shipped_products

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Reading", "open_reading", "product_of_pack"]

MEMORY_LIMIT = "1200MB"


@dataclass
class Reading:
    """An open store, seen through a pack.

    Attributes:
        pack: Whose flaws and builds decide the state.
        product: Product whose sightings count; others in the store are left aside.
        connection: DuckDB, with the tables `versions` and `identity` once they are asked for.
        evidence: Where the small tables of `evidence_tables` are, by part and scan, as far as they were asked for.
    """

    folder: Folder
    manifest: Manifest
    pack: Pack
    product: str
    connection: duckdb.DuckDBPyConnection
    evidence: dict[str, dict[Scan, str]] = field(default_factory=dict)
    _scans: dict[Scan, list[DataFile]] = field(default_factory=dict)
    _versions: bool = False

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """The days on which reports of a source are missing."""
        return gaps(self.manifest)

    @cached_property
    def builds(self) -> BuildTable:
        """What the pack knows of versions."""
        return BuildTable(self.pack.builds)

    @cached_property
    def fingerprint(self) -> str:
        """That of the manifest: each count of servers is kept under it."""
        return self.manifest.fingerprint()

    def last_day(self) -> dt.date:
        """The last day of which anything came, also if it does not count as a scan."""
        return max(file.date for file in self.manifest.files())

    def scans(self) -> list[Scan]:
        """The days and sources in the store, in order."""
        return sorted(self._scans)

    def files(self, scan: Scan) -> list[DataFile]:
        """The files of a scan."""
        return self._scans[scan]

    def paths(self, scans: Sequence[Scan] | None = None) -> list[str]:
        """The Parquet files of these scans, or of all."""
        wanted = self.scans() if scans is None else scans
        return [self.folder.address(file.path) for scan in wanted for file in self._scans[scan]]

    def files_sql(self, scans: Sequence[Scan] | None = None) -> str:
        """The files of these scans as an SQL table function."""
        return parquet_sql(self.paths(scans))

    def judged_sql(self, scans: Sequence[Scan], columns: str, *, servers: bool = False) -> str:
        """The judged sightings of these scans: `columns` of `s`, `weight`, `build`; parameters `$cves`, `$product`.

        With `servers`, `i.server` is their server; the table `identity` must be there (`ensure_identity`).
        """
        self._ensure_versions()
        identity = " JOIN identity i ON i.address = s.address AND i.certificate = coalesce(s.certificate, '')"
        return (
            f"SELECT {columns}, {weight_sql()} AS weight, v.build AS build"  # noqa: S608 - columns are ours
            f" FROM {self.files_sql(scans)} s LEFT JOIN versions v ON s.version = v.version"
            f"{identity if servers else ''} WHERE s.product = $product"
        )

    def _ensure_versions(self) -> None:
        """Makes the table `versions`, once: what each version in the store says."""
        if self._versions:
            return
        found = self.table(f"SELECT DISTINCT version FROM {self.files_sql()} WHERE version IS NOT NULL")  # noqa: S608
        states = version_table(sorted(found.column("version").to_pylist()), self.builds)
        self.connection.register("version_states", states)
        self.connection.execute("CREATE TABLE versions AS SELECT * FROM version_states")
        self._versions = True

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters of `judged_sql`."""
        return {"cves": list(self.pack.cves), "product": self.product}

    def table(self, sql: str) -> pa.Table:
        """Runs a question; only the parameters that it names are given."""
        return self.connection.sql(sql, params=self._named_in(sql)).to_arrow_table()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The same for an answer of few rows: loading Arrow takes longer than most of them."""
        return self.connection.execute(sql, self._named_in(sql)).fetchall()

    def _named_in(self, sql: str) -> dict[str, object]:
        return {name: value for name, value in self.parameters.items() if f"${name}" in sql}


def product_of_pack(pack: Pack) -> str | None:
    """The product that a pack is about: the first that it describes itself, else one that a pack of this program does.

    The word of the latter is in the names of the pack's product lines.
    """
    if pack.exposed:
        return pack.exposed[0].product
    lines = " ".join(pack.products).lower()
    return next((each.product for each in shipped_products() if each.product in lines), None)


@contextmanager
def open_reading(folder: Folder, pack: Pack, *, memory: str = MEMORY_LIMIT) -> Iterator[Reading]:
    """Opens a store through a pack.

    Raises:
        StoreError: If its manifest cannot be read.
        CensusError: If it is empty, or the pack's product is unknown to the census; and from within the block, if a
            file of the store is missing or damaged.
    """
    manifest = folder.manifest()
    product = product_of_pack(pack)
    if product is None:
        raise CensusError(
            f"the census knows no product of the pack {pack.id!r}", hint="Describe it in the pack's signs.yml"
        )
    if not manifest.files():
        raise CensusError(f"the store {folder.location} is empty", hint="Add exports with: waspglass census add FILE")
    with connected(folder, memory) as connection:
        connection.execute("SET enable_progress_bar = false; SET preserve_insertion_order = false")
        reading = Reading(folder, manifest, pack, product, connection)
        unheard = {gap.scan for gap in reading.gaps if not gap.counted}
        # A file without rows stands for a scan that saw nothing; beside others it only costs time.
        for file in sorted(manifest.files(), key=lambda file: not file.rows):
            if (file.date, file.source) in unheard:
                continue
            files = reading._scans.setdefault((file.date, file.source), [])
            if file.rows or not files:
                files.append(file)
        try:
            yield reading
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            named = (each.id for each in manifest.added for file in each.files if file.path in str(error))
            raise CensusError(
                f"the store cannot be read: {str(error).splitlines()[0]}",
                hint="Was an export removed meanwhile? Then ask again. Else a file that the manifest names is missing"
                f" or damaged: take its export out with `census remove {next(named, 'EXPORT')}` and add it again",
            ) from error
