"""Spreads the files of a pass over forked processes; the outcomes are those of one process, in the same order.

Evidence cannot be pickled (it holds open archives), so the processes are forked once all files are known and are told
indices only. Evidence is made for that: what lies in archives is unpacked while it is listed, and read without a shared
position. Rules are bound and needles are chosen before the fork; a process that meets another header plans for
itself. Nothing but outcomes comes back. Where all processes died, others go on with the files that are left: a file
that makes a process run out of memory costs that file, not the examination.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.skip_log import skip_of
from waspglass.hunt.scan.priming import prime
from waspglass.hunt.scan.scan_file import Outcome, Pass, scan_file
from waspglass.model.skip import SkipReason

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["scan_files"]

Scan = Callable[[Artefact, Pass], Outcome]


def scan_files(artefacts: Sequence[Artefact], run: Pass, workers: int, *, scan: Scan = scan_file) -> Iterator[Outcome]:
    """The outcome of each file, in the order of the files.

    Args:
        artefacts: All files of the pass.
        run: The pass; its progress is called in this process.
        workers: Processes; one where the system cannot fork, or where a file is not made for it (a disk image's).
        scan: Scans one file (for tests).
    """
    wanted = min(workers, len(artefacts))
    if wanted < 2 or not hasattr(os, "fork") or not all(one.file.forkable for one in artefacts):
        for artefact in artefacts:
            yield scan(artefact, run)
        return
    if not run.naive:
        prime(artefacts, run)
    outcomes: dict[int, Outcome] = {}
    while left := [index for index in range(len(artefacts)) if index not in outcomes]:
        known = len(outcomes)
        with TemporaryFile(buffering=0) as turns:
            crew = _Crew(artefacts, run, scan, turns, outcomes)
            try:
                crew.start(left, min(wanted, len(left)))
                crew.listen()
            finally:
                crew.dismiss()
        if len(outcomes) == known:
            break  # nothing at all was read: other processes would do no better
    for index, artefact in enumerate(artefacts):
        done = outcomes.pop(index, None)
        yield scan(artefact, run) if done is None else done


@dataclass(slots=True)
class _Worker:
    """A forked process as its parent sees it: its id, and the file that it is at."""

    pid: int
    at: int | None = None


@dataclass(slots=True)
class _Crew:
    """The processes of one pass.

    Attributes:
        turns: An empty file without a buffer, for the indices of the files in the order in which they are taken. (A
            lock would be held for ever by a process that is killed in it.)
        outcomes: By the index of the file; those of this crew are added.
    """

    artefacts: Sequence[Artefact]
    run: Pass
    scan: Scan
    turns: BinaryIO
    outcomes: dict[int, Outcome]
    workers: dict[Connection, _Worker] = field(default_factory=dict)

    def start(self, files: Sequence[int], number: int) -> None:
        """Forks processes for the files of these indices; they take the largest first, to end at about one time."""
        from multiprocessing import Pipe

        order = sorted(files, key=lambda index: (-_size(self.artefacts[index]), index))
        self.turns.write(array("q", order).tobytes())
        self.turns.seek(0)
        for _ in range(number):
            ours, theirs = Pipe(duplex=False)
            with _uninterrupted():
                pid = os.fork()
                if pid == 0:
                    for connection in (ours, *self.workers):
                        connection.close()
                    self._work(theirs)
                self.workers[ours] = _Worker(pid)
                theirs.close()

    def _indices(self) -> Iterator[int]:
        """The files that this process takes; all processes share the reading position."""
        while turn := self.turns.read(8):
            yield int.from_bytes(turn, sys.byteorder)

    def _work(self, parent: Connection) -> None:
        """What a process does. It leaves without flushing or cleaning up what belongs to its parent."""
        code = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it too, and ends us
            self.run.progress = lambda source, count: parent.send((source, count))
            for index in self._indices():
                parent.send(index)
                parent.send(self.scan(self.artefacts[index], self.run))
            code = 0
        except Exception as error:
            with contextlib.suppress(Exception):
                parent.send(error)
        finally:
            os._exit(code)

    def listen(self) -> None:
        """Takes what the processes tell until the last has ended."""
        from multiprocessing.connection import Connection, wait

        waiting = set(self.workers)
        while waiting:
            for one in wait(list(waiting)):
                assert isinstance(one, Connection)
                try:
                    told = one.recv()
                except Exception:  # it died, or told something that cannot be made again here
                    waiting.discard(one)
                    self._lost(self.workers[one])
                else:
                    self._hear(self.workers[one], told)

    def _hear(self, worker: _Worker, told: object) -> None:
        match told:
            case int():
                worker.at = told
            case Outcome() if worker.at is not None:
                self.outcomes[worker.at], worker.at = told, None
            case (str(source), int(count)):
                self.run.progress(source, count)
            case BaseException():
                raise told

    def _lost(self, worker: _Worker) -> None:
        """A process that died in a file (killed for lack of memory, say)."""
        if worker.at is not None:
            source = self.artefacts[worker.at].file.path
            died = skip_of(source, SkipReason.UNREADABLE, "the process that read it ended early")
            self.outcomes[worker.at] = Outcome((), (), (died,), None)

    def dismiss(self) -> None:
        """Ends what still runs, and waits for it."""
        with _uninterrupted():
            for connection, worker in self.workers.items():
                connection.close()
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(worker.pid, 0)
            self.workers.clear()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Holds Ctrl-C back, so that no process is forgotten between its start and its end.

    A mask would not do: where the program has other threads, one of them takes the signal, and the interrupt comes up
    in this thread wherever it is; inside of a hook of `fork` it would be lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
        if heard:
            signal.raise_signal(signal.SIGINT)


def _size(artefact: Artefact) -> int:
    """Of compressed logs the size is not known; they take long."""
    size = artefact.file.size
    return 1 << 62 if size is None else size
