"""A tar archive as a container, listed while it is read; members are stretches of the archive."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import BinaryIO, cast

from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import Limits
from waspglass.evidence.member import Member, file_time
from waspglass.evidence.skip_log import DEVICE, LINK, SkipLog
from waspglass.evidence.sparse_member import packed_size, sparse_pread
from waspglass.evidence.stream import Pread, slice_stream
from waspglass.evidence.windows_path import split_name
from waspglass.model.skip import SkipReason

__all__ = ["TarContainer"]

_LONGEST_HEADERS = 4 * 1024 * 1024
"""Bytes of all headers of one member: long names, and the map of a sparse one."""
_COMMON = frozenset((*tarfile.PAX_FIELDS, "hdrcharset"))
"""What is kept of what a tar states for all of its members; `tarfile` would copy the rest for each of them."""
_BLOCK = 512
_KIND = slice(156, 157)
_PAX, _LONG_NAME = (b"x", b"g", b"X"), (b"L", b"K")
"""Kinds of headers that have a body."""
_PAX_RECORD = re.compile(rb"(\d{1,9}) [^=]+=")
_DIGITS = re.compile(rb"\d{256,}")
"""More in a row than the name of a file can have."""


def _pieces(info: tarfile.TarInfo) -> Sequence[tuple[int, int]] | None:
    """The map of a sparse member, None for another; `tarfile` reads it in all forms that GNU tar writes.

    Its oldest form has room for four pieces in the header; those that are not needed have no length.
    """
    found: Sequence[tuple[int, int]] | None = getattr(info, "sparse", None)
    return None if found is None else [(offset, length) for offset, length in found if length]


def _adds_up(body: bytes) -> bool:
    """Whether the records of a pax header are as long as they say; of others an old `tarfile` makes gigabytes."""
    at = 0
    while body[at : at + 1].strip(b"\0"):
        record = _PAX_RECORD.match(body, at)
        if record is None or body[(end := at + int(record[1])) - 1 : end] != b"\n" or record.end() >= end:
            return False
        at = end
    return True


def _without_digits(body: bytes) -> bytes:
    """The header without long runs of digits: no value that is used has one, but an extended attribute may.

    A search of `tarfile` takes the square of them, before Python 3.11.10 and 3.12.6 (CVE-2024-6232).
    """
    return _DIGITS.sub(lambda run: b"-" * len(run[0]), body)


class _Headers(io.RawIOBase):
    """The archive as `tarfile` sees it: it reads headers only, so a request for more is a hostile one.

    Attributes:
        left: Bytes that may be read for the next member.
    """

    def __init__(self, pread: Pread) -> None:
        super().__init__()
        self._pread = pread
        self._at = 0
        self._body_of = b""
        self.left = _LONGEST_HEADERS

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation
        self._at = offset if whence == io.SEEK_SET else self._at + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        self.left -= size
        if size < 0 or self.left < 0:
            raise tarfile.ReadError("headers of megabytes")
        data = self._pread(size, self._at)
        if self._body_of in _PAX:
            if not _adds_up(data):
                raise tarfile.ReadError("a header whose records do not add up")
            data = _without_digits(data)
        self._body_of = data[_KIND] if not self._body_of and data[_KIND] in (*_PAX, *_LONG_NAME) else b""
        self._at += len(data)
        return data


class TarContainer:
    """A tar without compression, or one that is decompressed on demand behind `pread`.

    Args:
        pread: Reads the archive.
        limits: Bounds.
        path: For messages.
    """

    def __init__(self, pread: Pread, limits: Limits, path: str) -> None:
        self._pread, self._limits, self._path = pread, limits, path

    def members(self, skips: SkipLog) -> Iterator[Member]:
        """Lists files in the order of the archive; what follows a damaged header is skipped as one."""
        try:
            yield from self._listed(skips)
        except EvidenceReadError as fault:
            skips.add(self._path, fault.reason, fault.message)
        except (tarfile.TarError, ValueError, OverflowError, OSError, RecursionError) as fault:
            skips.add(self._path, SkipReason.DAMAGED, f"the archive cannot be read on ({fault})")

    def _listed(self, skips: SkipLog) -> Iterator[Member]:
        headers = _Headers(self._pread)
        with tarfile.open(fileobj=cast("BinaryIO", headers), mode="r:", errors="surrogateescape") as archive:
            while (info := archive.next()) is not None:
                headers.left = _LONGEST_HEADERS
                # tarfile remembers every member; a listing of millions must not.
                archive.members.clear()  # type: ignore[attr-defined]  # not in typeshed, there since Python 2.3
                common = cast("dict[str, str]", archive.pax_headers)
                for name in common.keys() - _COMMON:
                    del common[name]
                if info.isdir():
                    continue
                if (refused := self._refusal(info)) is not None:
                    skips.add(f"{self._path}\\{info.name}", *refused)
                    continue
                read, start = self._pread, info.offset_data
                pieces = _pieces(info)
                if pieces is not None:
                    read, start = sparse_pread(self._pread, info.offset_data, pieces, info.size), 0
                self._fetch(info)
                yield Member(
                    parts=split_name(info.name),
                    size=info.size,
                    modified=file_time(info.mtime),
                    local=None,
                    opener=partial(slice_stream, read, start, info.size, f"{self._path}\\{info.name}"),
                )
            self._require_end(archive.offset, skips)

    def _fetch(self, info: tarfile.TarInfo) -> None:
        """Has a spool unpack the member now: a process forked later could not go on where this one stopped."""
        with suppress(EvidenceReadError):
            packed = info.size if (pieces := _pieces(info)) is None else packed_size(pieces, info.size) or 0
            self._pread(1, info.offset_data + max(0, packed - 1))

    def _refusal(self, info: tarfile.TarInfo) -> tuple[SkipReason, str] | None:
        if info.issym() or info.islnk():
            return LINK
        if not info.isreg():
            return DEVICE
        if info.size > self._limits.member_bytes or info.size < 0:
            return SkipReason.TOO_LARGE, f"{info.size} bytes"
        if (pieces := _pieces(info)) is not None:
            packed = packed_size(pieces, info.size)
            if packed is None:
                return SkipReason.DAMAGED, "the map of a sparse member contradicts itself"
            if self._limits.bomb(info.size, packed):
                return SkipReason.COMPRESSION_BOMB, f"{info.size} bytes out of {packed}, mostly holes"
        return None

    def _require_end(self, offset: int, skips: SkipLog) -> None:
        """`tarfile` takes a broken header for the end; the real end is a block of zeros or the end of the file."""
        following = self._pread(_BLOCK, offset)
        if not following:
            skips.add(self._path, SkipReason.TRUNCATED, "the archive has no end mark; it may have been cut")
        elif following.strip(b"\0"):
            skips.add(self._path, SkipReason.DAMAGED, "the archive cannot be read on after a damaged header")
