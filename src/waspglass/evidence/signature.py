"""Tells containers and compressed files by their first bytes; names are the attacker's choice."""

from __future__ import annotations

import re
from enum import StrEnum

__all__ = ["ARCHIVE_STARTS", "COMPRESSED", "SIGNATURE_BYTES", "Signature", "signature"]

SIGNATURE_BYTES = 4096
"""How much of a file's start `signature` wants to see."""


class Signature(StrEnum):
    """What a file is, as far as opening it goes."""

    ZIP = "zip"
    TAR = "tar"
    GZIP = "gzip"
    ZSTD = "zstd"
    IMAGE = "disk image"
    FOREIGN_ARCHIVE = "archive of a kind that is not read"
    OTHER = "other"


COMPRESSED = frozenset({Signature.GZIP, Signature.ZSTD})
"""What is unpacked first."""

_STARTS: tuple[tuple[bytes, Signature], ...] = (
    (b"PK\x03\x04", Signature.ZIP),
    (b"PK\x05\x06", Signature.ZIP),
    (b"PK\x07\x08", Signature.ZIP),
    (b"\x1f\x8b", Signature.GZIP),
    (b"\x28\xb5\x2f\xfd", Signature.ZSTD),
    *((bytes((first,)) + b"\x2a\x4d\x18", Signature.ZSTD) for first in range(0x50, 0x60)),  # to be skipped; pzstd's
    (b"EVF\x09\x0d\x0a\xff\x00", Signature.IMAGE),  # Expert Witness (E01)
    (b"EVF2\x0d\x0a\x81", Signature.IMAGE),  # Ex01
    (b"LVF\x09\x0d\x0a\xff\x00", Signature.IMAGE),  # L01
    (b"KDMV", Signature.IMAGE),  # VMDK, sparse
    (b"COWD", Signature.IMAGE),  # VMDK, ESXi
    (b"# Disk DescriptorFile", Signature.IMAGE),  # VMDK descriptor
    (b"vhdxfile", Signature.IMAGE),
    (b"conectix", Signature.IMAGE),  # VHD, dynamic
    (b"QFI\xfb", Signature.IMAGE),  # QCOW2
    (b"ADSEGMENTEDFILE", Signature.IMAGE),  # AD1
    (b"7z\xbc\xaf\x27\x1c", Signature.FOREIGN_ARCHIVE),
    (b"Rar!\x1a\x07", Signature.FOREIGN_ARCHIVE),
    (b"MSCF", Signature.FOREIGN_ARCHIVE),
    (b"MSWIM\0\0\0", Signature.FOREIGN_ARCHIVE),
    (b"BZh", Signature.FOREIGN_ARCHIVE),
    (b"\xfd7zXZ\x00", Signature.FOREIGN_ARCHIVE),
)
ARCHIVE_STARTS = tuple(start for start, found in _STARTS if found is not Signature.IMAGE)
"""Of all archives but tar; a look at these first spares `signature` where most files are none."""
_USTAR_AT = 257
_VDI_AT, _VDI = 64, b"\x7f\x10\xda\xbe"
"""The mark of a VirtualBox disk; the text before it names the program that wrote it, VirtualBox or QEMU."""
_AFF4_AT, _AFF4 = 30, b"container.description"
"""AFF4 is a zip whose first member has this name."""
_BOOT_SECTOR_MARK_AT = 510
_BOOT_NAMES = re.compile(rb".{3}(?:NTFS    |MSDOS5\.0|MSWIN4\.1|EXFAT   )", re.DOTALL)


def signature(head: bytes) -> Signature:
    """What the first bytes say; a raw disk is told by its boot sector."""
    if head.startswith(b"PK") and head.startswith(_AFF4, _AFF4_AT):
        return Signature.IMAGE
    for start, found in _STARTS:
        if head.startswith(start):
            return found
    if head[_USTAR_AT : _USTAR_AT + 5] == b"ustar":
        return Signature.TAR
    if head[_VDI_AT : _VDI_AT + 4] == _VDI:
        return Signature.IMAGE
    if head[_BOOT_SECTOR_MARK_AT : _BOOT_SECTOR_MARK_AT + 2] == b"\x55\xaa" and (
        _BOOT_NAMES.match(head) or b"\0" in head[:446]
    ):
        return Signature.IMAGE
    return Signature.OTHER
