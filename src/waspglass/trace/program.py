"""One program, read: its language, how it could be read, its size and its views."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from waspglass.trace.hashing import Features
from waspglass.trace.languages import PLAIN_TEXT, Language, detect
from waspglass.trace.syntax import Reading, Syntax, error_share, read_syntax
from waspglass.trace.views import tokens_of, views_of

__all__ = [
    "BYTE_LIMIT",
    "Program",
    "Readable",
    "Reading",
    "Source",
    "analysed",
    "decode",
    "is_forced",
    "looks_binary",
    "program_of",
    "readable",
    "syntax_of",
]

BYTE_LIMIT = 64 << 20
"""Bytes of one program that are looked at."""
REPEATED = 5
"""Tokens that count for each distinct run of five tokens; programs that people wrote have a run for each three."""
BROKEN = 0.1
"""Share of a text inside errors of its grammar from which on the result says so."""


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


def is_forced(source: Source) -> bool:
    """Whether a source is to be read as plain tokens whatever it is (`reader.as_tokens`)."""
    return source.language is not None and source.language.name == PLAIN_TEXT.name


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
        parts: Its functions, read like programs, where they were asked for (`parts.program_with_parts`).
    """

    name: str
    sha256: str
    language: str
    reading: Reading
    tokens: int
    views: dict[str, Features] = field(repr=False)
    remarks: tuple[str, ...] = ()
    parts: tuple[Program, ...] = field(default=(), repr=False)

    @property
    def telling(self) -> int:
        """Tokens that count as its size: a million equal lines say no more than a few of them."""
        return min(self.tokens, REPEATED * len(self.views["words5"]))


_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_UTF_32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")


def decode(raw: bytes) -> str:
    """The text of bytes, whose lines end with a line feed: by its mark, UTF-16 by zero bytes, else UTF-8, else Latin-1.

    It never fails. What ends a line is no part of a program; a lone return is taken for none by the grammars.
    """
    return _characters(raw).lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _characters(raw: bytes) -> str:
    if raw[:4] in _UTF_32:
        return raw.decode("utf-32", errors="replace")
    if raw[:2] in _UTF_16:
        return raw.decode("utf-16", errors="replace")
    if len(raw) >= 8:
        even, odd = raw[0:400:2], raw[1:400:2]
        if odd.count(0) * 2 >= len(odd) and even.count(0) == 0:
            return raw.decode("utf-16-le", errors="replace")
        if even.count(0) * 2 >= len(even) and odd.count(0) == 0:
            return raw.decode("utf-16-be", errors="replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def looks_binary(raw: bytes) -> bool:
    """Whether the bytes are no text: zero bytes that are not those of UTF-16."""
    head = raw[:8192]
    return b"\0" in head and raw[:2] not in _UTF_16 and decode(head[:400]).count("\0") > 0


_FIRM_BLANK = "\u00a0"
"""What code that was copied from a page is indented with; an error for most grammars."""


@dataclass(frozen=True, slots=True)
class Readable:
    """A source made ready for reading: bounded, in UTF-8 unless it is no text, its language known."""

    raw: bytes
    language: Language
    binary: bool
    cut: bool

    @property
    def compared(self) -> bytes:
        """The bytes that count, of the same length: without capitals where they mean nothing."""
        return self.raw.lower() if self.language.folds_case and not self.binary else self.raw


def readable(source: Source) -> Readable:
    """Decodes and recognises; never fails. Of what is forced to be a text zero bytes are passed over."""
    raw = source.raw[:BYTE_LIMIT]
    cut = len(source.raw) > BYTE_LIMIT
    if looks_binary(raw) and is_forced(source):
        raw = raw.replace(b"\0", b"")
    elif looks_binary(raw):
        return Readable(raw, source.language or detect(source.name, ""), binary=True, cut=cut)
    text = decode(raw)
    if not text.isascii():
        text = text.replace(_FIRM_BLANK, " ")
    language = source.language or detect(source.name, text)
    return Readable(text.encode("utf-8", "replace"), language, binary=False, cut=cut)


def syntax_of(source: Source) -> tuple[Readable, Syntax]:
    """A source made ready, and its nodes, whose offsets count the bytes that are `compared`."""
    text = readable(source)
    return text, read_syntax(text.compared, text.language, as_bytes=text.binary)


def program_of(source: Source) -> Program:
    """Reads a source into its views; whatever the bytes are, with the limits in `remarks`."""
    return analysed(source, *syntax_of(source))


def analysed(source: Source, text: Readable, syntax: Syntax) -> Program:
    """As `program_of`, from what `syntax_of` gave."""
    count = len(tokens_of(syntax).text)
    remarks = [
        remark
        for remark, holds in (
            ("binary", text.binary),
            ("tokens_only", syntax.reading is Reading.TOKENS),
            ("broken", error_share(syntax) > BROKEN),
            ("cut", text.cut or syntax.truncated),
            ("empty", count == 0),
        )
        if holds
    ]
    digest = sha256(source.raw).hexdigest()
    views = views_of(syntax, text.compared)
    return Program(source.name, digest, text.language.name, syntax.reading, count, views, tuple(remarks))
