"""Reads the lines of a large export in worker processes; sightings and skips are those of one process, in order.

Unpacking, digesting and writing stay in this process; decoding, looking for signs and checking go to the workers, a few
batches of whole lines ahead. Workers are started fresh (not forked): a forked copy of a process with threads can hang.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pyarrow as pa

from waspglass.census.errors import CensusError
from waspglass.census.normalise import Filing, normalise
from waspglass.census.sighting import Tally
from waspglass.census.sources.content import Content
from waspglass.census.sources.lines import block_of, whole_lines
from waspglass.census.sources.source import LineSource

__all__ = ["spread"]

_BATCH_BYTES = 16 << 20
_Lines = tuple[int, bytes]
_Done = tuple[pa.Table | None, Tally, Tally]


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
        write: Takes sightings.
        workers: How many processes.

    Raises:
        CensusError: If a worker died, as when memory ran out; nothing was added then.
    """
    context = multiprocessing.get_context("spawn")
    pending: deque[Future[_Done]] = deque()

    def take() -> None:
        table, *found = pending.popleft().result()
        for tally, more in zip(tallies, found, strict=True):
            tally.merge(more)
        if table is not None:
            write(table)

    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start) as pool:
        try:
            for batch in _batches(content, tallies[0]):
                pending.append(pool.submit(_read, source, batch, filing))
                if len(pending) > workers + 1:
                    take()
            while pending:
                take()
        except BrokenProcessPool as error:
            raise CensusError(
                "a worker process died; nothing was added", hint="Is memory short? Try again with --workers 1"
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _batches(content: Content, tally: Tally) -> Iterator[list[_Lines]]:
    batch: list[_Lines] = []
    size = 0
    for block in whole_lines(content, tally):
        batch.append((block.first, block.text))
        size += len(block.text)
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _start() -> None:
    """An interrupt is for the process that reads, which ends the others; see `add` for the collector."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()


def _read(source: LineSource, batch: list[_Lines], filing: Filing) -> _Done:
    read, checked = Tally(""), Tally("")
    frame = source.frame((block_of(*lines) for lines in batch), read)
    return None if frame is None else normalise(frame, filing, checked), read, checked
