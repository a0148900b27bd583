"""Measures the steps of `census add` of Shodan banners one by one, in microseconds of CPU a banner.

    python -m bench.census.steps

Each step runs by itself in this process, over 16,384 synthetic banners; the least of several runs counts. What the
steps lose to one another in a whole run is the difference to `bench.census.run`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # read by Polars when it is first imported

import msgspec
import polars as pl

from bench.census.banners import write_banners
from waspglass.census.normalise import Filing, normalise
from waspglass.census.sighting import Tally
from waspglass.census.sign_columns import read_columns
from waspglass.census.signs import load_signs
from waspglass.census.sources import shodan
from waspglass.census.sources.content import open_content
from waspglass.census.sources.json_lines import decode_block
from waspglass.census.sources.lines import Block, whole_lines
from waspglass.census.sources.opening import exports_in
from waspglass.census.store.folder import Folder
from waspglass.census.store.writer import SightingWriter

ROWS = 16_384
FILING = Filing("shodan", dt.date(2021, 3, 9), dt.datetime(2030, 1, 1, tzinfo=dt.UTC))


class _Nothing(msgspec.Struct):
    """A banner of which no field is taken: what remains is to check that it is JSON."""


def least(step: Callable[[], object], runs: int = 9) -> float:
    """Seconds of CPU of the fastest of some runs, all threads of the process together."""
    measured = []
    for _ in range(runs):
        started = time.process_time()
        step()
        measured.append(time.process_time() - started)
    return min(measured)


def unpacked(path: Path) -> list[Block]:
    """The lines of an export."""
    (export,) = exports_in(path)
    with open_content(export) as content:
        return list(whole_lines(content, Tally("steps")))


def columns_of(blocks: list[Block]) -> shodan._Columns:
    """The banners of some blocks as columns."""
    decoder = msgspec.json.Decoder(shodan._Banner)
    columns = shodan._Columns()
    for block in blocks:
        columns.take(*decode_block(decoder, block, Tally("steps")), len(block.text))
    return columns


def measure(path: Path, store: Folder) -> dict[str, float]:
    """Seconds of each step over the banners of a file."""
    blocks, signs = unpacked(path), load_signs()
    skipping, taking = msgspec.json.Decoder(_Nothing), msgspec.json.Decoder(shodan._Banner)
    columns = columns_of(blocks)
    heads, pages = (pl.Series(list(texts), dtype=pl.String) for texts in (columns._heads, columns._pages))
    frame = columns.frame(signs)
    table = normalise(frame, FILING, Tally("steps"))

    def write() -> None:
        writer = SightingWriter(store, "shodan", "0" * 16)
        writer.write(table)
        _, moves = writer.close()
        store.publish(moves)

    return {
        "unpack, digest, find lines": least(lambda: unpacked(path)),
        "check that lines are JSON": least(lambda: [len(skipping.decode_lines(each.text)) for each in blocks]),
        "decode": least(lambda: [len(taking.decode_lines(each.text)) for each in blocks]),
        "decode and take columns": least(lambda: columns_of(blocks)),
        "the same, into Polars, with signs": least(lambda: columns_of(blocks).frame(signs)),
        "look for signs": least(lambda: read_columns(signs, heads, pages)),
        "check values": least(lambda: normalise(frame, FILING, Tally("steps"))),
        "sort and write": least(write),
    }


def main() -> None:
    """Prints the steps."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    gc.disable()  # as `census add` does
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "shodan-2021-03-09.json.gz"
        write_banners(export, ROWS)
        store = Folder(str(Path(folder) / "store"))
        with store.writing("Nothing to lose: this store is a temporary one"):
            steps = measure(export, store)
    for name, seconds in steps.items():
        print(f"{name:<36}{1e6 * seconds / ROWS:>8.2f} microseconds a banner")


if __name__ == "__main__":
    main()
