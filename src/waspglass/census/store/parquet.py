"""Parquet files as an SQL table, whatever characters their paths have, and DuckDB for reading them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from waspglass.census.scratch import scratch_folder
from waspglass.census.store.folder import Folder

__all__ = ["connected", "parquet_sql", "sql_text"]


@contextmanager
def connected(folder: Folder, memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with so much memory, and a place for what does not fit, that reads the files of a store."""
    with scratch_folder() as spill:
        connection = duckdb.connect(config={"memory_limit": memory, "temp_directory": str(spill)})
        try:
            if not folder.local:
                connection.register_filesystem(folder.fs)
            yield connection
        finally:
            connection.close()


def sql_text(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def parquet_sql(addresses: Sequence[str], more: str = "") -> str:
    """These files, and no others, as an SQL table function; `more` are further parameters of DuckDB's `read_parquet`.

    DuckDB takes `*`, `?` and `[` for a pattern: a store in `census[1]` would be answered from the one in `census1`.
    """
    files = ", ".join(sql_text(re.sub(r"[*?[]", r"[\g<0>]", each)) for each in addresses)
    return f"read_parquet([{files}], hive_partitioning = false{more})"
