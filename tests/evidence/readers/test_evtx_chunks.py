"""Event logs of a few kilobytes that would become gigabytes, and such that only look like them."""

from __future__ import annotations

import io
import struct
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tests.evidence.evtx_writer import CHUNK, evtx
from tests.evidence.trees import memory_artefact
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.readers.evtx import EvtxReader
from waspglass.evidence.readers.evtx_chunks import SafeChunks

WHEN = datetime(2021, 3, 3, tzinfo=UTC)
GOOD = evtx([[(WHEN, {"EventID": "1", "A": "b"})]])
EVENT_AT, BODY_AT = 512, 512 + 24


def _bomb(times: int, levels: int) -> bytes:
    """A chunk with one event: a template that names its value so often, and calls of it one inside of the other."""
    name_at = BODY_AT + 4 + 10 + 24 + 4 + 7 + 4
    name = struct.pack("<IIHH", name_at, 0, 0, 1) + b"E\0\0\0"
    body = b"\x0f\x01\x01\0\x01\xff\xff\0\0\0\0" + name + b"\x02" + b"\x0d\0\0\x21" * times + b"\x04\0"
    call = b"\x0f\x01\x01\0\x0c\x01" + struct.pack("<II", 1, BODY_AT + 14)
    value = b"\x0f\x01\x01\0\0"
    for _ in range(levels):
        value = call + struct.pack("<IHBB", 1, len(value), 0x21, 0) + value + b"\0"
    definition = struct.pack("<I16sI", 0, b"g" * 16, len(body)) + body
    xml = call + definition + struct.pack("<IHBB", 1, len(value), 0x21, 0) + value + b"\0"
    event = struct.pack("<4sIQQ", b"**\0\0", len(xml) + 28, 1, 132_592_000_000_000_000) + xml
    chunk = bytearray(GOOD[4096 : 4096 + EVENT_AT] + event + struct.pack("<I", len(xml) + 28))
    chunk[44:52] = struct.pack("<II", EVENT_AT, len(chunk))
    return bytes(chunk).ljust(CHUNK, b"\0")


def _read(*chunks: bytes) -> tuple[int, str]:
    """How many events are given, and what is said at the end."""
    head = GOOD[:42] + struct.pack("<H", len(chunks)) + GOOD[44:4096]
    events = EvtxReader().json_lines(memory_artefact(head + b"".join(chunks), "x.evtx", "evtx"))
    count = 0
    try:
        for _ in events:
            count += 1
    except EvidenceReadError as fault:
        return count, fault.message
    return count, ""


def test_a_value_that_is_named_twice_is_read() -> None:
    assert _read(_bomb(2, 2), GOOD[4096:]) == (2, "")


@pytest.mark.parametrize(("times", "levels"), [(10, 7), (2, 60), (1000, 3)])
def test_a_bomb_is_told_and_the_events_around_it_are_read(times: int, levels: int) -> None:
    good = GOOD[4096:]
    count, said = _read(good, _bomb(times, levels), good)
    assert count == 2
    assert "events or chunks that are damaged: 1; the others were read" in said


@pytest.mark.parametrize(
    "lists",
    [
        {128: 60_000, 60_000: 60_100, 60_100: 60_000},  # comes back to its first name
        {128: 60_000, 60_000: 60_100, 60_100: 60_200, 60_200: 60_100},
        {128: 60_000, 132: 60_100, 60_100: 60_000},  # two lists of one name
        {380: 128, 128: 380},  # names where the lists begin
    ],
)
def test_no_list_of_names_that_runs_in_a_circle_reaches_the_parser(lists: dict[int, int]) -> None:
    """It went round for ever, and a signal did not end it."""
    chunk = bytearray(GOOD[4096:])
    for at, name in lists.items():
        chunk[at : at + 4] = struct.pack("<I", name)
    with io.BufferedReader(SafeChunks(io.BytesIO(GOOD[:4096] + chunk))) as log:
        log.seek(4096)
        assert log.read(CHUNK) == chunk[:128] + bytes(256) + chunk[384:]
    assert _read(bytes(chunk), GOOD[4096:]) == (2, "")


def test_lists_of_names_that_end_are_left_as_they_are() -> None:
    chunk = bytearray(GOOD[4096:])
    for at, name in {128: 60_000, 132: 60_200, 60_000: 60_100}.items():
        chunk[at : at + 4] = struct.pack("<I", name)
    with io.BufferedReader(SafeChunks(io.BytesIO(GOOD[:4096] + chunk))) as log:
        log.seek(4096)
        assert log.read(CHUNK) == chunk


def test_logs_are_read_side_by_side() -> None:
    names = b"\x0d..!" * 1000
    chunks = [GOOD[4096 : -len(names)] + names] * 20
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: _read(*chunks), range(8))) == [(20, "")] * 8


def test_events_that_become_long_are_left_out_and_then_the_log_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waspglass.evidence.readers.evtx._LONGEST_EVENT", 1000)
    long, good = evtx([[(WHEN, {"EventID": "1", "A": "b" * 2000})]])[4096:], GOOD[4096:]
    assert _read(long, good) == (1, "events or chunks that are damaged: 1; the others were read")
    assert _read(*[long] * 20, good) == (0, "events or chunks that are damaged: 16; it was not read on")
