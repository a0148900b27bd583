"""Rebuilds a pack's file of known-good hashes from a table of (sha256, path, builds).

    python tools/build_known_good.py exchange_baseline.parquet src/waspglass/packs/proxylogon/known_good.bin

The table is a Parquet file with the columns `sha256` (32 bytes), `path` (string) and `builds` (list of strings). For
Exchange it was made from the baseline files of github.com/microsoft/CSS-Exchange (MIT). The same table gives the same
bytes.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import polars as pl

from waspglass.packs.known_good import write_known_good

_SOURCE = "github.com/microsoft/CSS-Exchange (MIT), baseline files of Exchange 2013, 2016 and 2019"


def main() -> None:
    """Reads the table, writes the file, says how much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--source", default=_SOURCE, help="what the table was made from")
    arguments = parser.parse_args()
    files: dict[bytes, set[str]] = defaultdict(set)
    for digest, builds in pl.read_parquet(arguments.table, columns=["sha256", "builds"]).iter_rows():
        files[digest].update(builds)
    count = write_known_good(arguments.output, files, [arguments.source])
    print(f"{count} hashes, {arguments.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
