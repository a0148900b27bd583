"""The standard streams of a process whose caller closed them, filled a disk with them, or stopped reading."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from waspglass.model.errors import WaspglassError

__all__ = ["colour_wanted", "columns", "reader_left", "say", "say_json", "steady_streams", "tell", "told"]

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
_PLAIN = {"│": "|", "├": "|", "└": "`", "─": "-", "✔": "+", "✘": "x", "…": "...", "·": "-", "•": "*", "–": "-",
          "“": '"', "”": '"', "„": '"', "−": "-"}  # fmt: skip
"""Marks that our reports draw with, for a terminal or file whose encoding lacks them (Windows: cp1252, cp850)."""
_PIPES_END_INVALID = os.name == "nt"
"""Windows says "invalid argument" of a pipe whose reader is gone (https://bugs.python.org/issue35754)."""
_NOT_A_TERMINAL = 100
_MOST_COLUMNS = 120
_NO_SIZE = 80


def steady_streams() -> None:
    """Makes both output streams usable: a closed one leads nowhere, and no character is a fault.

    A mark that the stream's encoding lacks is drawn with ASCII, any other character becomes its escape.

    A descriptor that the caller closed would be given to the next file that is opened, and what a library prints would
    be written there; so it is taken at once. A stream without a buffer (PYTHONUNBUFFERED, usual in containers) gets
    one: without it Python drops what a full disk does not take, and tells nobody.
    """
    codecs.register_error("waspglass", _drawn_plainly)
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: PTH123, SIM115  # for the life of the process
        elif name != "stdin" and isinstance(stream, io.TextIOWrapper):
            if isinstance(stream.buffer, io.RawIOBase):
                stream = open(stream.fileno(), "w", buffering=1, encoding=stream.encoding, closefd=False)  # noqa: SIM115  # for the life of the process
                setattr(sys, name, stream)
            stream.reconfigure(errors="waspglass")


def _drawn_plainly(fault: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(fault, UnicodeEncodeError) and (mark := _PLAIN.get(fault.object[fault.start])):
        return mark, fault.start + 1
    if isinstance(fault, UnicodeEncodeError) and fault.end > fault.start + 1:
        fault.end = fault.start + 1  # one at a time: the next may be a mark
    return codecs.backslashreplace_errors(fault)


def colour_wanted() -> bool:
    """True on a terminal that shows colours, unless the user does not want them (https://no-color.org)."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def columns() -> int:
    """Width for a report on standard output: the terminal's, if it tells one; lines beyond 120 are hard to read."""
    if not sys.stdout.isatty():
        return _NOT_A_TERMINAL
    return min(os.get_terminal_size(sys.stdout.fileno()).columns or _NO_SIZE, _MOST_COLUMNS)


def say_json(text: str) -> None:
    r"""`say` for JSON, which is UTF-8 everywhere: where the stream is not, other characters become `\uXXXX`.

    Raises:
        OutputError: If it cannot be written.
    """
    from waspglass.report.json_document import only_ascii

    unicode = codecs.lookup(sys.stdout.encoding or "ascii").name.startswith("utf")
    say(text if unicode else only_ascii(text))


def say(text: str) -> None:
    """Writes the answer to standard output.

    A reader that left early (`| head`) has what it wanted.

    Raises:
        OutputError: If it cannot be written, for example for lack of room.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as fault:
        if not reader_left(fault):
            raise _unwritten(fault) from fault
        _lead_nowhere(sys.stdout)


def reader_left(fault: OSError) -> bool:
    """True if nobody reads any more what is written to standard output: a second attempt fails as the first did."""
    if _PIPES_END_INVALID and fault.errno == errno.EINVAL:
        try:
            sys.stdout.flush()
        except OSError as again:
            return again.errno == errno.EINVAL
    return isinstance(fault, BrokenPipeError)


def tell(text: str) -> None:
    """Writes to standard error; where nobody can read it, the exit code still says what it says."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        with suppress(OSError):  # not even a descriptor is left
            _lead_nowhere(sys.stderr)


def told(fault: OSError) -> WaspglassError | None:
    """What a fault of the system means that nobody took for something else; None if nobody outside can mend it."""
    from waspglass.model.errors import Location, UsageError

    if fault.filename is not None:
        return UsageError(f"it cannot be used ({fault.strerror})", location=Location(str(fault.filename)))
    if fault.errno == errno.ENOENT:
        return UsageError("the folder that you are in is there no more", hint="Change to another one")
    return _unwritten(fault) if fault.errno in _NO_ROOM else None


def _unwritten(fault: OSError) -> WaspglassError:
    from waspglass.model.errors import OutputError

    _lead_nowhere(sys.stdout)
    message = f"the answer cannot be written to standard output ({fault.strerror})"
    return OutputError(message, hint="Make room, or send it elsewhere")


def _lead_nowhere(stream: TextIO) -> None:
    """What is still buffered would be tried again when the process ends, and fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
