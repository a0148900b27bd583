"""Fuzzes one target with Atheris in this process: `python -m tests.fuzz.one_target NAME CRASHES [libFuzzer options]`.

A fault is kept once for each place where it arose and the search goes on. What libFuzzer itself finds (too slow, too
much memory, a crash of native code) ends the process with a code that is not 0.
"""

from __future__ import annotations

import hashlib
import sys
import time
import traceback
import warnings
from pathlib import Path

import atheris

SLOW_SECONDS = 10.0
"""CPU seconds, instrumented, for at most a few kB of input."""


def _place(fault: BaseException) -> str:
    """The innermost line of ours: faults that arise there count as one."""
    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if "waspglass" in frame.filename]
    ours = [frame for frame in frames if "/src/waspglass/" in frame.filename] or frames
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
    return f"{type(fault).__name__} {where}"


class Faults:
    """Writes each fault once, with the input that shows it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[str] = set()

    def keep(self, what: str, data: bytes, detail: str) -> None:
        if what in self._known:
            return
        self._known.add(what)
        self._folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(data).hexdigest()[:16]
        (self._folder / name).write_bytes(data)
        (self._folder / f"{name}.txt").write_text(f"{what}\n{detail}\n", encoding="utf-8", errors="backslashreplace")
        sys.stderr.write(f"FAULT {what}: {self._folder / name}\n")


def main() -> None:
    """Runs until libFuzzer's limits are reached."""
    name, crashes, *options = sys.argv[1:]
    warnings.simplefilter("ignore")
    with atheris.instrument_imports(
        include=["waspglass", "pefile", "tarfile", "zipfile"], enable_loader_override=False
    ):
        from tests.fuzz.targets import TARGETS

        target = TARGETS[name]
        for data in target.seeds():
            target.try_one(data)  # readers are imported when they are first used, and caches filled
    from tests.fuzz.guard import watch

    faults = Faults(Path(crashes))
    watch(Path(crashes))

    def one(data: bytes) -> None:
        begun = time.process_time()
        try:
            target.try_one(data)
        except RecursionError as fault:
            faults.keep(f"RecursionError {name}", data, "".join(traceback.format_exception(fault, limit=-20)))
        except BaseException as fault:  # the search goes on, whatever it was
            if isinstance(fault, KeyboardInterrupt):
                raise
            faults.keep(_place(fault), data, "".join(traceback.format_exception(fault)))
        spent = time.process_time() - begun
        if spent > SLOW_SECONDS:
            faults.keep(f"slow {name} {int(spent)} s", data, "")

    atheris.Setup([f"fuzz-{name}", *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
