"""A single file as a container of one: "here is one log"."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from waspglass.evidence.member import Member, file_time
from waspglass.evidence.skip_log import SkipLog
from waspglass.evidence.stream import regular_file
from waspglass.model.skip import SkipReason

__all__ = ["LooseContainer"]


class LooseContainer:
    """One file that is not a container itself.

    Args:
        path: The file.
        unpack: Turns its stream into the content, if the file is compressed.
    """

    def __init__(self, path: Path, unpack: Callable[[BinaryIO], BinaryIO] | None = None) -> None:
        self._path, self._unpack = path, unpack

    def members(self, skips: SkipLog) -> Iterator[Member]:
        """The one file."""
        try:
            status = self._path.stat()
        except OSError as fault:
            skips.add(self._path.name, SkipReason.UNREADABLE, fault.strerror)
            return
        parts = (self._path.name,)
        if self._unpack is None:
            yield Member(parts, status.st_size, file_time(status.st_mtime), self._path, self._open)
        else:
            yield Member(parts, None, file_time(status.st_mtime), None, self._content)

    def _content(self) -> BinaryIO:
        stream = self._open()
        return stream if self._unpack is None else self._unpack(stream)

    def _open(self) -> BinaryIO:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        return regular_file(partial(os.open, self._path, flags), self._path.name)
