"""One program, read: its language, how it could be read, its size and its views."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from waspglass.trace.hashing import Hashes
from waspglass.trace.languages import Language, detect
from waspglass.trace.syntax import Reading, read_syntax
from waspglass.trace.views import tokens_of, views_of

__all__ = ["BYTE_LIMIT", "Program", "Source", "analyse"]

BYTE_LIMIT = 64 << 20
"""Bytes of one program that are looked at."""


@dataclass(frozen=True, slots=True)
class Source:
    """A text to be compared, as it was found.

    Attributes:
        name: Its path as the user knows it; for something unpacked, with the layer: `a.ps1 > base64`.
        raw: Its bytes.
        language: Its language if the user said so, otherwise None.
    """

    name: str
    raw: bytes
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """What is kept of a program for comparing it.

    Attributes:
        name: As in `Source`.
        sha256: Of its bytes.
        language: Name of the language it was read as.
        reading: How far it could be read.
        tokens: Number of tokens without comments.
        views: Sorted distinct hashes of each view.
        remarks: What limits the comparison, as keys of the message catalogue.
    """

    name: str
    sha256: str
    language: str
    reading: Reading
    tokens: int
    views: dict[str, Hashes] = field(repr=False)
    remarks: tuple[str, ...] = ()


_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def decode(raw: bytes) -> str:
    """The text of bytes: UTF-16 by its mark or its zero bytes, else UTF-8, else Latin-1; never fails."""
    if raw[:2] in _UTF_16:
        return raw.decode("utf-16", errors="replace")
    if len(raw) >= 8 and raw[1:400:2].count(0) * 2 >= len(raw[1:400:2]) and raw[0:400:2].count(0) == 0:
        return raw.decode("utf-16-le", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def looks_binary(raw: bytes) -> bool:
    """Whether the bytes are no text: zero bytes that are not those of UTF-16."""
    head = raw[:8192]
    return b"\0" in head and raw[:2] not in _UTF_16 and decode(head[:400]).count("\0") > 0


def analyse(source: Source) -> Program:
    """Reads a source into its views; whatever the bytes are, with the limits in `remarks`."""
    remarks: list[str] = []
    raw = source.raw
    if len(raw) > BYTE_LIMIT:
        raw = raw[:BYTE_LIMIT]
        remarks.append("cut")
    binary = looks_binary(raw)
    text = raw.decode("latin-1") if binary else decode(raw)
    language = source.language or detect(source.name, "" if binary else text)
    clean = raw if binary else text.encode("utf-8", "replace")
    syntax = read_syntax(clean, language, as_bytes=binary)
    views = views_of(syntax, clean)
    count = len(tokens_of(syntax).text)
    if binary:
        remarks.append("binary")
    elif syntax.reading is Reading.TOKENS:
        remarks.append("tokens_only")
    if syntax.truncated and "cut" not in remarks:
        remarks.append("cut")
    if count == 0:
        remarks.append("empty")
    digest = sha256(source.raw).hexdigest()
    return Program(source.name, digest, language.name, syntax.reading, count, views, tuple(remarks))
