"""A zip archive as a container: members are decompressed while they are read; nothing is written to disk."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import BinaryIO, cast

from waspglass.evidence.errors import EvidenceReadError, read_error
from waspglass.evidence.limits import Limits
from waspglass.evidence.member import Member, file_time
from waspglass.evidence.skip_log import DEVICE, LINK, SkipLog
from waspglass.evidence.stream import Pread, Unpacker, bounded_stream, decompression_fault, slice_stream
from waspglass.evidence.windows_path import names_folder, split_name
from waspglass.evidence.zip_method import OWN_METHODS, unpacked_member
from waspglass.model.skip import SkipReason

__all__ = ["ZipContainer"]

_ENCRYPTED = 0x1
_UNIX_TYPE_MASK, _UNIX_LINK, _UNIX_FILE = 0o170000, 0o120000, 0o100000
_MADE_ON_UNIX = 3
_EXTENDED_TIME, _NTFS_TIMES = 0x5455, 0x000A
_END_RECORD = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64_RECORD = struct.Struct("<4sQ2H2L4Q")
_FILETIME_OF_1970 = 116_444_736_000_000_000
_LEAST_ENTRY_BYTES, _ENTRY_MARK = 46, b"PK\x01\x02"
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
        self._refuse_giant_directory()
        try:
            self._zip = zipfile.ZipFile(slice_stream(pread, 0, size, path))
        except (zipfile.BadZipFile, EvidenceReadError, ValueError, struct.error, NotImplementedError) as fault:
            raise read_error(path, SkipReason.DAMAGED, f"the directory of the zip cannot be read ({fault})") from fault
        self._zip.NameToInfo.clear()  # a fifth of the memory, and nobody asks by name

    def close(self) -> None:
        """Gives the directory back; the archive's own handle belongs to whoever opened it."""
        self._zip.close()

    @property
    def encrypted(self) -> bool:
        """Whether it holds files and all of them are encrypted."""
        files = [info for info in self._zip.infolist() if not names_folder(info.filename)]
        return bool(files) and all(info.flag_bits & _ENCRYPTED for info in files)

    def members(self, skips: SkipLog) -> Iterator[Member]:
        """Lists files in the order of the archive's directory."""
        for info in self._zip.infolist():
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
        stream: Unpacker
        try:
            if info.compress_type in OWN_METHODS:
                stream = unpacked_member(self._pread, info, path)
            else:
                stream = cast("BinaryIO", self._zip.open(info))
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            RuntimeError,
            ValueError,
            struct.error,
            lzma.LZMAError,
        ) as fault:
            raise decompression_fault(path, fault) from fault
        return bounded_stream(stream, lambda: self._packed(info), self._limits, path)

    def _refuse_giant_directory(self) -> None:
        """The directory is held in memory, about 400 bytes an entry: one that may have too many is counted first."""
        tail_at = max(0, self._size - _END_RECORD.size - 0xFFFF)
        tail = self._pread(self._size - tail_at, tail_at)
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < _END_RECORD.size:
            return
        end = tail_at + at
        left = min(self._directory_bytes(_END_RECORD.unpack_from(tail, at)[5], end), self._size)
        if left <= self._limits.files * _LEAST_ENTRY_BYTES:
            return
        begin = max(0, end - left - _END64_RECORD.size - _END64_LOCATOR.size)
        blocks = (self._pread(min(_STEP, end - place), place) for place in range(begin, end, _STEP))
        if (entries := sum(block.count(_ENTRY_MARK) for block in blocks)) > 2 * self._limits.files:
            raise read_error(self._path, SkipReason.TOO_MANY_FILES, f"its directory has {entries} entries")

    def _directory_bytes(self, told: int, end: int) -> int:
        """Length of the directory, by whichever record a version of `zipfile` may believe, whatever the others tell.

        A locator in front of the end record is enough for it to take the length from the record of a large zip, which
        is in front of the locator (Python 3.11) or where the locator points to.
        """
        located = self._pread(_END64_LOCATOR.size, max(0, end - _END64_LOCATOR.size))
        if len(located) < _END64_LOCATOR.size or not located.startswith(b"PK\x06\x07"):
            return told
        beside = end - _END64_LOCATOR.size - _END64_RECORD.size
        places = (max(0, beside), min(_END64_LOCATOR.unpack(located)[2], self._size))
        large, pointed = (self._pread(_END64_RECORD.size, place) for place in places)
        found = [
            int(_END64_RECORD.unpack(record)[8])
            for record in (large, pointed)
            if len(record) == _END64_RECORD.size and record.startswith(b"PK\x06\x06")
        ]
        return max(found if large.startswith(b"PK\x06\x06") else [told, *found])


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
