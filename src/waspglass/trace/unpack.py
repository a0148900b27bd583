"""Takes packed scripts apart, executing nothing: base64, gzip, deflate, hex, character codes, joined strings.

Every bound is small: an attacker can only make waspglass give up on a layer, which the result says.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from waspglass.evidence.limits import Limits
from waspglass.trace.archives import LIMITS, Opening, opened
from waspglass.trace.disguise import is_disguised
from waspglass.trace.embedded import embedded_texts
from waspglass.trace.encodings import BINARY_ENCODINGS, encoded_texts
from waspglass.trace.hidden_words import hidden_words
from waspglass.trace.inflate import inflated
from waspglass.trace.literals import speaks_of_hiding
from waspglass.trace.macros import macros_in
from waspglass.trace.program import Source, decode, looks_binary
from waspglass.trace.quoted import quoted_texts
from waspglass.trace.strings import JOINED_LIMIT, joined_strings, more_strings, other_strings, spelled_out

__all__ = ["LAYER_LIMIT", "Unpacked", "unpack"]

LAYER_LIMIT = 32
DEPTH_LIMIT = 5
LAYER_BYTES = 8 << 20
TOTAL_BYTES = 32 << 20
SCAN_BYTES = 4 << 20
LEAST_TEXT = 40
"""Shorter texts are not worth a layer."""
LEAST_JOINED = 100
"""The same for what is put together from strings, as long messages are in any program."""
ATTACHED_LIMIT = 8
"""Places in bytes that are no text at which compressed text may begin."""
LEAST_UNREAD = 300
"""Bytes that were decoded and are neither text nor compressed, from which on they may be a program."""
UNREAD_SHARE = 0.25
"""The same as a share of a text that evaluates nothing."""
_MEDIA = re.compile(
    rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP|wOF[F2]|OTTO|\x00\x01\x00\x00|\x00\x00\x01\x00|%PDF|0\x82",
    re.DOTALL,
)
"""How pictures, fonts, documents and certificates begin, which pages carry; believed where nothing is evaluated."""
_ARCHIVES = Limits(files=LAYER_LIMIT, total_bytes=TOTAL_BYTES, member_bytes=LAYER_BYTES)
"""Of the archives that are packed in a text."""
_COMPRESSED = re.compile(rb"\x1f\x8b\x08|BZh[1-9]1AY&SY|\xfd7zXZ\0")


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The layers found in a source, outermost first.

    Attributes:
        bounded: There may be more than were looked at.
        unread: Something that was decoded is no text: it may be encrypted, or packed in a way that is not known.
        disguised: Names or strings look as only a tool leaves them.
    """

    layers: tuple[Source, ...]
    bounded: bool
    unread: bool = False
    disguised: bool = False

    @property
    def limits(self) -> tuple[str, ...]:
        """The keys of what limits the answer, as in `result.Input`."""
        known = {"layers_bounded": self.bounded, "layers_unread": self.unread, "disguised": self.disguised}
        return tuple(key for key, holds in known.items() if holds)


@dataclass(frozen=True, slots=True)
class _Layer:
    """What stands packed in a text.

    Attributes:
        label: How it was packed; empty if it could not be read.
        raw: Its bytes, if it could.
        packed: How many bytes they were before anything was decompressed.
        cut: There is more of it.
    """

    label: str
    raw: bytes
    packed: int
    cut: bool = False


def _is_text(raw: bytes) -> bool:
    """Whether bytes read like a text: few control characters, and more than a handful of different ones."""
    if len(raw) < LEAST_TEXT or looks_binary(raw):
        return False
    counts = Counter(decode(raw[:8192]))
    odd = sum(n for character, n in counts.items() if not character.isprintable() and character not in "\r\n\t\ufeff")
    foreign = sum(n for character, n in counts.items() if ord(character) > 0x7E)
    return odd * 50 < counts.total() and foreign * 5 < counts.total() and len(counts) > 9


def _inflated(raw: bytes) -> _Layer | None:
    """What is compressed in bytes; raw deflate has no mark, so that only text counts."""
    content = inflated(raw, LAYER_BYTES)
    if content is None or len(content.raw) < LEAST_TEXT or not (content.marked or _is_text(content.raw)):
        return None
    return _Layer(content.kind, content.raw, len(raw), content.cut)


def _archived(label: str, packed: bytes, opening: Opening) -> list[_Layer]:
    """The files of a zip archive; of one that cannot be read, itself, so that this is said."""
    zipped = () if opening.ended else opened(Source("zip", packed), opening)
    sources = [source for source in zipped if opening.admits(source)]
    cut = bool(opening.skipped)
    layers = [_Layer(f"{label} > {source.name}", source.raw, len(packed), cut) for source in sources]
    return layers or [_Layer("", b"", len(packed))]


def _layers(raw: bytes, text: str | None) -> Iterator[_Layer]:
    """What stands packed in bytes, and in the text that they are unless they are none, one level down."""
    whole = _inflated(raw)
    if whole is not None:
        yield whole
    if text is None:
        yield from _attached(raw[:SCAN_BYTES])
        return
    evaluates = speaks_of_hiding(text)
    spelled = spelled_out(text)
    joined = joined_strings(spelled)
    pieces = {piece for one in joined for piece in one}
    wholes = ["".join(one) for one in joined]
    full = sum(map(len, wholes)) >= JOINED_LIMIT
    opening = Opening("zip", _ARCHIVES, [])
    for label, packed in itertools.chain(
        embedded_texts(text),
        (("joined strings", whole.encode("utf-8", "replace")) for whole in wholes),
        encoded_texts(text, pieces), other_strings(spelled, wholes), hidden_words(text), quoted_texts(text),
    ):  # fmt: skip
        binary = label in BINARY_ENCODINGS or label == "mail"
        if binary and packed.startswith(b"PK\x03\x04"):
            yield from _archived(label, packed, opening)
            continue
        inside = _inflated(packed) if binary else None
        if inside is not None:
            yield _Layer(f"{label} > {inside.label}", inside.raw, len(packed), inside.cut)
        elif _is_text(packed) and (label != "joined strings" or len(packed) >= LEAST_JOINED):
            yield _Layer(label, packed, len(packed), full and label == "joined strings")
        elif len(packed) >= LEAST_UNREAD and binary and (evaluates or not _MEDIA.match(packed)):
            yield _Layer("", b"", len(packed))


def _may_hide(text: str, read: Sequence[int], dark: Sequence[int]) -> bool:
    """Whether bytes in a text, of which nothing could be made, may be a program.

    What is read turned round, too, can be read in one way only: what gave as many bytes as something that was read is
    taken for the same.

    Args:
        text: What they stand in.
        read: How many bytes each had of what something could be made of.
        dark: The same of what nothing could be made of.
    """
    known = {size + by for size in read for by in range(-2, 3)}
    unread = sum(size for size in dark if size not in known)
    return unread > 0 and (unread >= UNREAD_SHARE * len(text) or speaks_of_hiding(text))


def _attached(raw: bytes) -> Iterator[_Layer]:
    """What is compressed behind a text that unpacks it, and the macros of an Office file."""
    for found in itertools.islice(_COMPRESSED.finditer(raw, 1), ATTACHED_LIMIT):
        layer = _inflated(raw[found.start() :])
        if layer is not None:
            yield layer
    macros = macros_in(raw, LAYER_BYTES)
    if _is_text(macros):
        yield _Layer("macros", macros, len(raw), cut=len(macros) >= LAYER_BYTES)


def unpack(source: Source) -> Unpacked:
    """All layers of a source, each once, level by level; their names say how they were packed."""
    found: list[Source] = []
    seen = {source.raw}
    total = 0
    bounded, unread, disguised = len(source.raw) > SCAN_BYTES, False, False
    level = [source]
    for depth in range(DEPTH_LIMIT + 1):
        below: list[Source] = []
        for parent in level:
            text = None if looks_binary(parent.raw) else decode(parent.raw[:SCAN_BYTES])
            read: list[int] = []
            dark: list[int] = []
            for layer in _layers(parent.raw, text):
                (read if layer.label else dark).append(layer.packed)
                total += len(layer.raw)  # of what is known already, too: it took as long
                bounded = bounded or layer.cut
                new = layer.label and layer.raw not in seen
                much = total > TOTAL_BYTES or LIMITS.bomb(total, len(source.raw))
                if much or (new and (depth == DEPTH_LIMIT or len(found) + len(below) >= LAYER_LIMIT)):
                    return Unpacked((*found, *below), bounded=True, unread=unread, disguised=disguised)
                if new:
                    seen.add(layer.raw)
                    below.append(Source(f"{parent.name} > {layer.label}", layer.raw))
            if text is not None:
                bounded = bounded or more_strings(text)
                unread = unread or _may_hide(text, read, dark)
                disguised = disguised or is_disguised(text, unpacked=unread or bool(read))
        if not below:
            break
        found += below
        level = below
    return Unpacked(tuple(found), bounded, unread, disguised)
