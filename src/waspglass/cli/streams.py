"""The standard streams of a process whose caller closed them, filled a disk with them, or stopped reading."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from waspglass.model.errors import WaspglassError

__all__ = ["cannot_be_written", "say", "steady_streams"]

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def steady_streams() -> None:
    """Makes both output streams usable: a closed one leads nowhere, and no character is a fault.

    A descriptor that the caller closed would be given to the next file that is opened, and what a library prints would
    be written there; so it is taken at once.
    """
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: PTH123, SIM115  # for the life of the process
        elif name != "stdin" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str) -> None:
    """Writes the answer to standard output.

    A reader that left early (`| head`) has what it wanted.

    Raises:
        OutputError: If it cannot be written, for example for lack of room.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _lead_nowhere()
    except OSError as fault:
        raise _unwritten(fault) from fault


def cannot_be_written(fault: OSError) -> WaspglassError | None:
    """What a write to standard output that failed means; None for a fault of another sort (it names a file, say)."""
    return _unwritten(fault) if fault.errno in _NO_ROOM and fault.filename is None else None


def _unwritten(fault: OSError) -> WaspglassError:
    from waspglass.model.errors import OutputError

    _lead_nowhere()
    message = f"the answer cannot be written to standard output ({fault.strerror})"
    return OutputError(message, hint="Make room, or send it elsewhere")


def _lead_nowhere() -> None:
    """What is still buffered would be tried again when the process ends, and fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
