"""Writes small valid EVTX files for tests: elements without templates, strings inline (libyal/libevtx)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

CHUNK = 65536
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def filetime_ticks(moment: datetime) -> int:
    return round((moment - _EPOCH).total_seconds()) * 10_000_000


def evtx(chunks: Sequence[Sequence[tuple[datetime, Mapping[str, str]]]], *, channel: str = "Security") -> bytes:
    """A file of chunks of events; an event is its time and its data (`EventID` and `Computer` among them)."""
    bodies, number = [], 1
    for events in chunks:
        bodies.append(_chunk(events, number, channel))
        number += len(events)
    head = struct.pack("<8sQQQIHHHH", b"ElfFile\0", 0, len(bodies) - 1, number, 128, 1, 3, 4096, len(bodies))
    head = head.ljust(120, b"\0")
    head += struct.pack("<II", 0, zlib.crc32(head))
    return head.ljust(4096, b"\0") + b"".join(bodies)


def _chunk(events: Sequence[tuple[datetime, Mapping[str, str]]], first: int, channel: str) -> bytes:
    body = bytearray(512)
    last_at = 512
    for index, (moment, data) in enumerate(events):
        last_at = len(body)
        xml = _Binary(len(body) + 24).event(moment, dict(data), first + index, channel)
        size = 24 + len(xml) + 4
        body += struct.pack("<4sIQQ", b"**\0\0", size, first + index, filetime_ticks(moment)) + xml
        body += struct.pack("<I", size)
    assert len(body) <= CHUNK, "too many events for one chunk"
    last = first + len(events) - 1
    head = struct.pack("<8sQQQQIII", b"ElfChnk\0", first, last, first, last, 128, last_at, len(body))
    head += struct.pack("<I", zlib.crc32(bytes(body[512:])))
    head = head.ljust(120, b"\0")
    body[:120] = head
    body[124:128] = struct.pack("<I", zlib.crc32(head + bytes(body[128:512])))
    return bytes(body).ljust(CHUNK, b"\0")


class _Binary:
    """Binary XML that starts at an offset of its chunk."""

    def __init__(self, offset: int) -> None:
        self._offset = offset
        self._out = bytearray()

    def event(self, moment: datetime, data: dict[str, str], record: int, channel: str) -> bytes:
        self._out += b"\x0f\x01\x01\x00"
        identifier = data.pop("EventID", "1")
        system = [
            ("Provider", {"Name": data.pop("Provider_Name", "Test")}, None),
            ("EventID", {}, identifier),
            ("TimeCreated", {"SystemTime": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}, None),
            ("EventRecordID", {}, str(record)),
            ("Channel", {}, channel),
            ("Computer", {}, data.pop("Computer", "EXCH01")),
        ]

        def inside_system() -> None:
            for name, attributes, text in system:
                self._element(name, attributes, text)

        def inside_data() -> None:
            for name, value in data.items():
                self._element("Data", {"Name": name}, value)

        def inside_event() -> None:
            self._element("System", {}, None, inside_system)
            self._element("EventData", {}, None, inside_data)

        self._element("Event", {}, None, inside_event)
        self._out += b"\0"
        return bytes(self._out)

    def _element(self, name: str, attributes: Mapping[str, str], text: str | None, inside: object = None) -> None:
        self._out += bytes([0x41 if attributes else 0x01])
        size_at = len(self._out)
        self._out += b"\0\0\0\0"
        self._name(name)
        if attributes:
            list_at = len(self._out)
            self._out += b"\0\0\0\0"
            for index, (key, value) in enumerate(attributes.items()):
                self._out += bytes([0x46 if index + 1 < len(attributes) else 0x06])
                self._name(key)
                self._value(value)
            self._out[list_at : list_at + 4] = struct.pack("<I", len(self._out) - list_at - 4)
        self._out += b"\x02"
        if text is not None:
            self._value(text)
        if callable(inside):
            inside()
        self._out += b"\x04"
        self._out[size_at : size_at + 4] = struct.pack("<I", len(self._out) - size_at - 4)

    def _name(self, name: str) -> None:
        at = self._offset + len(self._out) + 4
        self._out += struct.pack("<IIHH", at, 0, 0, len(name)) + name.encode("utf-16-le") + b"\0\0"

    def _value(self, text: str) -> None:
        self._out += b"\x05\x01" + struct.pack("<H", len(text)) + text.encode("utf-16-le")
