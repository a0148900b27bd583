"""The entry of the command line: sets up the process, runs the verb, and turns errors into exit codes."""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from waspglass.cli.streams import reader_left, say, steady_streams, tell, told

__all__ = ["run"]

_YOUNG = 200_000
"""New objects between two collections of garbage. Modules, rules and hits are many objects and hardly any garbage; with
Python's 700 the collector took a tenth of a short run."""


_INTERRUPTED = 130


def _load_what_bears_no_exception() -> None:
    """Loads orjson before a request to end becomes an exception.

    One that is raised while orjson (3.13) loads the modules that it needs ends in a segmentation fault.
    """
    import dataclasses  # noqa: F401
    import datetime  # noqa: F401
    import enum  # noqa: F401
    import json  # noqa: F401
    import uuid  # noqa: F401

    import orjson  # noqa: F401


def _interrupted() -> NoReturn:
    tell("waspglass: interrupted\n")
    sys.exit(_INTERRUPTED)


def _end_in_order() -> list[int]:
    """Makes a request to end an exception, so that temporary files are removed and a terminal gets its cursor back.

    One that is ignored stays so: `nohup` asks for that. A forked worker ends at once: what it would put away is its
    parent's, and its parent is to see that it was ended.

    Returns:
        The requests so far, filled as they come: a library may make another exception of ours (DuckDB does).
    """
    owner = os.getpid()
    asked: list[int] = []

    def ended(number: int, _frame: FrameType | None) -> NoReturn:
        if os.getpid() != owner:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        asked.append(number)
        sys.exit(128 + number)

    def interrupted(number: int, _frame: FrameType | None) -> NoReturn:
        asked.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupted)

    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP, and SIGBREAK (Ctrl-Break) alone
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, ended)
    return asked


def _end_unheard(fault: OSError) -> None:
    """Ends with the code of a refusal that nobody heard, because standard error is full or closed; if there is one."""
    refusal: BaseException | None = fault
    while isinstance(refusal, OSError):
        refusal = refusal.__context__
    code = getattr(refusal, "exit_code", None)
    if isinstance(code, int):
        tell("")
        sys.exit(code)


def _refuse_no_file(words: list[str]) -> None:
    """An empty path is the folder that one stands in: with an unset variable a script would examine that.

    All that is read is read several times, so that standard input (`-`) is of no use.
    """
    from waspglass.model.errors import UsageError

    if "" in words:
        raise UsageError("an argument is empty", hint="Is a variable of a script unset?")
    if "-" in words:
        raise UsageError("standard input is not read", hint="Save it to a file, and name that in place of -")


def run() -> None:
    """Runs the program; our own errors become one line on standard error and the exit code of their class.

    A terminal that cannot show a character gets its escape, not a crash.
    """
    gc.set_threshold(_YOUNG, 20, 20)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # none of ours; looking for them costs
    steady_streams()
    _load_what_bears_no_exception()
    asked = _end_in_order()
    try:
        from waspglass.cli.commands import program

        _refuse_no_file(sys.argv[1:])
        try:
            program(sys.argv[1:])(prog_name="waspglass")
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as end:
        if end.code == _INTERRUPTED:  # how typer answers Ctrl-C
            _interrupted()
        if isinstance(end.__context__, OSError):  # how rich answers a closed pipe
            _end_unheard(end.__context__)
        raise
    except Exception as fault:
        if asked:
            _interrupted() if asked[0] == signal.SIGINT else sys.exit(128 + asked[0])
        if isinstance(fault, OSError):
            _end_unheard(fault)
            if reader_left(fault):
                say("")
                sys.exit(1)
        from waspglass.model.errors import WaspglassError
        from waspglass.report.visible import visible

        error = told(fault) if isinstance(fault, OSError) else fault
        if not isinstance(error, WaspglassError):
            raise
        tell(f"waspglass: {visible(str(error))}\n")
        sys.exit(error.exit_code)
