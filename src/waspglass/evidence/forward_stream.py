"""A buffered stream that gives everything that lies before a fault, and then the fault."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, cast

from waspglass.evidence.errors import EvidenceReadError

__all__ = ["ForwardStream", "SeekableStream"]

_STEP = 256 * 1024


class ForwardStream(io.BufferedIOBase):
    """Reads forwards. `io.BufferedReader` would lose up to a block when its source fails in the middle of a read.

    A read that meets a fault after some bytes returns these; the next one raises. Reading to the end (`read()`) raises
    at once.

    Args:
        source: Gives up to so many bytes; nothing at the end; raises EvidenceReadError.
        close: Called once when the stream is closed.
    """

    def __init__(self, source: Callable[[int], bytes], close: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._source, self._close = source, close
        self._buffer, self._at, self._base = b"", 0, 0
        self._fault: EvidenceReadError | None = None

    def readable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """Bytes given so far."""
        return self._base + self._at

    def close(self) -> None:
        """Closes the source too."""
        if not self.closed:
            self._close()
        super().close()

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes; fewer only at the end or before a fault.

        Raises:
            EvidenceReadError: If nothing can be given before a fault.
        """
        wanted = -1 if size is None else size
        pieces = [self._buffer[self._at : self._at + wanted] if wanted >= 0 else self._buffer[self._at :]]
        have = len(pieces[0])
        self._at += have
        while wanted < 0 or have < wanted:
            data = self._next(max(_STEP, wanted - have))
            if not data:
                break
            taken = data if wanted < 0 or have + len(data) <= wanted else data[: wanted - have]
            pieces.append(taken)
            have += len(taken)
            self._base += self._at
            self._buffer, self._at = data, len(taken)
        if self._fault is not None and (wanted < 0 or (wanted > 0 and not have)):
            raise self._fault
        return pieces[0] if have == len(pieces[0]) else b"".join(pieces)

    def read1(self, size: int = -1) -> bytes:
        """What one look at the source gives."""
        return self.read(size if size >= 0 else _STEP)

    def readline(self, size: int | None = -1, /) -> bytes:
        """One line with its end, or as much of it as `size` allows."""
        limit = -1 if size is None else size
        searched = self._at
        while True:
            end = self._buffer.find(b"\n", searched) + 1
            if end or (0 <= limit <= len(self._buffer) - self._at):
                break
            searched = len(self._buffer) - self._at
            data = self._next(_STEP)
            if not data:
                end = len(self._buffer)
                break
            self._base += self._at
            self._buffer, self._at = self._buffer[self._at :] + data, 0
        if limit >= 0:
            end = min(end or len(self._buffer), self._at + limit)
        line = self._buffer[self._at : end]
        self._at += len(line)
        if self._fault is not None and not line and limit != 0:
            raise self._fault
        return line

    def as_binary(self) -> BinaryIO:
        """Itself; typeshed does not know that a BufferedIOBase is a BinaryIO."""
        return cast("BinaryIO", self)

    def _next(self, size: int) -> bytes:
        if self._fault is None:
            try:
                return self._source(size)
            except EvidenceReadError as fault:
                self._fault = fault
        return b""

    def _forget(self, position: int) -> None:
        self._buffer, self._at, self._base, self._fault = b"", 0, position, None


class SeekableStream(ForwardStream):
    """A `ForwardStream` over something with random access.

    Args:
        read_at: Gives up to so many bytes from an offset.
        size: Length.
        close: Called once when the stream is closed.
    """

    def __init__(
        self, read_at: Callable[[int, int], bytes], size: int, close: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(self._sequential, close)
        self._read_at, self._size = read_at, size
        self._place = 0

    def seekable(self) -> bool:
        """True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves; nothing is read yet."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._size}[whence]
        position = max(0, base + offset)
        if self._base <= position <= self._base + len(self._buffer):
            self._at = position - self._base
        else:
            self._forget(position)
            self._place = position
        return position

    def _sequential(self, size: int) -> bytes:
        wanted = min(size, self._size - self._place)
        if wanted <= 0:
            return b""
        data = self._read_at(wanted, self._place)
        self._place += len(data)
        return data
