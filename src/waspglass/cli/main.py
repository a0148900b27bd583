"""The entry of the command line: sets up the process, runs the verb, and turns errors into exit codes."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

from waspglass.cli.streams import cannot_be_written, say, steady_streams

__all__ = ["run"]

_YOUNG = 200_000
"""New objects between two collections of garbage. Modules, rules and hits are many objects and hardly any garbage; with
Python's 700 the collector took a tenth of a short run."""


_INTERRUPTED = 130


def _interrupted() -> NoReturn:
    sys.stderr.write("waspglass: interrupted\n")
    sys.exit(_INTERRUPTED)


def _refuse_empty(words: list[str]) -> None:
    """An empty path is the folder that one stands in: with an unset variable a script would examine that."""
    if "" in words:
        from waspglass.model.errors import UsageError

        raise UsageError("an argument is empty", hint="Is a variable of a script unset?")


def run() -> None:
    """Runs the program; our own errors become one line on standard error and the exit code of their class.

    A terminal that cannot show a character gets its escape, not a crash.
    """
    gc.set_threshold(_YOUNG, 20, 20)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # none of ours; looking for them costs
    steady_streams()
    try:
        from waspglass.cli.commands import program

        _refuse_empty(sys.argv[1:])
        try:
            program(sys.argv[1:])(prog_name="waspglass")
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as end:
        if end.code == _INTERRUPTED:  # how typer answers Ctrl-C
            _interrupted()
        raise
    except BrokenPipeError:
        say("")
        sys.exit(1)
    except Exception as fault:
        from waspglass.model.errors import WaspglassError
        from waspglass.report.visible import visible

        error = cannot_be_written(fault) if isinstance(fault, OSError) else fault
        if not isinstance(error, WaspglassError):
            raise
        sys.stderr.write(f"waspglass: {visible(str(error))}\n")
        sys.exit(error.exit_code)
