"""Random access to a stream that can only be read forwards, through a temporary file that nobody else can see."""

from __future__ import annotations

import os
import tempfile
import threading
from typing import BinaryIO

from waspglass.evidence.errors import EvidenceReadError, read_error
from waspglass.evidence.forward_stream import SeekableStream
from waspglass.evidence.limits import Limits
from waspglass.model.skip import SkipReason

__all__ = ["Spool"]

_STEP = 4 * 1024 * 1024
_HELD_IN_MEMORY = 8 * 1024 * 1024


class Spool:
    """Reads a stream once, as far as somebody asks, and keeps what was read.

    Needed where members of a compressed tar, or of an archive inside an archive, are read several times (to recognise,
    to scan, to follow up) and in any order: decompressing from the start each time would cost the square of the size.
    The file has no name in the file system (it is unlinked when it is made), so nothing stays behind and nobody can
    change it; up to 8 MiB stay in memory. A forked process may read what was unpacked before the fork.

    Args:
        source: The stream; closed with the spool.
        limits: `spool_bytes` bounds the file.
        path: For messages.
    """

    def __init__(self, source: BinaryIO, limits: Limits, path: str) -> None:
        self._source, self._limits, self._path = source, limits, path
        self._file = tempfile.SpooledTemporaryFile(max_size=_HELD_IN_MEMORY, prefix="waspglass-")  # noqa: SIM115  # closed by close()
        self._have = 0
        self._ended = False
        self._fault: EvidenceReadError | None = None
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def pread(self, length: int, offset: int) -> bytes:
        """Bytes at an offset, fewer only at the end of the stream.

        Raises:
            EvidenceReadError: Where the stream is damaged, once what lies before the damage was given.
        """
        with self._lock:
            self._fill(offset + length)
            if offset >= self._have:
                if self._fault is not None:
                    raise self._fault
                return b""
            if self._have > _HELD_IN_MEMORY and hasattr(os, "pread"):
                self._file.flush()
                return os.pread(self._file.fileno(), min(length, self._have - offset), offset)
            self._file.seek(offset)
            return self._file.read(length)

    def size(self) -> int:
        """Length of the whole stream; reads it to its end, or to where it is damaged."""
        with self._lock:
            self._fill(None)
            return self._have

    def stream(self) -> BinaryIO:
        """All of it with random access; closing it closes the spool. Where it is damaged, its end raises the fault."""
        size = self.size()
        past_the_end = 0 if self._fault is None else 1
        return SeekableStream(self.pread, size + past_the_end, self.close)

    def close(self) -> None:
        """Drops the file and closes the stream."""
        self._file.close()
        self._source.close()

    def _fill(self, until: int | None) -> None:
        while not self._ended and (until is None or self._have < until):
            if os.getpid() != self._owner:
                message = "it was not unpacked before this process was forked"
                raise read_error(self._path, SkipReason.UNREADABLE, message)
            try:
                data = self._source.read(_STEP)
                self._keep(data)
            except EvidenceReadError as fault:
                self._fault, self._ended = fault, True
            else:
                self._ended = not data

    def _keep(self, data: bytes) -> None:
        if self._have + len(data) > self._limits.spool_bytes:
            message = f"it unpacks to more than {self._limits.spool_bytes} bytes"
            raise read_error(self._path, SkipReason.TOO_LARGE, message)
        try:
            self._file.seek(self._have)
            self._file.write(data)
        except OSError as fault:
            message = f"there is no room to unpack it ({fault.strerror})"
            raise read_error(self._path, SkipReason.TOO_LARGE, message) from fault
        self._have += len(data)
