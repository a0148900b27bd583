"""Disk images (E01, VMDK, VHD(X), QCOW2, raw), through `dissect.target` of the optional extra `images`.

`dissect.target` (Fox-IT, AGPL-3.0) finds the volumes and file systems and, if Windows lies in them, its drive letters.
It is called and nothing else; this module turns its entries into members.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from waspglass.evidence.errors import read_error
from waspglass.evidence.limits import Limits
from waspglass.evidence.member import Member, file_time
from waspglass.evidence.skip_log import DEEP_FOLDER, DEVICE, LINK, SkipLog
from waspglass.evidence.stream import slice_stream
from waspglass.evidence.tree import Evidence
from waspglass.evidence.tree_of_evidence import EvidenceTree
from waspglass.model.errors import EvidenceError, Location
from waspglass.model.escape import printable
from waspglass.model.skip import SkipReason

__all__ = ["ImageContainer", "ImageFileSystem", "open_image"]

_T = TypeVar("_T")
_NTFS_OWN = frozenset(
    {"$attrdef", "$badclus", "$bitmap", "$boot", "$extend", "$logfile", "$mft", "$mftmirr", "$secure", "$upcase"}
    | {"$volume"}
)
"""Files in which NTFS keeps itself, at the root of a volume; they are no files of the host."""
_LETTER = re.compile(r"([a-z]):", re.IGNORECASE)


class _Status(Protocol):
    st_size: int
    st_mtime: float


class _Handle(Protocol):
    def seek(self, offset: int, whence: int = ..., /) -> int: ...
    def read(self, length: int, /) -> bytes: ...


class _Entry(Protocol):
    """An entry of a folder, as dissect gives it."""

    name: str

    def is_symlink(self) -> bool: ...
    def is_dir(self, *, follow_symlinks: bool) -> bool: ...
    def is_file(self, *, follow_symlinks: bool) -> bool: ...
    def stat(self, *, follow_symlinks: bool) -> _Status: ...
    def get(self) -> _Openable: ...


class _Openable(Protocol):
    def open(self) -> _Handle: ...


class ImageFileSystem(Protocol):
    """A file system inside an image."""

    def scandir(self, path: str) -> Iterator[_Entry]:
        """The entries of a folder."""
        ...


def open_image(path: Path, limits: Limits) -> Evidence:
    """Opens a disk image.

    Raises:
        EvidenceError: If the extra is not installed, or no file system that can be read is found in the image.
    """
    place = Location(str(path))
    try:
        from dissect.target import Target
    except ImportError as fault:
        hint = (
            "Install what reads it: pip install '.[images]' in the checkout of waspglass; or mount it, name the folder"
        )
        raise EvidenceError("this is a disk image", location=place, hint=hint) from fault
    try:
        target = Target.open(path)
        found = _mounted(target.filesystems, target.fs.mounts)
    except Exception as fault:
        # dissect raises errors of its own and whatever its parsers meet in a damaged image.
        message = f"the disk image cannot be opened ({printable(str(fault))})"
        hint = "Check that it is whole and not encrypted, and that its name ends as usual (.E01, .vmdk, .vhdx)"
        raise EvidenceError(message, location=place, hint=hint) from fault
    container = ImageContainer(found, limits)
    if next(container.members(SkipLog(path.name)), None) is None:
        hint = "Check that it is whole and not encrypted (BitLocker)"
        raise EvidenceError("no files were found in the disk image", location=place, hint=hint)
    return EvidenceTree(path, container, limits)


def _mounted(
    filesystems: Sequence[ImageFileSystem], mounts: Mapping[str, ImageFileSystem]
) -> list[tuple[str | None, ImageFileSystem]]:
    """Each file system once, with the name of its folder: a drive (`C:`), or `volume1` where no letter is known."""
    names = {id(found): name.upper() for name, found in sorted(mounts.items()) if _LETTER.fullmatch(name)}
    for name, found in mounts.items():
        if name == "sysvol":
            names.setdefault(id(found), "C:")
    known = list(filesystems) or list({id(found): found for found in mounts.values()}.values())
    if len(known) == 1:
        return [(names.get(id(known[0])), known[0])]
    return [(names.get(id(found), f"volume{number}"), found) for number, found in enumerate(known)]


class ImageContainer:
    """The file systems of an image, one after another.

    Args:
        mounted: File systems with the folder under which each appears.
        limits: Only `depth` is used here.
    """

    def __init__(self, mounted: Sequence[tuple[str | None, ImageFileSystem]], limits: Limits) -> None:
        self._mounted, self._limits = mounted, limits

    def members(self, skips: SkipLog) -> Iterator[Member]:
        """Files in name order, one folder at a time, depth first."""
        for name, system in self._mounted:
            pending: list[tuple[str, ...]] = [()]
            while pending:
                folder = pending.pop()
                shown = (*([] if name is None else [name]), *folder)
                below: list[tuple[str, ...]] = []
                for entry in _listed(system, folder, shown, skips):
                    parts = (*shown, entry.name)
                    if not folder and entry.name.lower() in _NTFS_OWN:
                        continue
                    if (kind := _kind(entry, parts, skips)) is None:
                        continue
                    if kind == "file":
                        yield _member(entry, parts)
                    elif len(folder) >= self._limits.depth:
                        skips.add("\\".join(parts), *DEEP_FOLDER)
                    else:
                        below.append((*folder, entry.name))
                pending.extend(reversed(below))


def _listed(system: ImageFileSystem, folder: tuple[str, ...], shown: tuple[str, ...], skips: SkipLog) -> list[_Entry]:
    try:
        return sorted(system.scandir("/" + "/".join(folder)), key=lambda entry: (entry.name.lower(), entry.name))
    except Exception as fault:
        skips.add("\\".join(shown), SkipReason.UNREADABLE, f"the folder cannot be read ({fault})")
        return []


def _kind(entry: _Entry, parts: tuple[str, ...], skips: SkipLog) -> str | None:
    """`file` or `folder`; None for what is skipped."""
    try:
        if entry.is_symlink():
            skips.add("\\".join(parts), *LINK)
        elif entry.is_dir(follow_symlinks=False):
            return "folder"
        elif entry.is_file(follow_symlinks=False):
            return "file"
        else:
            skips.add("\\".join(parts), *DEVICE)
    except Exception as fault:
        skips.add("\\".join(parts), SkipReason.UNREADABLE, f"the entry cannot be read ({fault})")
    return None


def _member(entry: _Entry, parts: tuple[str, ...]) -> Member:
    size: int | None = None
    modified: datetime | None = None
    try:
        status = entry.stat(follow_symlinks=False)
        size, modified = status.st_size, file_time(status.st_mtime)
    except Exception:
        size = None  # a file without a readable status may still have readable bytes
    return Member(parts, size, modified, None, partial(_open, entry, "\\".join(parts)), forkable=False)


def _open(entry: _Entry, path: str) -> BinaryIO:
    handle = _guarded(lambda: entry.get().open(), path)
    size = _guarded(lambda: handle.seek(0, io.SEEK_END), path)

    def pread(length: int, offset: int) -> bytes:
        def read() -> bytes:
            handle.seek(offset)
            return handle.read(length)

        return _guarded(read, path)

    return slice_stream(pread, 0, size, path)


def _guarded(action: Callable[[], _T], path: str) -> _T:
    try:
        return action()
    except Exception as fault:
        message = f"it cannot be read from the image ({printable(str(fault))})"
        raise read_error(path, SkipReason.UNREADABLE, message) from fault
