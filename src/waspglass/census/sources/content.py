"""The unpacked content of an export as a stream: one thread unpacks and digests while another reads records."""

from __future__ import annotations

import queue
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

import xxhash
import zstandard
from isal import igzip, isal_zlib

from waspglass.census.errors import ExportError
from waspglass.census.sources.opening import Export, open_raw
from waspglass.model.errors import Location

__all__ = ["BLOCK", "Content", "file_digest", "open_content"]

BLOCK = 1 << 18
_QUEUE = 32
_BOMB_FACTOR, _BOMB_FLOOR = 1000, 1 << 30
_ISAL_ERROR = cast("type[Exception]", isal_zlib.error)
_BROKEN: tuple[type[Exception], ...] = (
    EOFError,
    OSError,
    zlib.error,
    zipfile.BadZipFile,
    zstandard.ZstdError,
    _ISAL_ERROR,
)
_gunzip: Callable[[BinaryIO], BinaryIO] = igzip.open


class Content:
    """The unpacked bytes of one export, read once from start to end.

    Attributes:
        shown: How messages name the export.
        size: Unpacked bytes handed over so far.
        broken: Where and why the packing broke, when `partial` allows to go on with what came before.
    """

    def __init__(self, export: Export, blocks: Iterator[bytes], digest: xxhash.xxh3_128, *, partial: bool) -> None:
        self.shown = export.shown
        self.size = 0
        self.broken: str | None = None
        self._last = b""
        self._blocks = blocks
        self._partial = partial
        self._digest = digest
        self._peeked: bytes | None = None

    @property
    def digest(self) -> str:
        """XXH3-128 of the unpacked bytes, once all are handed over: the same however the export is packed."""
        return self._digest.hexdigest()

    @property
    def ended(self) -> bool:
        """True if what was handed over so far ends with a line or an XML element, in UTF-8 or UTF-16."""
        return self._last.rstrip(b"\0").endswith((b"\n", b"\r", b">"))

    def peek(self) -> bytes:
        """The first block, which is handed over again by `blocks`."""
        if self._peeked is None:
            self._peeked = next(self._read(), b"")
        return self._peeked

    def blocks(self) -> Iterator[bytes]:
        """All blocks.

        Raises:
            ExportError: If the packing is broken and not `partial`.
        """
        if self._peeked is not None:
            yield self._peeked
        yield from self._read()

    def _read(self) -> Iterator[bytes]:
        try:
            for block in self._blocks:
                self.size += len(block)
                self._last = block[-2:]
                yield block
        except _BROKEN as error:
            self.broken = f"broken after {self.size} unpacked bytes: {str(error) or type(error).__name__}"
            if not self._partial:
                raise ExportError(
                    f"{self.broken}; nothing was added",
                    location=Location(self.shown),
                    hint="Fetch it again, or add what is readable with --partial",
                ) from error


def _unzstd(raw: BinaryIO) -> Iterator[bytes]:
    """Unpacks all frames; the library's own stream reader takes a cut frame for the end of the file.

    Pieces are small because a hostile frame unpacks to thousands of times its size at once; that is cut, too, since the
    limit of a line and the places of `spread` rest on blocks of this size.
    """
    packer = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    frame, fresh = packer.decompressobj(), True
    ready: list[bytes] = []
    while piece := raw.read(4096):
        while piece:
            ready.append(frame.decompress(piece))
            fresh = frame.eof
            piece = frame.unused_data if frame.eof else b""
            if frame.eof:
                frame = packer.decompressobj()
        if sum(map(len, ready)) >= BLOCK:
            text = b"".join(ready)
            rest = len(text) - len(text) % BLOCK
            yield from (text[start : start + BLOCK] for start in range(0, rest, BLOCK))
            ready = [text[rest:]]
    if last := b"".join(ready):
        yield last
    if not fresh:
        raise EOFError("the file ends inside of a zstd frame")


def _unpack(export: Export, raw: BinaryIO) -> Iterator[bytes]:
    if export.packing == "zstd":
        yield from _unzstd(raw)
        return
    stream = _gunzip(raw) if export.packing == "gzip" else raw
    handed = 0
    try:
        while block := stream.read(BLOCK):
            handed += len(block)
            yield block
    except _BROKEN:
        if export.packing == "gzip":
            raw.seek(0)
            yield from _before_break(raw, handed)
        raise


def _before_break(raw: BinaryIO, handed: int) -> Iterator[bytes]:
    """What a gzip file holds between the bytes handed over and its break: the library throws that block away."""
    packer = isal_zlib.decompressobj(wbits=31)
    while piece := raw.read(4096):
        while piece:
            try:
                text = packer.decompress(piece)
            except _ISAL_ERROR:
                return
            fresh, handed = text[handed:], max(handed - len(text), 0)
            if fresh:
                yield fresh
            piece = packer.unused_data if packer.eof else b""
            packer = isal_zlib.decompressobj(wbits=31) if packer.eof else packer


def _guarded(export: Export, raw: BinaryIO, digest: xxhash.xxh3_128) -> Iterator[bytes]:
    total = 0
    for block in _unpack(export, raw):
        total += len(block)
        digest.update(block)
        if total > _BOMB_FLOOR and total > _BOMB_FACTOR * max(export.packed_size, 1):
            raise ExportError(
                f"unpacks to more than {_BOMB_FACTOR} times its size: taken for a compression bomb",
                location=Location(export.shown),
            )
        yield block


def _ahead(produce: Callable[[], Iterator[bytes]], stop: threading.Event) -> Iterator[bytes]:
    """Runs a producer in a thread, a few blocks ahead; unpacking does not hold the interpreter's lock."""
    ready: queue.Queue[bytes | BaseException | None] = queue.Queue(_QUEUE)

    def put(item: bytes | BaseException | None) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for block in produce():
                if not put(block):
                    return
            put(None)
        except BaseException as error:
            put(error)

    threading.Thread(target=work, daemon=True).start()
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item


@contextmanager
def open_content(export: Export, *, partial: bool = False) -> Iterator[Content]:
    """Opens an export for one reading; `partial` takes what stands before a broken place instead of refusing all."""
    stop = threading.Event()
    with open_raw(export) as raw:
        digest = xxhash.xxh3_128()
        try:
            yield Content(export, _ahead(lambda: _guarded(export, raw, digest), stop), digest, partial=partial)
        finally:
            stop.set()


def file_digest(export: Export) -> str:
    """XXH3-128 of the export as packed: tells without unpacking that the very same file was added before.

    A member of an archive that is broken gives the digest of what stands before the break; reading it says the fault.
    """
    digest = xxhash.xxh3_128()
    try:
        with open_raw(export) as raw:
            while block := raw.read(BLOCK):
                digest.update(block)
    except _BROKEN:
        digest.update(b"broken here")
    return digest.hexdigest()
