"""Writes a program file that holds nothing but a version resource: no code, it cannot run."""

from __future__ import annotations

import struct
from collections.abc import Mapping


def program_file(version: tuple[int, int, int, int], strings: Mapping[str, str]) -> bytes:
    resource = _resources(_version_info(version, strings), 0x1000)
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    file_header = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, 1, 0x60000000, 0, 0, 240, 0x22)
    optional = struct.pack("<HBBIIIII", 0x20B, 14, 0, 0, len(resource), 0, 0, 0x1000)
    optional += struct.pack(
        "<QIIHHHHHHIIIIHHQQQQII",
        0x140000000,
        0x1000,
        0x200,
        6,
        0,
        0,
        0,
        6,
        0,
        0,
        0x2000,
        0x200,
        0,
        2,
        0,
        0x100000,
        0x1000,
        0x100000,
        0x1000,
        0,
        16,
    )
    directories = [(0, 0), (0, 0), (0x1000, len(resource))] + [(0, 0)] * 13
    optional += b"".join(struct.pack("<II", *one) for one in directories)
    size = -(-len(resource) // 512) * 512
    section = struct.pack("<8sIIIIIIHHI", b".rsrc", len(resource), 0x1000, size, 0x200, 0, 0, 0, 0, 0x40000040)
    return (dos + file_header + optional + section).ljust(0x200, b"\0") + resource.ljust(size, b"\0")


def _aligned(raw: bytes) -> bytes:
    return raw + b"\0" * (-len(raw) % 4)


def _block(key: str, value: bytes, children: bytes = b"", *, text: bool = False) -> bytes:
    head = _aligned(b"\0" * 6 + key.encode("utf-16-le") + b"\0\0")[6:]
    body = head + _aligned(value) + children
    length = 6 + len(head) + len(value) if not children else 6 + len(body)
    return _aligned(struct.pack("<HHH", length, len(value) // 2 if text else len(value), int(text)) + body)


def _version_info(version: tuple[int, int, int, int], strings: Mapping[str, str]) -> bytes:
    high, low = version[0] << 16 | version[1], version[2] << 16 | version[3]
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, high, low, high, low, 0x3F, 0, 0x40004, 1, 0, 0, 0)
    table = b"".join(_block(key, value.encode("utf-16-le") + b"\0\0", text=True) for key, value in strings.items())
    info = _block("StringFileInfo", b"", _block("040904B0", b"", table))
    return _block("VS_VERSION_INFO", fixed, info)


def _resources(data: bytes, base: int) -> bytes:
    def directory(identifier: int, offset: int) -> bytes:
        return struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, identifier, offset)

    tree = directory(16, 0x80000018) + directory(1, 0x80000030) + directory(1033, 0x48)
    return tree + struct.pack("<IIII", base + 0x58, len(data), 0, 0) + data
