"""Where pure functions run: in this process, in several on this machine, or on a Ray cluster.

Index and matrix hand their work over as one function, something that all calls have in common, and items. The results
come back in the order of the items, so that it makes no difference to them where they were worked out.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import chain, islice
from typing import ClassVar, Protocol, TypeVar

from waspglass.model.errors import UsageError, WaspglassError

__all__ = ["ClusterError", "Executor", "InProcess", "Processes", "local_executor", "processors"]

Common = TypeVar("Common")
Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2
"""Items in work or waiting for each process: enough to keep it busy, few enough to bound memory."""


class ClusterError(WaspglassError):
    """Work was handed over and did not come back."""

    exit_code: ClassVar[int] = 1


class Executor(Protocol):
    """Runs a function over items."""

    def run(
        self, function: Callable[[Common, Item], Result], common: Common, items: Iterable[Item]
    ) -> Iterator[Result]:
        """`function(common, item)` for each item, in the order of the items.

        Args:
            function: Pure, and at the top level of a module, so that other processes can find it.
            common: What all calls need; given to each process once.
            items: Taken a few ahead of the results only, so that there may be very many.
        """
        ...


@dataclass(frozen=True, slots=True)
class InProcess:
    """Everything here, one after the other: what all other executors must be equal to."""

    def run(
        self, function: Callable[[Common, Item], Result], common: Common, items: Iterable[Item]
    ) -> Iterator[Result]:
        """As in `Executor`."""
        for item in items:
            yield function(common, item)


_MOST_ON_WINDOWS = 61
"""Processes that Windows waits for; a pool refuses more there."""
_COMMON: object = None


def _remember(common: object) -> None:
    global _COMMON  # each worker process is given its own once, when it starts
    _COMMON = common


def _with_common(function: Callable[[Common, Item], Result], item: Item) -> Result:
    return function(_COMMON, item)  # type: ignore[arg-type]  # set by _remember to what `run` was given


@dataclass(frozen=True, slots=True)
class Processes:
    """Several processes on this machine; forked where the system can, so that `common` costs nothing.

    A single item is worked out here: starting processes would take longer.
    """

    count: int

    def run(
        self, function: Callable[[Common, Item], Result], common: Common, items: Iterable[Item]
    ) -> Iterator[Result]:
        """As in `Executor`.

        Raises:
            ClusterError: If a process was ended from outside.
        """
        rows = iter(items)
        first = tuple(islice(rows, 2))
        if len(first) < 2:
            yield from InProcess().run(function, common, first)
            return
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(method)
        pool = ProcessPoolExecutor(self.count, mp_context=context, initializer=_remember, initargs=(common,))
        waiting: deque[Future[Result]] = deque()
        try:
            for item in chain(first, rows):
                waiting.append(pool.submit(_with_common, function, item))
                if len(waiting) >= AHEAD * self.count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as fault:
            hint = "It may have run out of memory; try --jobs 1"
            raise ClusterError("a worker process was ended from outside", hint=hint) from fault
        finally:
            pool.shutdown(cancel_futures=True)


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def local_executor(jobs: int | None) -> Executor:
    """An executor on this machine; `jobs` processes, by default one for each processor.

    Raises:
        UsageError: If `jobs` is below one.
    """
    if jobs is not None and jobs < 1:
        raise UsageError("--jobs must be 1 or more", hint="Leave it out for one process a processor")
    count = processors() if jobs is None else jobs
    if sys.platform == "win32":
        count = min(count, _MOST_ON_WINDOWS)
    return Processes(count) if count > 1 else InProcess()
