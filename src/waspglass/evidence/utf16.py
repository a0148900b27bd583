"""Text that was saved as UTF-16 (by PowerShell's `>`, by an editor, by Windows itself), as the UTF-8 that is read."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from waspglass.evidence.forward_stream import ForwardStream
from waspglass.evidence.member import TreeFile
from waspglass.evidence.tree import EvidenceFile

__all__ = ["as_utf8", "utf8_of", "utf16_of"]

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
    return file if codec is None else utf8_of(file, codec)


def utf8_of(file: EvidenceFile, codec: str) -> EvidenceFile:
    """The file with its text as UTF-8, without its byte order mark; how long that is, is not known before it is read.

    Lines keep their numbers; offsets are those in the UTF-8 text. Units that are no text become U+FFFD.

    Args:
        file: What is read.
        codec: Its encoding, as `utf16_of` tells it.
    """

    def opened() -> BinaryIO:
        source = file.open()
        return ForwardStream(_utf8(source, codec), source.close)

    return TreeFile(file.path, None, file.modified, None, opened, file.forkable, file.above)


def _utf8(source: BinaryIO, codec: str) -> Iterator[bytes]:
    decoder, mark = codecs.getincrementaldecoder(codec)("replace"), "\ufeff"
    while block := source.read(_STEP):
        if text := decoder.decode(block):
            yield text.removeprefix(mark).encode()
            mark = ""
    yield decoder.decode(b"", final=True).encode()
