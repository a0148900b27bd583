"""A zip archive as a container: members are decompressed while they are read; nothing is written to disk."""

from __future__ import annotations

import io
import struct
import zipfile
from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import BinaryIO

from waspglass.evidence.errors import EvidenceReadError, read_error
from waspglass.evidence.limits import Limits
from waspglass.evidence.member import Member, file_time
from waspglass.evidence.skip_log import DEVICE, LINK, SkipLog
from waspglass.evidence.stream import Pread, bounded_stream, slice_stream
from waspglass.evidence.windows_path import names_folder, split_name
from waspglass.evidence.zip_method import unpacked_member
from waspglass.model.skip import SkipReason

__all__ = ["ZipContainer"]

_ENCRYPTED = 0x1
_UNIX_TYPE_MASK, _UNIX_LINK, _UNIX_FILE = 0o170000, 0o120000, 0o100000
_MADE_ON_UNIX = 3
_EXTENDED_TIME, _NTFS_TIMES = 0x5455, 0x000A
_FILETIME_OF_1970 = 116_444_736_000_000_000
_ENTRY_MARK = b"PK\x01\x02"
_ENTRY_BYTES, _DIRECTORY_BYTES = 512, 1 << 20
"""Bytes that a directory may have for each file that is allowed, and besides; names of Windows have 260 characters."""
_STEP = 4 * 1024 * 1024


class ZipContainer:
    """A zip, read through positionless reads so that members can be open at once, in threads and after a fork.

    Args:
        pread: Reads the archive.
        size: Its length.
        limits: Bounds.
        path: For messages.

    Raises:
        EvidenceReadError: If there is no usable directory in it.
    """

    def __init__(self, pread: Pread, size: int, limits: Limits, path: str) -> None:
        self._pread, self._size, self._limits, self._path = pread, size, limits, path
        self._entries = self._read = 0
        try:
            with zipfile.ZipFile(slice_stream(self._of_directory, 0, size, path)) as directory:
                self._infos = directory.infolist()
                self._ends = sorted({*(info.header_offset for info in self._infos), directory.start_dir})
        except (zipfile.BadZipFile, EvidenceReadError, ValueError, struct.error, NotImplementedError) as fault:
            if isinstance(fault, EvidenceReadError) and fault.reason is SkipReason.TOO_MANY_FILES:
                raise
            raise read_error(path, SkipReason.DAMAGED, f"the directory of the zip cannot be read ({fault})") from fault

    def _of_directory(self, length: int, offset: int) -> bytes:
        """Reads for `zipfile`, which would hold any directory in memory, at about 400 bytes an entry."""
        block = self._pread(min(length, _STEP), offset)
        self._read += len(block)
        self._entries += block.count(_ENTRY_MARK)
        if self._entries > 2 * self._limits.files or self._read > _DIRECTORY_BYTES + _ENTRY_BYTES * self._limits.files:
            raise read_error(
                self._path, SkipReason.TOO_MANY_FILES, f"its directory has {self._entries} entries or more"
            )
        return block

    @property
    def encrypted(self) -> bool:
        """Whether it holds files and all of them are encrypted."""
        files = [info for info in self._infos if not names_folder(info.filename)]
        return bool(files) and all(info.flag_bits & _ENCRYPTED for info in files)

    def members(self, skips: SkipLog) -> Iterator[Member]:
        """Lists files in the order of the archive's directory."""
        for info in self._infos:
            if names_folder(info.filename):
                continue
            if (refused := self._refusal(info)) is not None:
                skips.add(f"{self._path}\\{info.filename}", *refused)
                continue
            yield Member(
                parts=split_name(info.filename),
                size=info.file_size,
                modified=_modified(info),
                local=None,
                opener=partial(self._open, info),
            )

    def _refusal(self, info: zipfile.ZipInfo) -> tuple[SkipReason, str] | None:
        kind = (info.external_attr >> 16) & _UNIX_TYPE_MASK if info.create_system == _MADE_ON_UNIX else 0
        if kind == _UNIX_LINK:
            return LINK
        if kind not in {0, _UNIX_FILE}:
            return DEVICE
        if info.flag_bits & _ENCRYPTED:
            return SkipReason.ENCRYPTED, "encrypted member"
        if info.file_size > self._limits.member_bytes:
            return SkipReason.TOO_LARGE, f"{info.file_size} bytes"
        if self._limits.bomb(info.file_size, packed := self._packed(info)):
            return SkipReason.COMPRESSION_BOMB, f"{info.file_size} bytes out of {packed}"
        return None

    def _packed(self, info: zipfile.ZipInfo) -> int:
        """Compressed bytes of a member, by what the directory says and at most all that there are."""
        return min(info.compress_size, self._size)

    def _open(self, info: zipfile.ZipInfo) -> BinaryIO:
        path = f"{self._path}\\{info.filename}"
        after = bisect_right(self._ends, info.header_offset)
        pieces = unpacked_member(self._pread, info, self._ends[after] if after < len(self._ends) else 0, path)
        return bounded_stream(pieces, lambda: self._packed(info), self._limits, path)


def _modified(info: zipfile.ZipInfo) -> datetime | None:
    """The last write where an extra field gives it in UTC; the DOS time has no zone and is not used."""
    extra = io.BytesIO(info.extra)
    while len(header := extra.read(4)) == 4:
        tag, length = struct.unpack("<HH", header)
        body = extra.read(length)
        if tag == _EXTENDED_TIME and len(body) >= 5 and body[0] & 1:
            return file_time(struct.unpack_from("<i", body, 1)[0])
        if tag == _NTFS_TIMES and len(body) >= 16 and struct.unpack_from("<HH", body, 4) == (1, 24):
            ticks: int = struct.unpack_from("<Q", body, 8)[0]
            return file_time((ticks - _FILETIME_OF_1970) / 10_000_000)
    return None
