"""Read-only byte streams over parts of files, safe to use in several threads and after a fork."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from typing import BinaryIO, cast

from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import Limits
from waspglass.model.errors import Location
from waspglass.model.skip import SkipReason

__all__ = ["Pread", "bounded_stream", "pread_of", "slice_stream"]

Pread = Callable[[int, int], bytes]
"""`pread(length, offset)`: bytes at an offset, fewer only at the end; without a position that readers would share."""

_BUFFER = 256 * 1024


def pread_of(handle: BinaryIO) -> Pread:
    """Positionless reading of an open file, by `os.pread` where the system has it and the file is a real one."""
    try:
        descriptor = handle.fileno()
    except (OSError, AttributeError):
        descriptor = -1
    if descriptor >= 0 and hasattr(os, "pread"):
        return lambda length, offset: os.pread(descriptor, length, offset)
    lock = threading.Lock()

    def locked(length: int, offset: int) -> bytes:
        with lock:
            handle.seek(offset)
            return handle.read(length)

    return locked


class _Slice(io.RawIOBase):
    """A stretch of a file as a stream."""

    def __init__(self, pread: Pread, start: int, size: int, path: str) -> None:
        super().__init__()
        self._pread, self._start, self._size, self._path = pread, start, size, path
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants WriteableBuffer
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        try:
            data = self._pread(wanted, self._start + self._at)
        except OSError as fault:
            raise _unreadable(self._path, fault) from fault
        if not data:
            message = f"the file ends {self._size - self._at} bytes too early"
            raise EvidenceReadError(message, reason=SkipReason.TRUNCATED, location=Location(self._path))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def slice_stream(pread: Pread, start: int, size: int, path: str) -> BinaryIO:
    """A seekable stream of `size` bytes from `start`; reading past the real end raises TRUNCATED."""
    return cast("BinaryIO", io.BufferedReader(_Slice(pread, start, size, path), _BUFFER))


class _Bounded(io.RawIOBase):
    """Passes a decompressor's output on, holds the limits, and turns its faults into ours."""

    def __init__(self, source: BinaryIO, packed: Callable[[], int], limits: Limits, path: str) -> None:
        super().__init__()
        self._source, self._packed, self._limits, self._path = source, packed, limits, path
        self._given = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._given

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants WriteableBuffer
        try:
            data = self._source.read(len(buffer))
        except EvidenceReadError:
            raise
        except EOFError as fault:
            raise EvidenceReadError(
                "the compressed data ends too early", reason=SkipReason.TRUNCATED, location=Location(self._path)
            ) from fault
        except RuntimeError as fault:
            raise EvidenceReadError(
                "the member is encrypted", reason=SkipReason.ENCRYPTED, location=Location(self._path)
            ) from fault
        except NotImplementedError as fault:
            raise EvidenceReadError(
                "the compression method is not supported", reason=SkipReason.UNREADABLE, location=Location(self._path)
            ) from fault
        except Exception as fault:
            if isinstance(fault, OSError) and fault.errno is not None:
                raise _unreadable(self._path, fault) from fault
            raise EvidenceReadError(
                "the compressed data is damaged", reason=SkipReason.DAMAGED, location=Location(self._path)
            ) from fault
        self._given += len(data)
        self._check()
        buffer[: len(data)] = data
        return len(data)

    def _check(self) -> None:
        if self._given > self._limits.member_bytes:
            message = f"more than {self._limits.member_bytes} bytes come out of it"
            raise EvidenceReadError(message, reason=SkipReason.TOO_LARGE, location=Location(self._path))
        if self._limits.bomb(self._given, self._packed()):
            message = f"{self._given} bytes come out of {self._packed()}"
            raise EvidenceReadError(message, reason=SkipReason.COMPRESSION_BOMB, location=Location(self._path))


def bounded_stream(source: BinaryIO, packed: Callable[[], int], limits: Limits, path: str) -> BinaryIO:
    """A decompressor's output under the limits.

    Args:
        source: The decompressor; its errors of any class become EvidenceReadError.
        packed: How many compressed bytes were consumed so far.
        limits: Bounds on size and ratio.
        path: For messages.
    """
    return cast("BinaryIO", io.BufferedReader(_Bounded(source, packed, limits, path), _BUFFER))


def _unreadable(path: str, fault: OSError) -> EvidenceReadError:
    message = f"it cannot be read ({fault.strerror or type(fault).__name__})"
    return EvidenceReadError(message, reason=SkipReason.UNREADABLE, location=Location(path))
