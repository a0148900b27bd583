"""Stops what reading must never do: write outside of the scratch folder, start a program, open a connection."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_FORBIDDEN = frozenset(
    {
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.fork",
        "subprocess.Popen",
        "socket.connect",
        "socket.bind",
        "ctypes.dlopen",
    }
)
_CHANGES = frozenset(
    {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate"}
)


class ForbiddenError(BaseException):
    """Not an Exception, so that no reader can swallow it."""


def watch(crashes: Path) -> None:
    """From now on, and for as long as the process lives; only temporary files and crashes may be written."""
    inside = (os.path.realpath(tempfile.gettempdir()) + os.sep, os.path.realpath(crashes), "/dev/null")

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in _FORBIDDEN:
            raise ForbiddenError(f"{event} {arguments!r:.200}")
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITES and isinstance(path, str | bytes | Path):
                _inside(event, path, inside)
        elif event in _CHANGES and isinstance(arguments[0], str | bytes | Path):
            _inside(event, arguments[0], inside)

    sys.addaudithook(hook)


def _inside(event: str, path: str | bytes | Path, inside: tuple[str, ...]) -> None:
    if not os.path.realpath(os.fsdecode(path)).startswith(inside):
        raise ForbiddenError(f"{event} {path!r}")
