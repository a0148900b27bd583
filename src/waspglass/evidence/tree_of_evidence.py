"""The Evidence that `open_evidence` gives: one tree over a container, with the archives inside it opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import BinaryIO, Self

from waspglass.evidence.compressed import decompressed, inner_signature
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.file_names import copied_from, is_opened, unpacked_name, why_not_opened
from waspglass.evidence.limits import Limits
from waspglass.evidence.member import Container, Member, TreeFile
from waspglass.evidence.signature import COMPRESSED, SIGNATURE_BYTES, Signature, signature
from waspglass.evidence.skip_log import DEEP_FOLDER, SkipLog
from waspglass.evidence.spool import Spool
from waspglass.evidence.stream import pread_of
from waspglass.evidence.tar_archive import TarContainer
from waspglass.evidence.windows_path import Rejected, windows_path
from waspglass.evidence.zip_salvage import open_zip
from waspglass.model.skip import Skipped, SkipReason

__all__ = ["EvidenceTree"]

_FOLDER_AND_DRIVE = 2
_COMPARED = 128 << 10
"""Bytes by which copies of one file, collected in two ways, are told from two servers' files of the same length: event
logs are all as long as they may become."""
_STEP = 1 << 20

_Taken = tuple[int | None, Callable[[], BinaryIO]]
"""Length and opener of the member that has a path: all that is kept of it, for there may be millions."""


class EvidenceTree:
    """All files below a container as Windows paths.

    A folder is listed again by each call of `files`, so a later call sees what changed; skips are counted anew.

    Args:
        root: Where the evidence lies on this machine.
        container: What was opened there.
        limits: Bounds.
        drive: Letter of the drive that the container itself is, if known.
        handles: Closed with the evidence.
    """

    def __init__(
        self,
        root: Path,
        container: Container,
        limits: Limits,
        *,
        drive: str | None = None,
        handles: tuple[Callable[[], None], ...] = (),
    ) -> None:
        self._root, self._container, self._limits, self._drive = root, container, limits, drive
        self._closers: list[Callable[[], None]] = list(handles)
        self._skips = SkipLog(root.name)
        self._seen: dict[int, _Taken] = {}
        self._copies: list[TreeFile] = []
        self._compared: tuple[_Taken, Member, bool] | None = None
        self._bytes = 0
        self._inner: dict[str, Container] = {}
        self._above: dict[tuple[str, ...], tuple[str, ...]] = {}

    @property
    def root(self) -> Path:
        """Where the evidence lies on this machine."""
        return self._root

    def files(self) -> Iterator[TreeFile]:
        """All files, found while iterating; archives inside follow the archive file itself."""
        self._skips = SkipLog(self._root.name)
        self._seen, self._copies = {}, []
        self._bytes = 0
        for member in self._container.members(self._skips):
            path = self._apart(member, windows_path(member.parts, drive=self._drive))
            if isinstance(path, Rejected):
                self._skips.add("\\".join(member.parts), path.reason, path.detail)
            elif self._admitted(member, path):
                above = _above(member, path) if path[1:2] == ":" else ()
                yield from self._expanded(self._placed(member, path, above), 0)
        for file in self._copies:
            yield from self._unless_copied(file, copied_from(file.path))

    def skipped(self) -> tuple[Skipped, ...]:
        """What could not be listed in the latest call of `files`, complete once that has ended."""
        return self._skips.total()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        while self._closers:
            self._closers.pop()()

    def _apart(self, member: Member, path: str | Rejected) -> str | Rejected:
        r"""The path as it was collected, if another folder's drive has another file at the same place.

        Two servers in one evidence (`MX01\C`, `MX02\C`) would else hide one another.
        """
        if isinstance(path, Rejected) or member.size is None:
            return path
        above = _above(member, path)
        taken = self._seen.get(hash(path.lower()))
        if len(above) < _FOLDER_AND_DRIVE or taken is None or self._same(taken, member):
            return path
        plain = tuple(part.replace("%3A", "").replace(":", "") for part in above)
        apart = windows_path((*plain, *member.parts[len(above) :]), drive="C")
        return path if isinstance(apart, Rejected) else apart.removeprefix("C:\\")

    def _admitted(self, member: Member, path: str) -> bool:
        """Counts a member against the limits and refuses what cannot be listed beside the others."""
        if path.count("\\") > self._limits.depth:
            self._skips.add(path, *DEEP_FOLDER)
            return False
        if len(self._seen) >= self._limits.files:
            self._skips.add(path, SkipReason.TOO_MANY_FILES)
            return False
        key = hash(path.lower())
        if (taken := self._seen.get(key)) is not None:
            reason = SkipReason.SAME_FILE if self._same(taken, member) else SkipReason.DUPLICATE_PATH
            self._skips.add(path, reason, "the first entry of this name is read")
            return False
        if member.local is None and member.size is not None:
            if self._bytes + member.size > self._limits.total_bytes:
                self._skips.add(path, SkipReason.TOO_LARGE, "the members of the archives are too large together")
                return False
            self._bytes += member.size
        self._seen[key] = (member.size, member.opener)
        return True

    def _same(self, taken: _Taken, member: Member) -> bool:
        """Whether a member is the file that has its path already; asked twice of most, and answered once."""
        if self._compared is None or self._compared[0] is not taken or self._compared[1] is not member:
            self._compared = (taken, member, _are_copies(taken, member))
        return self._compared[2]

    def _expanded(self, file: TreeFile, nesting: int) -> Iterator[TreeFile]:
        """The file, or what it holds: the content of a compressed log, or an archive and then its members."""
        if (why := why_not_opened(file.path)) is not None:
            self._skips.add(file.path, SkipReason.NOT_RECOGNISED, why)
        if copied_from(file.path):
            self._copies.append(file)  # the log itself may be met later
            return
        if not is_opened(file.path):
            yield from self._unless_copied(file, unpacked_name(file.path))
            return
        try:
            with file.open() as stream:
                kind = signature(stream.read(SIGNATURE_BYTES))
            kind_inside = inner_signature(file.open(), kind, self._limits, file.path) if kind in COMPRESSED else kind
        except EvidenceReadError as fault:
            self._skips.add(file.path, fault.reason, fault.message)
            return
        except OSError as fault:
            self._skips.add(file.path, SkipReason.UNREADABLE, fault.strerror)
            return
        if why is None and kind_inside in {Signature.IMAGE, Signature.FOREIGN_ARCHIVE}:
            self._skips.add(file.path, SkipReason.NOT_RECOGNISED, f"by its content: {kind_inside}")
        if kind_inside in COMPRESSED:
            self._skips.add(file.path, SkipReason.NOT_RECOGNISED, "it is compressed twice; unpack it once")
            return
        if kind is not kind_inside and kind_inside not in {Signature.ZIP, Signature.TAR}:
            unpacked = replace(file, size=None, local=None, opener=partial(self._unpack, file, kind))
            yield from self._unless_copied(unpacked, unpacked_name(file.path))
            return
        yield file
        if kind_inside in {Signature.ZIP, Signature.TAR}:
            yield from self._inside(file, kind, kind_inside, nesting)

    def _unless_copied(self, file: TreeFile, plain: str) -> Iterator[TreeFile]:
        """The file, unless it is a copy of the log beside it, or of its beginning, whose lines would count twice.

        All bytes are compared: a copy may be what the log was before somebody changed it.

        Args:
            file: A file.
            plain: Path of what it is a copy of by its name: rotated, compressed, or made by hand.
        """
        original = None if plain == file.path else self._seen.get(hash(plain.lower()))
        if original is not None and _begins_with(original, file):
            self._skips.add(file.path, SkipReason.SAME_FILE, "a copy of the log beside it, which is read")
        else:
            yield file

    def _unpack(self, file: TreeFile, kind: Signature) -> BinaryIO:
        return decompressed(file.open(), kind, self._limits, file.path)

    def _inside(self, file: TreeFile, kind: Signature, inner: Signature, nesting: int) -> Iterator[TreeFile]:
        """The members of an archive that is itself a file of the evidence."""
        if nesting >= self._limits.nesting:
            self._skips.add(file.path, SkipReason.TOO_DEEP, "an archive inside of archives")
            return
        try:
            container = self._inner.get(file.path) or self._opened(file, kind, inner)
        except EvidenceReadError as fault:
            self._skips.add(file.path, fault.reason, fault.message)
            return
        self._inner[file.path] = container
        for member in container.members(self._skips):
            inside = windows_path(member.parts)
            path = (
                file.path
                + "\\"
                + (inside.replace(":\\", "\\", 1) if isinstance(inside, str) else "\\".join(member.parts))
            )
            if isinstance(inside, Rejected):
                self._skips.add(path, inside.reason, inside.detail)
            elif self._admitted(member, path):
                yield from self._expanded(self._placed(member, path, file.above), nesting + 1)

    def _opened(self, file: TreeFile, kind: Signature, inner: Signature) -> Container:
        """A container over a file of the tree; a real file is read in place, anything else through a spool."""
        stream = file.open() if kind is inner else self._unpack(file, kind)
        if file.local is not None and kind is inner:
            self._closers.append(stream.close)
            pread, size = pread_of(stream), file.size or 0
        else:
            spool = Spool(stream, self._limits, file.path)
            self._closers.append(spool.close)
            pread, size = spool.pread, spool.size() if inner is Signature.ZIP else 0
        if inner is Signature.TAR:
            return TarContainer(pread, self._limits, file.path)
        return open_zip(pread, size, self._limits, file.path)

    def _placed(self, member: Member, path: str, above: tuple[str, ...]) -> TreeFile:
        above = self._above.setdefault(above, above)  # one of each: there may be millions of files
        return TreeFile(
            path, member.size, member.modified, member.local, member.opener, member.forkable, above, self._limits
        )


def _above(member: Member, path: str) -> tuple[str, ...]:
    """The components of a member that the first one of its path stands for."""
    return member.parts[: len(member.parts) - path.count("\\")]


def _are_copies(one: _Taken, other: Member) -> bool:
    """Whether two members are as long as each other and begin with the same bytes."""
    size, opener = one
    return size is not None and size == other.size and _begin_alike(opener, other.opener, _COMPARED)


def _begins_with(one: _Taken, other: TreeFile) -> bool:
    """Whether a member begins with all that a file holds."""
    size, opener = one
    longer = size is not None and other.size is not None and other.size > size
    return not longer and _begin_alike(opener, other.open)


def _begin_alike(one: Callable[[], BinaryIO], other: Callable[[], BinaryIO], left: float = inf) -> bool:
    """Whether the one begins with all that the other holds, or with so many bytes; not if one cannot be read."""
    try:
        with one() as first, other() as second:
            while left and (block := second.read(int(min(_STEP, left)))):
                if first.read(len(block)) != block:
                    return False
                left -= len(block)
    except (EvidenceReadError, OSError):
        return False
    return True
