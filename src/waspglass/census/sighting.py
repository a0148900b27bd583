"""The sighting: one service of one address as one source saw it on one day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import cast

import numpy as np
import polars as pl
import pyarrow as pa

from waspglass.model.escape import bounded, printable
from waspglass.model.skip import Skipped, SkipReason

__all__ = ["RAW", "SIGHTING", "ListColumn", "Tally", "raw_frame"]

SIGHTING = pa.schema(
    [
        pa.field("date", pa.date32(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("address", pa.string(), nullable=False),
        pa.field("port", pa.uint16()),
        pa.field("transport", pa.string()),
        pa.field("seen", pa.timestamp("ms", tz="UTC")),
        pa.field("country", pa.string()),
        pa.field("region", pa.string()),
        pa.field("city", pa.string()),
        pa.field("asn", pa.uint32()),
        pa.field("network", pa.string()),
        pa.field("organisation", pa.string()),
        pa.field("sector", pa.string()),
        pa.field("product", pa.string()),
        pa.field("version", pa.string()),
        pa.field("version_from", pa.string()),
        pa.field("claimed", pa.list_(pa.string())),
        pa.field("verified", pa.list_(pa.string())),
        pa.field("refuted", pa.list_(pa.string())),
        pa.field("compromise", pa.string()),
        pa.field("names", pa.list_(pa.string())),
        pa.field("server_name", pa.string()),
        pa.field("certificate", pa.string()),
        pa.field("url", pa.string()),
        pa.field("line", pa.uint64()),
    ]
)
"""The columns of the store's Parquet files, documented for other tools in `docs/census-reference.md`.

`claimed`, `verified` and `refuted` hold CVE names: what the source says of the host without a test of its own, what a
behavioural test showed, and what a behavioural test did not find. No patch state is stored: it is concluded when asked,
from the pack that is asked about, so that a better build table needs no new import.
"""

_UNCHECKED = {"port": pa.int64(), "seen": pa.string(), "asn": pa.string()}
RAW = pa.schema(
    pa.field(each.name, _UNCHECKED.get(each.name, each.type))
    for each in SIGHTING
    if each.name not in ("date", "source")
)
"""What a reader hands over: values as the export writes them, not yet checked; `normalise` makes `SIGHTING` of it."""

_OLDEST = pl.CompatLevel.oldest()
_NULL = -1


def raw_frame(columns: Mapping[str, list[object] | pl.Series]) -> pl.DataFrame:
    """A raw frame from the columns that a reader knows; the others are null."""
    height = len(columns["address"])
    return pl.DataFrame([_series(kind, columns.get(kind.name), height) for kind in RAW])


def _series(kind: pa.Field, values: list[object] | pl.Series | None, height: int) -> pl.Series:
    if isinstance(values, pl.Series):
        return values.alias(kind.name)
    lists = kind.type == pa.list_(pa.string())
    numbers = {pa.int64(): pl.Int64, pa.uint64(): pl.UInt64}
    dtype = pl.List(pl.String) if lists else numbers.get(kind.type, pl.String)
    if values is None:
        return pl.Series(kind.name, [None], dtype).new_from_index(0, height)
    if lists:
        return _lists(kind.name, cast("list[list[str] | None]", values))
    # A port of any length is JSON; one that 64 bits do not hold is null, as one beyond 65,535 will be.
    return pl.Series(kind.name, values, dtype, strict=dtype != pl.Int64)


class ListColumn:
    """A column of lists of texts that grows; put together from its parts, as Polars takes ten times as long by value.

    `pyarrow.array` would do, but it loads pandas where that is installed, for a third of a second.
    """

    def __init__(self) -> None:
        self._lengths: list[int] = []
        self._texts: list[str] = []

    def add(self, values: Sequence[list[str] | None]) -> None:
        """Adds lists; None is null, and not an empty list."""
        self._lengths += [_NULL if each is None else len(each) for each in values]
        self._texts += chain.from_iterable(filter(None, values))

    def series(self) -> pl.Series:
        """All lists."""
        lengths = np.array(self._lengths, np.int64)
        missing = lengths == _NULL
        if missing.all():
            return pl.Series([None], dtype=pl.List(pl.String)).new_from_index(0, len(lengths))
        ends = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(np.maximum(lengths, 0), out=ends[1:])
        texts = pl.Series(self._texts, dtype=pl.String).to_arrow(compat_level=_OLDEST)
        mask = pl.Series(missing).to_arrow() if missing.any() else None
        series = pl.from_arrow(pa.LargeListArray.from_arrays(pl.Series(ends).to_arrow(), texts, mask=mask))
        assert isinstance(series, pl.Series)
        return series


def _lists(name: str, values: list[list[str] | None]) -> pl.Series:
    column = ListColumn()
    column.add(values)
    return column.series().alias(name)


@dataclass
class Tally:
    """Counts skips by reason while a file is read; each reason keeps its first example with its place."""

    source: str
    counts: Counter[SkipReason] = field(default_factory=Counter)
    examples: dict[SkipReason, str] = field(default_factory=dict)

    def add(self, reason: SkipReason, example: str, count: int = 1) -> None:
        """Counts; the example names a place (`line 17: ...`) and is kept only the first time."""
        if count:
            self.counts[reason] += count
            if reason not in self.examples:
                self.examples[reason] = bounded(printable(example), 200)

    def merge(self, other: Tally) -> None:
        """Takes over another tally's counts, for example that of another thread."""
        self.counts += other.counts
        for reason, example in other.examples.items():
            self.examples.setdefault(reason, example)

    def skipped(self) -> tuple[Skipped, ...]:
        """The skips as values, by reason."""
        return tuple(
            Skipped(source=self.source, reason=reason, count=count, detail=f"first: {self.examples[reason]}")
            for reason, count in sorted(self.counts.items())
        )
