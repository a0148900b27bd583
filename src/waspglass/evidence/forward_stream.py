"""Buffered streams that give everything that lies before a fault, and then the fault."""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Callable, Iterator

from waspglass.evidence.errors import EvidenceReadError

__all__ = ["ForwardStream", "SeekableStream"]

_STEP = 256 * 1024
_AT_ONCE = 16 * 1024 * 1024
"""Asked for more, `io.BufferedReader` makes room for all of it first, and how much is asked for may stand in a file."""


class _Source(io.RawIOBase):
    """What is buffered. A fault is kept and the buffer told that there is nothing yet: it then gives what it has.

    An exception in the middle of a read would make `io.BufferedReader` forget what that read had gathered.
    """

    fault: EvidenceReadError | None = None

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close

    @abstractmethod
    def give(self, size: int) -> bytes | memoryview:
        """Up to so many bytes, nothing at the end; raises EvidenceReadError, and again if asked again."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]  # typeshed wants WriteableBuffer
        try:
            data = self.give(len(buffer))
        except EvidenceReadError as fault:
            self.fault = fault
            return None
        self.fault = None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._close()
        super().close()


class _Pieces(_Source):
    """Pieces of any length, one after another."""

    def __init__(self, pieces: Iterator[bytes], close: Callable[[], None]) -> None:
        super().__init__(close)
        self._pieces, self._left = pieces, memoryview(b"")

    def give(self, size: int) -> memoryview:
        if self.fault is not None:
            raise self.fault
        while not self._left:
            if (piece := next(self._pieces, None)) is None:
                break
            self._left = memoryview(piece)
        given, self._left = self._left[:size], self._left[size:]
        return given


class _Places(_Source):
    """Something with random access."""

    def __init__(self, read_at: Callable[[int, int], bytes], size: int, close: Callable[[], None]) -> None:
        super().__init__(close)
        self._read_at, self._size, self._at = read_at, size, 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def give(self, size: int) -> bytes:
        wanted = min(size, self._size - self._at)
        data = self._read_at(wanted, self._at) if wanted > 0 else b""
        self._at += len(data)
        return data


class _Stream(io.BufferedReader):
    """A read that meets a fault after some bytes returns these; the next one raises, as does reading to the end."""

    def __init__(self, source: _Source) -> None:
        super().__init__(source, _STEP)
        self._source = source

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes; fewer only at the end or before a fault.

        Raises:
            EvidenceReadError: If nothing can be given before a fault.
        """
        data = super().read(size) if size is None or size <= _AT_ONCE else b"".join(self._in_steps(size))
        if self._source.fault is not None and (size is None or size < 0):
            raise self._source.fault
        return self._unless_faulty(data, size)

    def read1(self, size: int = -1, /) -> bytes:
        """What one look at the source gives."""
        return self._unless_faulty(super().read1(size), size)

    def readline(self, size: int | None = -1, /) -> bytes:
        """One line with its end, or as much of it as `size` allows."""
        return self._unless_faulty(super().readline(size), size)

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # typeshed wants WriteableBuffer
        """As `read`."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _in_steps(self, left: int) -> Iterator[bytes]:
        while left and (piece := super().read(min(left, _AT_ONCE))):
            yield piece
            left -= len(piece)

    def _unless_faulty(self, data: bytes | None, size: int | None) -> bytes:
        if not data and size != 0 and self._source.fault is not None:
            raise self._source.fault
        return data or b""


class ForwardStream(_Stream):
    """Reads forwards.

    Args:
        pieces: The content in pieces of any length; may raise EvidenceReadError.
        close: Called once when the stream is closed.
    """

    def __init__(self, pieces: Iterator[bytes], close: Callable[[], None] = lambda: None) -> None:
        super().__init__(_Pieces(pieces, close))


class SeekableStream(_Stream):
    """Reads something with random access.

    Args:
        read_at: Gives up to so many bytes from an offset.
        size: Length.
        close: Called once when the stream is closed.
    """

    def __init__(
        self, read_at: Callable[[int, int], bytes], size: int, close: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(_Places(read_at, size, close))
