"""Reads the lines of a large export in worker processes; sightings and skips are those of one process, in order.

Unpacking, digesting and writing stay in this process; decoding, looking for signs and checking go to the workers, a few
batches of whole lines ahead. Lines go to them through a file that all have mapped, since a pipe would copy every byte
three times. Workers are started fresh (not forked): a forked copy of a process with threads can hang.
"""

from __future__ import annotations

import gc
import mmap
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from waspglass.census.errors import CensusError
from waspglass.census.normalise import Filing, normalise
from waspglass.census.scratch import scratch_folder
from waspglass.census.sighting import Tally
from waspglass.census.sources.content import BLOCK, Content
from waspglass.census.sources.lines import LINE_LIMIT, Block, block_of, whole_lines
from waspglass.census.sources.source import LineSource
from waspglass.census.store.writer import write_behind

__all__ = ["spread", "usual_workers"]

_SLOT = 2 * (LINE_LIMIT + BLOCK)
"""Bytes of lines that go to a worker at once; a block of the longest lines fits in."""
_Done = tuple[pa.Table | None, Tally, Tally]
_mapped: mmap.mmap
"""In a worker: the lines."""


def usual_workers() -> int:
    """A worker for each core that this process may use, where that pays.

    Two cores are busy without: one unpacks, checks and writes beside the other, which decodes. More than four workers
    would wait for the process that unpacks and writes.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 4) if cores > 2 else 1


@dataclass(frozen=True, slots=True)
class _Batch:
    """Whole lines in the mapped file: where they begin and end, and the number of the first."""

    start: int
    end: int
    first: int


def spread(
    content: Content,
    source: LineSource,
    filing: Filing,
    tallies: tuple[Tally, Tally],
    write: Callable[[pa.Table], None],
    workers: int,
) -> None:
    """Reads a content with so many workers, and writes the sightings in the order of the content.

    Args:
        content: The export.
        source: Its reader, which is sent to the workers.
        filing: Where its rows belong.
        tallies: What could not be read, and what did not stand the check.
        write: Takes sightings; it is called in another thread, never twice at once.
        workers: How many processes.

    Raises:
        CensusError: If a worker died, as when memory ran out; nothing was added then.
    """
    context = multiprocessing.get_context("spawn")
    slots = workers + 2
    with scratch_folder() as folder:
        path = folder / "lines"
        # Written, not only made long: a full disk is an error here, and would end the process later.
        path.write_bytes(bytes(slots * _SLOT))
        with (
            path.open("r+b") as file,
            mmap.mmap(file.fileno(), 0) as lines,
            ProcessPoolExecutor(workers, context, _start, (str(path),)) as pool,
        ):
            batches = _batches(whole_lines(content, tallies[0]), lines, slots)
            tables = _in_order((pool.submit(_read, source, batch, filing) for batch in batches), tallies, slots)
            try:
                write_behind(tables, write)
            except BrokenProcessPool as error:
                raise CensusError(
                    "a worker process died; nothing was added", hint="Is memory short? Try again with --workers 1"
                ) from error
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _in_order(submitted: Iterator[Future[_Done]], tallies: tuple[Tally, Tally], ahead: int) -> Iterator[pa.Table]:
    """The tables in the order of the content; so many batches are out at most, as the next slot holds the oldest."""
    pending: deque[Future[_Done]] = deque()

    def taken() -> Iterator[pa.Table]:
        table, *found = pending.popleft().result()
        for tally, more in zip(tallies, found, strict=True):
            tally.merge(more)
        if table is not None:
            yield table

    for one in submitted:
        pending.append(one)
        if len(pending) == ahead:
            yield from taken()
    while pending:
        yield from taken()


def _batches(blocks: Iterator[Block], lines: mmap.mmap, slots: int) -> Iterator[_Batch]:
    """Lays blocks into one slot after the other; a slot is used again after all others."""
    slot, size, first = 0, 0, 1
    for block in blocks:
        if size + len(block.text) > _SLOT:
            yield _Batch(slot * _SLOT, slot * _SLOT + size, first)
            slot, size = (slot + 1) % slots, 0
        if size == 0:
            first = block.first
        start = slot * _SLOT + size
        lines[start : start + len(block.text)] = block.text
        size += len(block.text)
    if size:
        yield _Batch(slot * _SLOT, slot * _SLOT + size, first)


def _start(path: str) -> None:
    """An interrupt is for the process that reads, which ends the others; see `add` for the collector."""
    global _mapped
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.disable()
    with Path(path).open("rb") as file:
        _mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _end_with_parent() -> None:
    """Ends this worker when the process that reads was killed, which cannot tell it; it would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read(source: LineSource, batch: _Batch, filing: Filing) -> _Done:
    read, checked = Tally(""), Tally("")
    frame = source.frame(_blocks(batch), read)
    return None if frame is None else normalise(frame, filing, checked), read, checked


def _blocks(batch: _Batch) -> Iterator[Block]:
    """The lines again as blocks small enough for the processor's cache."""
    start, number = batch.start, batch.first
    while start < batch.end:
        end = _mapped.rfind(b"\n", start, min(start + BLOCK, batch.end)) + 1
        if not end:
            end = _mapped.find(b"\n", start, batch.end) + 1 or batch.end
        block = block_of(number, _mapped[start:end])
        yield block
        start, number = end, number + len(block.ends)
