"""Opens archives: each file in them becomes a source under the name that the archive gives it.

`evidence` lists the same archives as disks of Windows servers, where a folder `c` is a drive, `aux.c` a device and
`Makefile` the same as `makefile`. Here all these are names of sources. Nothing is written, so a name can lead nowhere.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO

from waspglass.evidence.compressed import decompressed, inner_signature
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.limits import Limits
from waspglass.evidence.member import Container
from waspglass.evidence.signature import ARCHIVE_STARTS, COMPRESSED, SIGNATURE_BYTES, Signature, signature
from waspglass.evidence.skip_log import SkipLog
from waspglass.evidence.spool import Spool
from waspglass.evidence.stream import pread_of
from waspglass.evidence.tar_archive import TarContainer
from waspglass.evidence.zip_salvage import open_zip
from waspglass.model.escape import printable
from waspglass.model.skip import Skipped, SkipReason
from waspglass.trace.files import plain_file
from waspglass.trace.program import BYTE_LIMIT, Source

__all__ = ["LIMITS", "Opening", "opened"]

LIMITS = Limits(
    files=200_000, total_bytes=2 << 30, member_bytes=4 << 30, spool_bytes=8 << 30, ratio=16, ratio_floor=8 << 20
)
"""What one path may bring: files, bytes of all of them together, and what may go through temporary files.

Above 8 MiB archives may unpack to 16 times their size, all of a path together: 20,000 Java programs of students
(62 MB) are 6.7 times as long as their `.tar.gz` and 15 times as long as with `zstd -19 --long`. What is unpacked in
other texts (`unpack.py`) has the same bound.
"""
_OPENED = COMPRESSED | {Signature.ZIP, Signature.TAR}
_NOT_READ = "archives of this kind are not read; unpack it first"
_LONG = "an archive in another; unpack it first"


@dataclass(slots=True)
class Opening:
    """What was brought in so far under one path, against its limits.

    Attributes:
        path: For the message that there is more.
        limits: Bounds on files and bytes together, on nesting, and on what comes out of few bytes.
        skipped: Gets what cannot be read.
        files, size: What was read so far, also what is no source in the end: it took as long.
        packed, unpacked: Bytes of the archives so far, and of what came out of them.
        ended: It was said that there is more.
        link_to: The file itself where the user named it by a link; other links are not followed.
    """

    path: str
    limits: Limits
    skipped: list[Skipped]
    files: int = 0
    size: int = 0
    packed: int = 0
    unpacked: int = 0
    ended: bool = False
    link_to: str | None = None

    def admits(self, source: Source) -> bool:
        """Counts a source; if it is one too many, says so."""
        return self.allows(source.name, len(source.raw))

    def allows(self, name: str, size: int) -> bool:
        """Counts something that was read; if it is one too many, says so, once."""
        self.files += 1
        self.size += size
        if self.files <= self.limits.files and self.size <= self.limits.total_bytes:
            return True
        if not self.ended:
            reason = SkipReason.TOO_MANY_FILES if self.files > self.limits.files else SkipReason.TOO_LARGE
            self.skip(self.path, reason, f"from {printable(name)} on")
        self.ended = True
        return False

    def unpacks(self, size: int) -> bool:
        """Counts what comes out of an archive, unless it is too much for the size of the archives."""
        if self.limits.bomb(self.unpacked + size, self.packed):
            return False
        self.unpacked += size
        return True

    def skip(self, name: str, reason: SkipReason, detail: str | None = None, count: int = 1) -> None:
        """Notes what is not read."""
        self.skipped.append(Skipped(source=printable(name), reason=reason, count=count, detail=detail))

    def skip_unpacked(self, name: str, count: int = 1) -> None:
        """Notes what would be too much for the size of the archives."""
        bound = f"archives are unpacked to {self.limits.ratio_floor >> 20} MiB or {self.limits.ratio} times their size"
        self.skip(name, SkipReason.COMPRESSION_BOMB, bound, count)

    def listed(self, name: str, log: SkipLog) -> None:
        """Takes over what a container passed over, under the names that sources have here."""
        shown = printable(name).replace("\\\\", "\\")
        for skip in log.total():
            inner = skip.source.removeprefix(shown).lstrip("\\").replace("\\", "/")
            self.skipped.append(skip.model_copy(update={"source": f"{printable(name)}:{inner}" if inner else shown}))


def opened(source: Source, opening: Opening, nesting: int = 0) -> Iterator[Source]:
    """The source itself, or, of an archive, the files in it by name; archives in archives too."""
    kind = _kind(source.raw)
    if kind is None:
        yield source
    elif kind not in _OPENED:
        opening.skip(source.name, SkipReason.UNREADABLE, _NOT_READ)
    elif nesting > opening.limits.nesting:
        opening.skip(source.name, SkipReason.TOO_DEEP, "an archive inside of archives")
    elif nesting and len(source.raw) > BYTE_LIMIT:
        opening.skip(source.name, SkipReason.TOO_LARGE, _LONG)
    else:
        with ExitStack() as stack:
            try:
                yield from _content(source, kind, opening, nesting, stack)
            except EvidenceReadError as fault:
                opening.skip(source.name, fault.reason, printable(fault.message))
            except OSError as fault:
                opening.skip(source.name, SkipReason.UNREADABLE, fault.strerror)


def _kind(raw: bytes) -> Signature | None:
    """Which archive bytes are; None if they are none, also where a text only begins like one."""
    if not raw.startswith(ARCHIVE_STARTS) and raw[257:262] != b"ustar":
        return None
    kind = signature(raw[:SIGNATURE_BYTES])
    if kind in _OPENED:
        return kind
    is_text = raw[:512].isascii() and b"\0" not in raw[:512]
    return kind if kind is Signature.FOREIGN_ARCHIVE and not is_text else None


def _stream(source: Source, opening: Opening) -> BinaryIO:
    """The bytes of a source; from its file if that is longer than what is held of it."""
    if len(source.raw) <= BYTE_LIMIT:
        return io.BytesIO(source.raw)
    return plain_file(opening.link_to if opening.link_to and source.name == opening.path else source.name)


def _beginning(stream: BinaryIO, name: str, opening: Opening) -> bytes:
    """As much as is read of one program; that it gives out before its end is noted."""
    raw = stream.read(BYTE_LIMIT + 1)
    if len(raw) <= BYTE_LIMIT:
        try:
            stream.read(1)
        except EvidenceReadError as fault:  # a read that meets one gives what lies before it, and the next one raises
            opening.skip(name, fault.reason, printable(fault.message))
    return raw


def _content(source: Source, kind: Signature, opening: Opening, nesting: int, stack: ExitStack) -> Iterator[Source]:
    name, limits = source.name, opening.limits
    stream = stack.enter_context(_stream(source, opening))
    if not nesting:
        opening.packed += stream.seek(0, io.SEEK_END)
        stream.seek(0)
    container: Container
    if kind in COMPRESSED:
        inside = inner_signature(_stream(source, opening), kind, limits, name)
        unpacked = stack.enter_context(decompressed(stream, kind, limits, name))
        if inside is not Signature.TAR:
            raw = _beginning(unpacked, name, opening)
            if opening.unpacks(len(raw)):
                yield from opened(Source(name, raw), opening, nesting + 1)
            else:
                opening.skip_unpacked(name)
            return
        spool = Spool(unpacked, limits, name)
        stack.callback(spool.close)
        container = TarContainer(spool.pread, limits, name)
    elif kind is Signature.TAR:
        container = TarContainer(pread_of(stream), limits, name)
    else:
        container = open_zip(pread_of(stream), stream.seek(0, io.SEEK_END), limits, name)
    yield from _members(name, container, opening, nesting)


def _members(name: str, container: Container, opening: Opening, nesting: int) -> Iterator[Source]:
    log = SkipLog(name)
    before, found, beyond = len(opening.skipped), False, 0
    for member in container.members(log):
        inner = f"{name}:{'/'.join(member.parts)}"
        found = True
        told = min(member.size or 0, BYTE_LIMIT)
        if not opening.unpacks(told):
            beyond += 1
            continue
        try:
            with member.opener() as stream:
                raw = _beginning(stream, inner, opening)
        except EvidenceReadError as fault:
            opening.skip(inner, fault.reason, printable(fault.message))
            if not opening.allows(inner, told):
                break
        else:
            opening.unpacked += len(raw) - told
            if _kind(raw) is not None and not opening.allows(inner, len(raw)):
                break
            yield from opened(Source(inner, raw), opening, nesting + 1)
            if opening.ended:
                break
    if beyond:
        opening.skip_unpacked(name, beyond)
    opening.listed(name, log)
    if not found and len(opening.skipped) == before:
        opening.skip(name, SkipReason.EMPTY)
