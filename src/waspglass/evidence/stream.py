"""Read-only byte streams over parts of files, safe to use in several threads and after a fork."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

from waspglass.evidence.errors import EvidenceReadError, read_error
from waspglass.evidence.forward_stream import ForwardStream, SeekableStream
from waspglass.evidence.limits import Limits
from waspglass.model.skip import SkipReason

__all__ = ["Pread", "bounded_stream", "decompression_fault", "pread_of", "regular_file", "slice_stream"]

_STEP = 256 * 1024
Pread = Callable[[int, int], bytes]
"""`pread(length, offset)`: bytes at an offset, fewer only at the end; without a position that readers would share."""


def regular_file(handle: Callable[[], int], path: str) -> BinaryIO:
    """A file of this machine, by a descriptor that was opened without following links or waiting for a pipe.

    Raises:
        EvidenceReadError: If it cannot be opened, or is not a regular file (any more).
    """
    try:
        descriptor = handle()
    except OSError as fault:
        raise read_error(path, SkipReason.UNREADABLE, f"it cannot be opened ({fault.strerror})") from fault
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise read_error(path, SkipReason.SPECIAL_FILE, "it is not a file any more")
    return os.fdopen(descriptor, "rb")


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


def slice_stream(pread: Pread, start: int, size: int, path: str) -> BinaryIO:
    """A seekable stream of `size` bytes from `start`; reading past the real end raises TRUNCATED."""

    def read_at(length: int, offset: int) -> bytes:
        try:
            data = pread(length, start + offset)
        except (OSError, OverflowError) as fault:
            raise _unreadable(path, fault) from fault
        if not data:
            raise read_error(path, SkipReason.TRUNCATED, f"the file ends {size - offset} bytes too early")
        return data

    return SeekableStream(read_at, size)


def bounded_stream(
    pieces: Iterator[bytes],
    packed: Callable[[], int],
    limits: Limits,
    path: str,
    close: Callable[[], None] = lambda: None,
) -> BinaryIO:
    """A decompressor's output under the limits.

    Args:
        pieces: What the decompressor gives; its errors of any class become EvidenceReadError.
        packed: How many compressed bytes were consumed so far.
        limits: Bounds on size and ratio.
        path: For messages.
        close: Called once when the stream is closed.
    """

    def bounded() -> Iterator[bytes]:
        given = 0
        try:
            for piece in pieces:
                for at in range(0, len(piece), _STEP):  # what lies before a bound is given, however large the piece
                    part = piece[at : at + _STEP]
                    given += len(part)
                    if given > limits.member_bytes:
                        message = f"more than {limits.member_bytes} bytes come out of it"
                        raise read_error(path, SkipReason.TOO_LARGE, message)
                    if limits.bomb(given, packed()):
                        raise read_error(path, SkipReason.COMPRESSION_BOMB, f"{given} bytes come out of {packed()}")
                    yield part
        except EvidenceReadError:
            raise
        except Exception as fault:
            raise decompression_fault(path, fault) from fault

    return ForwardStream(bounded(), close)


def decompression_fault(path: str, fault: Exception) -> EvidenceReadError:
    """What the exceptions of decompressors mean."""
    match fault:
        case OSError() if fault.errno is not None:
            return _unreadable(path, fault)
        case EOFError():
            message, reason = "the compressed data ends too early", SkipReason.TRUNCATED
        case NotImplementedError():
            message, reason = "its compression is not supported; unpack the archive first", SkipReason.UNREADABLE
        case _:
            message, reason = "the compressed data is damaged", SkipReason.DAMAGED
    return read_error(path, reason, message)


def _unreadable(path: str, fault: OSError | OverflowError) -> EvidenceReadError:
    said = getattr(fault, "strerror", None) or type(fault).__name__
    return read_error(path, SkipReason.UNREADABLE, f"it cannot be read ({said})")
