"""One measured process: `python -m bench.hunt.measure PEER KIND LOG`."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from bench.hunt.load import bench_rules
from waspglass.evidence.artefact import Artefact
from waspglass.hunt.cache import Cache, user_cache_folder
from waspglass.hunt.hunting import hunt

__all__ = ["PEERS"]

PEERS = ("naive", "polars", "duckdb")


@dataclass(frozen=True)
class LogFile:
    """A file of this machine as evidence; a compressed one is read through isal."""

    path: str
    file: Path
    modified: datetime | None = None
    forkable: bool = True
    above: tuple[str, ...] = ()

    @property
    def size(self) -> int | None:
        return self.file.stat().st_size if self.local is not None else None

    @property
    def local(self) -> Path | None:
        return None if self.file.suffix == ".gz" else self.file

    def open(self) -> BinaryIO:
        if self.local is not None:
            return self.file.open("rb")
        from isal import igzip

        return cast("BinaryIO", igzip.open(self.file, "rb"))  # type: ignore[no-untyped-call]  # isal has no types

    def seekable(self) -> BinaryIO:
        return self.open()


def main(peer: str, kind: str, log: Path) -> None:
    """Runs one peer once."""
    gc.set_threshold(200_000, 20, 20)  # as the program does
    cache = Cache(user_cache_folder())
    rules = bench_rules(cache)
    artefact = Artefact(kind, rules.kinds[kind].format, LogFile(log.name, log))
    if peer in ("ours", "naive"):
        result = hunt([artefact], rules, cache=cache, naive=peer == "naive")
        print(len(result.findings), len(result.context))
    elif peer != "nothing":
        from bench.hunt.columnar import run_duckdb, run_polars

        print(sum((run_polars if peer == "polars" else run_duckdb)(log, rules)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
