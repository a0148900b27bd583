"""Writes small registry hives for tests (Suhanov, "Windows registry file format specification")."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias, Union

from tests.evidence.evtx_writer import filetime_ticks

Tree: TypeAlias = Mapping[str, Union["Tree", str, int]]
"""A key: names of values (text or number) and of keys below."""
NONE = 0xFFFFFFFF


def hive(tree: Tree, written: datetime) -> bytes:
    cells = bytearray(32)
    ticks = filetime_ticks(written)

    def cell(body: bytes) -> int:
        at = len(cells)
        size = -(-(len(body) + 4) // 8) * 8
        cells.extend(struct.pack("<i", -size) + body.ljust(size - 4, b"\0"))
        return at

    def value(name: str, data: str | int) -> int:
        if isinstance(data, int):
            kind, size, place = 4, 0x80000004, data
        else:
            raw = data.encode("utf-16-le") + b"\0\0"
            kind, size, place = 1, len(raw), cell(raw)
        return cell(struct.pack("<2sHIIIHH", b"vk", len(name), size, place, kind, 1, 0) + name.encode())

    def key(name: str, inside: Tree, flags: int) -> int:
        values = [value(one, data) for one, data in inside.items() if isinstance(data, str | int)]
        below = [key(one, data, 0x20) for one, data in inside.items() if not isinstance(data, str | int)]
        value_list = cell(struct.pack(f"<{len(values)}I", *values)) if values else NONE
        key_list = cell(struct.pack(f"<2sH{len(below)}I", b"li", len(below), *below)) if below else NONE
        head = struct.pack(
            "<2sHQIIIIIIIIII",
            b"nk",
            flags,
            ticks,
            0,
            0,
            len(below),
            0,
            key_list,
            NONE,
            len(values),
            value_list,
            NONE,
            NONE,
        )
        return cell(head + struct.pack("<IIIIIHH", 64, 0, 64, 64, 0, len(name), 0) + name.encode())

    root = key("ROOT", tree, 0x2C)
    size = -(-len(cells) // 4096) * 4096
    if size - len(cells) >= 8:
        cells.extend(struct.pack("<i", size - len(cells)))
    cells.extend(bytes(size - len(cells)))
    cells[:32] = struct.pack("<4sIIQQI", b"hbin", 0, size, 0, ticks, 0)
    base = struct.pack("<4sIIQIIIIIII", b"regf", 1, 1, ticks, 1, 5, 0, 1, root, size, 1).ljust(508, b"\0")
    checksum = 0
    for (word,) in struct.iter_unpack("<I", base):
        checksum ^= word
    return (base + struct.pack("<I", checksum)).ljust(4096, b"\0") + bytes(cells)
