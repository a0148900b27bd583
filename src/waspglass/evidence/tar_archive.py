"""A tar archive as a container, listed while it is read; members are stretches of the archive."""

from __future__ import annotations

import io
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

_LONGEST_HEADER = 1024 * 1024
_BLOCK = 512


def _pieces(info: tarfile.TarInfo) -> Sequence[tuple[int, int]] | None:
    """The map of a sparse member, None for another; `tarfile` reads it in all forms that GNU tar writes.

    Its oldest form has room for four pieces in the header; those that are not needed have no length.
    """
    found: Sequence[tuple[int, int]] | None = getattr(info, "sparse", None)
    return None if found is None else [(offset, length) for offset, length in found if length]


class _Headers(io.RawIOBase):
    """The archive as `tarfile` sees it: it reads headers only, so a request for more is a hostile one."""

    def __init__(self, pread: Pread) -> None:
        super().__init__()
        self._pread = pread
        self._at = 0

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
        if not 0 <= size <= _LONGEST_HEADER:
            message = f"a header of {size} bytes"
            raise tarfile.ReadError(message)
        data = self._pread(size, self._at)
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
        with tarfile.open(
            fileobj=cast("BinaryIO", _Headers(self._pread)), mode="r:", errors="surrogateescape"
        ) as archive:
            while (info := archive.next()) is not None:
                # tarfile remembers every member; a listing of millions must not.
                archive.members.clear()  # type: ignore[attr-defined]  # not in typeshed, there since Python 2.3
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
