"""Text that was saved as UTF-16 (by PowerShell's `>`, by an editor, by Windows itself), as the UTF-8 that is read."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from waspglass.evidence.forward_stream import ForwardStream
from waspglass.evidence.limits import DEFAULT_LIMITS
from waspglass.evidence.spool import Spool
from waspglass.evidence.tree import EvidenceFile

__all__ = ["AsUtf8", "as_utf8", "utf16_of"]

_STEP = 256 * 1024
_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_LOOK = 8
"""Bytes of a start without a byte order mark of which every other must be zero, and the rest ASCII."""
_LEAST = 4


def utf16_of(head: bytes) -> str | None:
    """The codec of text that begins so, if it is UTF-16: by its byte order mark, or by the look of ASCII text in it."""
    if (marked := _MARKS.get(head[:2])) is not None:
        return marked
    start = head[:_LOOK]
    if len(start) < _LEAST or b"\0" not in start[:2]:
        return None
    even, odd = start[::2], start[1::2]
    for text, zeros, codec in ((even, odd, "utf-16-le"), (odd, even, "utf-16-be")):
        if not any(zeros) and text.isascii() and b"\0" not in text:
            return codec
    return None


def as_utf8(file: EvidenceFile) -> EvidenceFile:
    """The file itself, or its text as UTF-8 if that is UTF-16.

    Raises:
        EvidenceReadError: If the bytes cannot be had; reading may raise OSError.
    """
    with file.open() as stream:
        codec = utf16_of(stream.read(_LOOK))
    return file if codec is None else AsUtf8(file, codec)


@dataclass(frozen=True, slots=True)
class AsUtf8:
    """An EvidenceFile whose UTF-16 text is given as UTF-8, without its byte order mark.

    Lines keep their numbers; offsets are those in the UTF-8 text. Units that are no text become U+FFFD.

    Attributes:
        file: What is read.
        codec: Its encoding, as `utf16_of` tells it.
    """

    file: EvidenceFile
    codec: str

    @property
    def path(self) -> str:
        """That of the file."""
        return self.file.path

    @property
    def size(self) -> int | None:
        """Not known before it is read."""
        return None

    @property
    def modified(self) -> datetime | None:
        """That of the file."""
        return self.file.modified

    @property
    def local(self) -> Path | None:
        """None: the bytes on disk are others."""
        return None

    @property
    def forkable(self) -> bool:
        """As the file."""
        return self.file.forkable

    def open(self) -> BinaryIO:
        """The text as UTF-8.

        Raises:
            EvidenceReadError: If the bytes cannot be had.
        """
        source = self.file.open()
        decoder = codecs.getincrementaldecoder(self.codec)("replace")
        mark = "\ufeff"

        def read(_size: int) -> bytes:
            nonlocal mark
            while block := source.read(_STEP):
                if text := decoder.decode(block):
                    text, mark = text.removeprefix(mark) if mark else text, ""
                    if text:
                        return text.encode()
            return decoder.decode(b"", final=True).encode()

        return ForwardStream(read, source.close).as_binary()

    def seekable(self) -> BinaryIO:
        """As `open`, with random access.

        Raises:
            EvidenceReadError: If the bytes cannot be had.
        """
        return Spool(self.open(), DEFAULT_LIMITS, self.path).stream()
