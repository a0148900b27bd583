"""Parquet files as an SQL table, whatever characters their paths have."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["parquet_sql", "sql_text"]


def sql_text(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def parquet_sql(addresses: Sequence[str], more: str = "") -> str:
    """These files, and no others, as an SQL table function; `more` are further parameters of DuckDB's `read_parquet`.

    DuckDB takes `*`, `?` and `[` for a pattern: a store in `census[1]` would be answered from the one in `census1`.
    """
    files = ", ".join(sql_text(re.sub(r"[*?[]", r"[\g<0>]", each)) for each in addresses)
    return f"read_parquet([{files}], hive_partitioning = false{more})"
