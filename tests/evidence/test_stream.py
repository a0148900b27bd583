"""Streams over parts of files: which fault of a decompressor means what, and where the bounds are."""

from __future__ import annotations

import errno
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import Limits
from waspglass.evidence.stream import bounded_stream, regular_file, slice_stream
from waspglass.model.skip import SkipReason


@dataclass
class Source:
    """Gives so many bytes, or the fault."""

    left: int = 0
    fault: Exception | None = None
    closed: bool = False

    def read(self, size: int) -> bytes:
        if self.fault is not None:
            raise self.fault
        given = min(size, self.left)
        self.left -= given
        return bytes(given)

    def close(self) -> None:
        self.closed = True


OURS = EvidenceReadError("the archive was cut", reason=SkipReason.TRUNCATED)


@pytest.mark.parametrize(
    ("fault", "reason", "words"),
    [
        (OURS, SkipReason.TRUNCATED, "the archive was cut"),
        (EOFError(), SkipReason.TRUNCATED, "ends too early"),
        (zlib.error("x"), SkipReason.DAMAGED, "is damaged"),
        (OSError("no errno"), SkipReason.DAMAGED, "is damaged"),
        (OSError(errno.EIO, "Input/output error"), SkipReason.UNREADABLE, "Input/output error"),
        (NotImplementedError(), SkipReason.UNREADABLE, "not supported"),
        (RuntimeError(), SkipReason.ENCRYPTED, "encrypted"),
    ],
)
def test_what_a_fault_of_a_decompressor_means(fault: Exception, reason: SkipReason, words: str) -> None:
    with pytest.raises(EvidenceReadError, match=words) as caught:
        bounded_stream(Source(fault=fault), lambda: 1, Limits(), "x.gz").read()
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("size", "packed", "reason"),
    [
        (1000, 1000, None),
        (1001, 1000, SkipReason.TOO_LARGE),
        (500, 1, None),  # any ratio, of so little
        (501, 50, SkipReason.COMPRESSION_BOMB),
        (501, 0, SkipReason.COMPRESSION_BOMB),
        (600, 60, None),  # ten times is allowed
    ],
)
def test_how_much_may_come_out(size: int, packed: int, reason: SkipReason | None) -> None:
    limits = Limits(member_bytes=1000, ratio=10, ratio_floor=500)
    source = Source(size)
    stream = bounded_stream(source, lambda: packed, limits, "x.gz")
    if reason is None:
        assert len(stream.read()) == size
    else:
        with pytest.raises(EvidenceReadError) as caught:
            stream.read()
        assert caught.value.reason is reason
    stream.close()
    assert source.closed


def test_a_part_of_a_file_ends_where_it_says_and_not_before() -> None:
    data = b"0123456789"
    assert slice_stream(lambda length, at: data[at : at + length], 2, 5, "x").read() == b"23456"
    short = slice_stream(lambda length, at: data[at : at + length], 6, 10, "x")
    with pytest.raises(EvidenceReadError, match="ends 6 bytes too early") as caught:
        short.read()
    assert caught.value.reason is SkipReason.TRUNCATED


def test_a_disk_that_fails_is_unreadable() -> None:
    def fails(length: int, at: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(EvidenceReadError, match="Input/output error") as caught:
        slice_stream(fails, 0, 5, "x").read()
    assert caught.value.reason is SkipReason.UNREADABLE


def test_what_is_no_file_any_more_is_closed_again(tmp_path: Path) -> None:
    opened: list[int] = []

    def handle() -> int:
        opened.append(os.open(tmp_path, os.O_RDONLY))
        return opened[0]

    with pytest.raises(EvidenceReadError) as caught:
        regular_file(handle, "x")
    assert caught.value.reason is SkipReason.SPECIAL_FILE
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened[0])
