"""Streams over parts of files: which fault of a decompressor means what, and where the bounds are."""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.forward_stream import ForwardStream, SeekableStream
from waspglass.evidence.limits import Limits
from waspglass.evidence.stream import bounded_stream, regular_file, slice_stream
from waspglass.model.skip import SkipReason


def failing(fault: Exception) -> Iterator[bytes]:
    yield b""
    raise fault


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
        (RuntimeError(), SkipReason.DAMAGED, "is damaged"),
    ],
)
def test_what_a_fault_of_a_decompressor_means(fault: Exception, reason: SkipReason, words: str) -> None:
    with pytest.raises(EvidenceReadError, match=words) as caught:
        bounded_stream(failing(fault), lambda: 1, Limits(), "x.gz").read()
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
    closed: list[bool] = []
    stream = bounded_stream(iter([bytes(size)]), lambda: packed, limits, "x.gz", lambda: closed.append(True))
    if reason is None:
        assert len(stream.read()) == size
    else:
        with pytest.raises(EvidenceReadError) as caught:
            stream.read()
        assert caught.value.reason is reason
    stream.close()
    assert closed == [True]


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


Read = Callable[[BinaryIO], bytes]
READS = [
    pytest.param(lambda stream: stream.read(3), id="read"),
    pytest.param(lambda stream: stream.readline(4), id="readline"),
    pytest.param(lambda stream: next(stream, b""), id="next"),
    pytest.param(lambda stream: stream.read1(2), id="read1"),
    pytest.param(lambda stream: bytes(into[: stream.readinto(into)]) if (into := bytearray(3)) else b"", id="readinto"),
]


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("random_access", [False, True])
@given(pieces=st.lists(st.sampled_from([b"", b"a", b"\n", b"bc\ndefg", b"hi"])), fault=st.booleans())
def test_all_that_lies_before_a_fault_is_given_and_then_the_fault_each_time(
    read: Read, random_access: bool, pieces: list[bytes], fault: bool
) -> None:
    content = b"".join(pieces)

    def given_pieces() -> Iterator[bytes]:
        yield from pieces
        if fault:
            raise OURS

    def read_at(length: int, offset: int) -> bytes:
        if offset >= len(content):
            raise OURS
        return content[offset : offset + max(1, length % 3)]

    with SeekableStream(read_at, len(content) + fault) if random_access else ForwardStream(given_pieces()) as stream:
        found = b""
        for _ in range(len(content) + 1):
            try:
                piece = read(stream)
            except EvidenceReadError:
                assert fault
                break
            if not piece:
                assert not fault
                break
            found += piece
        assert found == content
        if fault:
            for size in (-1, None, 1):
                with pytest.raises(EvidenceReadError, match="the archive was cut"):
                    stream.read(size)
            assert stream.read(0) == stream.readline(0) == b""
        else:
            assert stream.read() == b""
        if random_access and content:
            assert stream.seek(len(content) - 1) == len(content) - 1
            assert stream.read(5) == content[-1:]


@pytest.mark.parametrize("asked", [1 << 50, 1 << 70])
@pytest.mark.parametrize("random_access", [False, True])
def test_a_length_that_a_damaged_header_tells_takes_no_memory(random_access: bool, asked: int) -> None:
    content = bytes(range(256)) * 200_000

    def read_at(length: int, offset: int) -> bytes:
        return content[offset : offset + length]

    with SeekableStream(read_at, len(content)) if random_access else ForwardStream(iter([content])) as stream:
        assert stream.read(3) == content[:3]
        assert stream.read(asked) == content[3:]
        assert stream.read(asked) == b""


@pytest.mark.skipif(os.name == "nt", reason="Windows opens no folder as a file")
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
