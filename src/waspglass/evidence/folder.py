"""A folder on this machine as a container: listed lazily in name order, and never left through a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from waspglass.evidence.limits import Limits
from waspglass.evidence.member import Member, file_time
from waspglass.evidence.skip_log import DEEP_FOLDER, DEVICE, LINK, SkipLog
from waspglass.evidence.stream import regular_file
from waspglass.evidence.windows_path import split_name
from waspglass.model.errors import EvidenceError, Location
from waspglass.model.skip import SkipReason

__all__ = ["FolderContainer", "leads_elsewhere", "verbatim"]

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_FOLLOW
_FILE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | _NO_FOLLOW
_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
_NAME_SURROGATE = 0x20000000
"""Bit of a Windows reparse tag that says: this entry stands for another place (symbolic link, junction)."""


class FolderContainer:
    """A folder, opened once; everything below is reached from that handle, one component at a time, without links.

    A component that was exchanged for a link between listing and opening therefore fails to open, instead of leading
    somewhere else. Where the system has no `openat` (Windows), links are refused by name just before opening.

    Args:
        root: The folder; it may itself be reached through a link, which is the user's choice.
        limits: Only `depth` is used here.

    Raises:
        EvidenceError: If it cannot be opened.
    """

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = root.resolve()
        self._opened = self._root if os.name != "nt" else Path(verbatim(str(self._root)))
        self._limits = limits
        self._handle = -1
        try:
            if _BY_DESCRIPTOR:
                self._handle = os.open(self._opened, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
            else:
                os.scandir(self._opened).close()
        except OSError as fault:
            message = f"the folder cannot be opened ({fault.strerror})"
            raise EvidenceError(message, location=Location(str(root)), hint="Check its permissions") from fault

    def close(self) -> None:
        """Gives the folder's handle back."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def members(self, skips: SkipLog) -> Iterator[Member]:
        """Lists one folder at a time, depth first, names compared without case."""
        pending: list[Iterator[tuple[tuple[str, ...], os.stat_result | None]]] = [self._listed((), skips)]
        while pending:
            entry = next(pending[-1], None)
            if entry is None:
                pending.pop()
                continue
            parts, status = entry
            if status is not None:
                yield Member(
                    parts=_as_components(parts),
                    size=status.st_size,
                    modified=file_time(status.st_mtime),
                    local=self._root.joinpath(*parts),
                    opener=partial(self._open, parts),
                )
            elif len(parts) >= self._limits.depth:
                skips.add("\\".join(parts), *DEEP_FOLDER)
            else:
                pending.append(self._listed(parts, skips))

    def _listed(
        self, folder: tuple[str, ...], skips: SkipLog
    ) -> Iterator[tuple[tuple[str, ...], os.stat_result | None]]:
        """Files with their status and folders without; the whole folder is read, because its order is ours."""
        found: list[tuple[str, os.stat_result | None]] = []
        try:
            handle = self._descend(folder)
            try:
                with os.scandir(handle) as entries:
                    for entry in entries:
                        try:
                            if (shown := _shown(entry, folder, skips)) is not None:
                                found.append(shown)
                        except OSError as fault:
                            skips.add("\\".join((*folder, entry.name)), SkipReason.UNREADABLE, fault.strerror)
            finally:
                if isinstance(handle, int):
                    os.close(handle)
        except OSError as fault:
            skips.add("\\".join(folder), SkipReason.UNREADABLE, fault.strerror)
        found.sort(key=lambda item: (item[0].lower(), item[0]))
        return iter([((*folder, name), status) for name, status in found])

    def _descend(self, folder: tuple[str, ...]) -> int | Path:
        """A handle of the folder, reached without following a link; a path where the system has no handles."""
        if not _BY_DESCRIPTOR:
            self._refuse_links(folder)
            return self._opened.joinpath(*folder)
        handle = os.dup(self._handle)
        for part in folder:
            try:
                below = os.open(part, _FOLDER, dir_fd=handle)
            finally:
                os.close(handle)
            handle = below
        return handle

    def _refuse_links(self, parts: tuple[str, ...]) -> None:
        place = self._opened
        for part in parts:
            place /= part
            if _is_link(place.lstat()):
                raise OSError(0, "a link stands on the way")

    def _open(self, parts: tuple[str, ...]) -> BinaryIO:
        return regular_file(partial(self._open_handle, parts), "\\".join(parts))

    def _open_handle(self, parts: tuple[str, ...]) -> int:
        folder = self._descend(parts[:-1])
        if isinstance(folder, Path):
            self._refuse_links(parts)
            return os.open(folder / parts[-1], _FILE)
        try:
            return os.open(parts[-1], _FILE, dir_fd=folder)
        finally:
            os.close(folder)


def _shown(
    entry: os.DirEntry[str], folder: tuple[str, ...], skips: SkipLog
) -> tuple[str, os.stat_result | None] | None:
    """Name and status of a file, name alone of a folder; None for what is skipped."""
    if leads_elsewhere(entry):
        skips.add("\\".join((*folder, entry.name)), *LINK)
        return None
    if entry.is_dir(follow_symlinks=False):
        return entry.name, None
    if entry.is_file(follow_symlinks=False):
        return entry.name, entry.stat(follow_symlinks=False)
    skips.add("\\".join((*folder, entry.name)), *DEVICE)
    return None


def verbatim(path: str) -> str:
    r"""An absolute path of Windows as it is taken to the letter (`\\?\C:\...`).

    Otherwise Windows does not find what has more than 260 characters, opens a device for `aux.log`, and `x.aspx` for
    `x.aspx.`.
    """
    if path.startswith(("\\\\?\\", "\\\\.\\")):
        return path
    return "\\\\?\\UNC" + path[1:] if path.startswith("\\\\") else "\\\\?\\" + path


def _as_components(parts: tuple[str, ...]) -> tuple[str, ...]:
    r"""Unpacking a zip of Windows elsewhere may leave files whose names are whole paths (`C\inetpub\x.log`)."""
    return tuple(piece for part in parts for piece in (split_name(part) if "\\" in part else (part,)))


def leads_elsewhere(entry: os.DirEntry[str]) -> bool:
    """Whether an entry stands for another place: a link, or a junction of Windows, which is none to Python 3.11."""
    return entry.is_symlink() or (os.name == "nt" and _is_link(entry.stat(follow_symlinks=False)))


def _is_link(status: os.stat_result) -> bool:
    return stat.S_ISLNK(status.st_mode) or bool(getattr(status, "st_reparse_tag", 0) & _NAME_SURROGATE)
