"""Opens what was collected from one host, whatever it came as."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from waspglass.evidence.compressed import decompressed, inner_signature
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.folder import FolderContainer
from waspglass.evidence.limits import DEFAULT_LIMITS, Limits
from waspglass.evidence.loose import LooseContainer
from waspglass.evidence.member import Container
from waspglass.evidence.signature import COMPRESSED, SIGNATURE_BYTES, Signature, signature
from waspglass.evidence.skip_log import SkipLog
from waspglass.evidence.spool import Spool
from waspglass.evidence.stream import pread_of
from waspglass.evidence.tar_archive import TarContainer
from waspglass.evidence.tree import Evidence
from waspglass.evidence.tree_of_evidence import EvidenceTree
from waspglass.evidence.windows_path import drive_of, is_root_folder
from waspglass.evidence.zip_salvage import open_zip
from waspglass.model.errors import EvidenceError, Location
from waspglass.model.skip import SkipReason

__all__ = ["open_evidence"]

_FOLDERS_OF_COLLECTORS = 3
"""How many folders a collector makes above a drive: `MX01/uploads/auto/C%3A`."""
_WHAT_IS_READ = "Give a folder, a .zip, .tar, .tar.gz or .tar.zst, or a single log file"


def open_evidence(path: Path, limits: Limits = DEFAULT_LIMITS) -> Evidence:
    """Opens a folder, an archive, a disk image or a single file as one read-only tree of Windows paths.

    What a file is, is decided by its content. Nothing is extracted; `Spool` says when there is a temporary file.

    Args:
        path: The evidence on this machine.
        limits: Bounds on what is listed and unpacked.

    Returns:
        The evidence; use it in a `with` statement.

    Raises:
        EvidenceError: If there is nothing there that could be examined: no such path, no permission, empty, a damaged
            or wholly encrypted archive, a disk image without the extra `images`, an archive of a kind that is not read.
    """
    place = Location(str(path))
    try:
        status = path.stat()
    except OSError as fault:
        message = f"there is no evidence to open ({fault.strerror})"
        raise EvidenceError(message, location=place, hint="Check the path and its permissions") from fault
    except ValueError as fault:
        raise EvidenceError("this is not a path", location=place, hint=_WHAT_IS_READ) from fault
    if stat.S_ISDIR(status.st_mode):
        return _folder(path, limits)
    if not stat.S_ISREG(status.st_mode):
        raise EvidenceError("this is neither a folder nor a file", location=place, hint=_WHAT_IS_READ)
    if status.st_size == 0:
        raise EvidenceError("the file is empty", location=place, hint="Collect it again")
    try:
        stream = path.open("rb")
    except OSError as fault:
        message = f"the file cannot be opened ({fault.strerror})"
        raise EvidenceError(message, location=place, hint="Check its permissions") from fault
    try:
        return _file(path, stream, status.st_size, limits)
    except BaseException:
        stream.close()
        raise


def _folder(path: Path, limits: Limits) -> Evidence:
    container = FolderContainer(path, limits)
    drive = None if _holds_drives(path) else drive_of(path.resolve().name or path.resolve().drive)
    skips = SkipLog(path.name)
    if next(container.members(skips), None) is None:
        container.close()
        unreadable = any(skip.reason is SkipReason.UNREADABLE for skip in skips.total())
        message = "nothing in this folder can be read" if unreadable else "there are no files in this folder"
        raise EvidenceError(
            message, location=Location(str(path)), hint="Check that it is the right one, and its permissions"
        )
    return EvidenceTree(path, container, limits, drive=drive, handles=(container.close,))


def _holds_drives(path: Path, depth: int = _FOLDERS_OF_COLLECTORS) -> bool:
    """A case may be called `c` or `x`, too: then the drives lie in it, or in the folders of its collector."""
    try:
        with os.scandir(path) as entries:
            folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return False
    if depth == _FOLDERS_OF_COLLECTORS and any(map(drive_of, folders)):
        return True
    if any(map(is_root_folder, folders)):
        return False
    drives = [name for name in folders if drive_of(name)]
    if any(":" in name or "%3A" in name.upper() or _has_root_folder(path / name) for name in drives):
        return True
    return depth > 0 and any(_holds_drives(path / name, depth - 1) for name in folders if name not in drives)


def _has_root_folder(path: Path) -> bool:
    try:
        with os.scandir(path) as entries:
            return any(is_root_folder(entry.name) for entry in entries)
    except OSError:
        return False


def _file(path: Path, stream: BinaryIO, size: int, limits: Limits) -> Evidence:
    head = stream.read(SIGNATURE_BYTES)
    kind = signature(head)
    if kind in COMPRESSED:
        return _compressed(path, stream, kind, limits)
    if kind is Signature.ZIP:
        return _zip(path, stream, size, limits)
    if kind is Signature.TAR:
        return _archive(path, TarContainer(pread_of(stream), limits, path.name), limits, stream.close)
    stream.close()
    if kind is Signature.IMAGE:
        from waspglass.evidence.image import open_image

        return open_image(path, limits)
    if kind is Signature.FOREIGN_ARCHIVE:
        hint = f"Unpack it first. {_WHAT_IS_READ}"
        raise EvidenceError("archives of this kind are not read", location=Location(str(path)), hint=hint)
    return EvidenceTree(path, LooseContainer(path), limits)


def _zip(path: Path, stream: BinaryIO, size: int, limits: Limits) -> Evidence:
    try:
        container = open_zip(pread_of(stream), size, limits, path.name)
    except EvidenceReadError as fault:
        encrypted = fault.reason is SkipReason.ENCRYPTED
        hint = "Unpack it with its password first, and give the folder" if encrypted else "Copy or collect it again"
        raise EvidenceError(fault.message, location=Location(str(path)), hint=hint) from fault
    return _archive(path, container, limits, stream.close)


def _compressed(path: Path, stream: BinaryIO, kind: Signature, limits: Limits) -> Evidence:
    """A compressed tar, or one compressed log, which the tree opens like any other."""
    stream.seek(0)
    if inner_signature(path.open("rb"), kind, limits, path.name) is not Signature.TAR:
        stream.close()
        unpack = partial(decompressed, kind=kind, limits=limits, path=path.name)
        return EvidenceTree(path, LooseContainer(path, unpack), limits)
    spool = Spool(decompressed(stream, kind, limits, path.name), limits, path.name)
    return _archive(path, TarContainer(spool.pread, limits, path.name), limits, spool.close)


def _archive(path: Path, container: Container, limits: Limits, close: Callable[[], None]) -> Evidence:
    """The tree of an archive that holds at least one file."""
    skips = SkipLog(path.name)
    if next(container.members(skips), None) is None:
        close()
        reasons = ", ".join(sorted({skip.reason.value for skip in skips.total()})) or "empty"
        message = f"there are no files in this archive that can be read ({reasons})"
        raise EvidenceError(message, location=Location(str(path)), hint="Copy or collect it again")
    return EvidenceTree(path, container, limits, handles=(close,))
