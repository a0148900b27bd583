"""What a file is, told by its first bytes alone."""

from __future__ import annotations

import pytest

from waspglass.evidence.signature import Signature, signature

_NTFS = b"\xebR\x90NTFS    ".ljust(510, b"\0") + b"\x55\xaa"
_PARTITIONS = bytes(446).ljust(510, b"\1") + b"\x55\xaa"


def _vdi(text: bytes) -> bytes:
    return text.ljust(64, b"\0") + b"\x7f\x10\xda\xbe\x01\0\x01\0"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"PK\x03\x04", Signature.ZIP),
        (b"EVF\x09\x0d\x0a\xff\x00\x01", Signature.IMAGE),
        (_vdi(b"<<< Oracle VM VirtualBox Disk Image >>>\n"), Signature.IMAGE),
        (_vdi(b"<<< QEMU VM Virtual Disk Image >>>\n"), Signature.IMAGE),
        (_NTFS, Signature.IMAGE),
        (b"PK\x03\x04".ljust(30, b"\0") + b"container.description", Signature.IMAGE),
        (b"MSWIM\0\0\0", Signature.FOREIGN_ARCHIVE),
        (_PARTITIONS, Signature.IMAGE),
        (b"x" * 257 + b"ustar\x0000", Signature.TAR),
        (b"7z\xbc\xaf\x27\x1c", Signature.FOREIGN_ARCHIVE),
        (b"\x50\x2a\x4d\x18\4\0\0\0", Signature.ZSTD),
        (b"<<< QEMU VM Virtual Disk Image >>>\nby name only", Signature.OTHER),
        (b"#Software: Microsoft Internet Information Services 10.0", Signature.OTHER),
        (b"", Signature.OTHER),
    ],
)
def test_the_first_bytes_tell(head: bytes, expected: Signature) -> None:
    assert signature(head) is expected
