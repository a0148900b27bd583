"""Writes the sightings of one export into Parquet files, one or more a day, with bounded memory."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import BinaryIO, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from waspglass.census.sighting import SIGHTING
from waspglass.census.store.folder import DATA, Folder
from waspglass.census.store.manifest import DataFile

__all__ = ["SightingWriter", "write_behind"]

_GROUP_ROWS = 65_536
_HELD_ROWS = 262_144
_OPEN_FILES = 48
_LISTS = ("claimed", "verified", "refuted")
_REPEATING = [
    name for name in SIGHTING.names if name not in ("address", "seen", "names", "certificate", "line", *_LISTS)
]
_REPEATING += [f"{name}.list.element" for name in _LISTS]
"""Columns with few different values; a dictionary of the others costs time and makes the file larger."""


@dataclass
class _Part:
    """One Parquet file that is being written."""

    fresh: str
    final: str
    file: BinaryIO
    parquet: pq.ParquetWriter
    rows: int = 0


@dataclass
class SightingWriter:
    """Collects sightings by day and writes them as row groups of at most 65,536.

    Attributes:
        mark: Start of the export's digest; makes file names that two exports never share.
    """

    folder: Folder
    source: str
    mark: str
    rows: int = 0
    _fresh: list[pa.Table] = field(default_factory=list)
    _held: dict[dt.date, list[pa.Table]] = field(default_factory=dict)
    _counts: dict[dt.date, int] = field(default_factory=dict)
    _open: OrderedDict[dt.date, _Part] = field(default_factory=OrderedDict)
    _done: list[tuple[dt.date, _Part]] = field(default_factory=list)

    def write(self, table: pa.Table) -> None:
        """Takes sightings of any days.

        They are filed in steps of so many rows as a row group has, so that the files are the same, byte for byte,
        however the sightings were cut up on their way here.
        """
        self.rows += table.num_rows
        self._fresh.append(table)
        if sum(each.num_rows for each in self._fresh) < _GROUP_ROWS:
            return
        rows = pa.concat_tables(self._fresh)
        whole = rows.num_rows - rows.num_rows % _GROUP_ROWS
        for start in range(0, whole, _GROUP_ROWS):
            self._file(rows.slice(start, _GROUP_ROWS))
        self._fresh = [rows.slice(whole)]

    def write_empty(self, day: dt.date) -> None:
        """Makes a file without rows for a day on which the source saw nothing."""
        self._part(day)

    def _file(self, table: pa.Table) -> None:
        days = pc.unique(table["date"]).to_pylist()
        for day in days:
            share = table if len(days) == 1 else table.filter(pc.equal(table["date"], pa.scalar(day, pa.date32())))
            self._held.setdefault(day, []).append(share)
            self._counts[day] = self._counts.get(day, 0) + share.num_rows
            if self._counts[day] >= _GROUP_ROWS:
                self._flush(day)
        while sum(self._counts.values()) > _HELD_ROWS:
            self._flush(max(self._counts, key=self._counts.__getitem__))

    def close(self) -> tuple[tuple[DataFile, ...], dict[str, str]]:
        """Finishes all files: what they are, and the moves that put them in their place."""
        if self._fresh:
            self._file(pa.concat_tables(self._fresh))
            self._fresh.clear()
        for day in sorted(self._counts):
            self._flush(day)
        while self._open:
            self._close(next(iter(self._open)))
        files = tuple(
            DataFile(path=part.final, date=day, source=self.source, rows=part.rows, bytes=self.folder.size(part.fresh))
            for day, part in self._done
        )
        return files, {part.fresh: part.final for _, part in self._done}

    def abandon(self) -> None:
        """Closes what is open; the files stay in `.adding` and are removed with it."""
        for part in self._open.values():
            part.parquet.close()
            part.file.close()
        self._open.clear()

    def _flush(self, day: dt.date) -> None:
        table = pa.concat_tables(self._held.pop(day)).combine_chunks().sort_by("address")
        del self._counts[day]
        part = self._part(day)
        part.parquet.write_table(table, row_group_size=_GROUP_ROWS)
        part.rows += table.num_rows

    def _part(self, day: dt.date) -> _Part:
        if day in self._open:
            self._open.move_to_end(day)
            return self._open[day]
        if len(self._open) >= _OPEN_FILES:
            self._close(next(iter(self._open)))
        number = sum(1 for done, _ in self._done if done == day)
        name = f"{self.mark}-{day}-{number}.parquet"
        final = f"{DATA}/date={day}/source={self.source}/{name}"
        file = self.folder.create(".adding", name)
        parquet = pq.ParquetWriter(
            file,
            SIGHTING,
            compression="zstd",
            write_statistics=["date", "address", "country"],
            use_dictionary=_REPEATING,
        )
        self._open[day] = _Part(f".adding/{name}", final, file, parquet)
        return self._open[day]

    def _close(self, day: dt.date) -> None:
        part = self._open.pop(day)
        part.parquet.close()
        part.file.close()
        self._done.append((day, part))


Rows = TypeVar("Rows")


def write_behind(pieces: Iterable[Rows], write: Callable[[Rows], None]) -> None:
    """Writes in another thread while the next piece is made; a fault of either ends both."""
    with ThreadPoolExecutor(1) as writing:
        before: Future[None] | None = None
        for piece in pieces:
            if before is not None:
                before.result()
            before = writing.submit(write, piece)
        if before is not None:
            before.result()
