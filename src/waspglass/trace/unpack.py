"""Takes packed scripts apart, executing nothing: base64, gzip, deflate, hex, character codes, joined strings.

Every bound is small: an attacker can only make waspglass give up on a layer, which the result says.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from waspglass.trace.program import Source, decode, looks_binary

__all__ = ["LAYER_LIMIT", "Unpacked", "unpack"]

LAYER_LIMIT = 32
DEPTH_LIMIT = 5
LAYER_BYTES = 8 << 20
TOTAL_BYTES = 32 << 20
SCAN_BYTES = 4 << 20
LEAST_TEXT = 40
"""Shorter texts are not worth a layer."""

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/\-_]{4}){10,}[A-Za-z0-9+/\-_=]{0,4}")
_HEX = re.compile(r"(?:\\x|0x|%|\\u00)?[0-9A-Fa-f]{2}(?:[\s,;]{0,2}(?:\\x|0x|%|\\u00)?[0-9A-Fa-f]{2}){39,}")
_HEX_MARK = re.compile(r"\\x|0x|%|\\u00|[\s,;]")
_CODE = r"(?:\[char\]|chrw?|Char\.ConvertFromUtf32)?\s{0,2}\(?\s{0,2}(?:0x[0-9A-Fa-f]{2}|\d{1,3})\s{0,2}\)?"
_CODES = re.compile(rf"(?i){_CODE}(?:\s{{0,2}}[,.+&]\s{{0,2}}{_CODE}){{19,}}")
_NUMBER = re.compile(r"0x[0-9A-Fa-f]{2}|\d{1,3}")
_PIECE = r"(?:\"(?:[^\"\\\n]|\\.){0,400}\"|'(?:[^'\\\n]|\\.){0,400}')"
_JOINED = re.compile(rf"{_PIECE}(?:\s{{0,40}}[+.&]\s{{0,40}}{_PIECE}){{2,}}")
_PIECES = re.compile(_PIECE)
_ENCODED_COMMAND = re.compile(r"(?i)-e(?:nc?|c|nco|ncod\w*)?\s{1,8}['\"]?$")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The layers found in a source, outermost first; `bounded` if there may be more than were looked at."""

    layers: tuple[Source, ...]
    bounded: bool


def _inflated(raw: bytes) -> tuple[str, bytes] | None:
    """gzip, zlib or raw deflate, up to `LAYER_BYTES`; None if it is none of these."""
    for kind, width in (("gzip", 31), ("zlib", 15), ("deflate", -15)):
        if kind == "gzip" and raw[:2] != b"\x1f\x8b":
            continue
        if kind == "zlib" and (len(raw) < 2 or raw[0] & 15 != 8 or int.from_bytes(raw[:2], "big") % 31):
            continue
        try:
            text = zlib.decompressobj(width).decompress(raw, LAYER_BYTES)
        except zlib.error:
            continue
        if len(text) >= LEAST_TEXT and (kind != "deflate" or _is_text(text)):
            return kind, text
    return None


def _is_text(raw: bytes) -> bool:
    """Whether bytes read like a text: few control characters, and more than a handful of different ones."""
    if len(raw) < LEAST_TEXT or looks_binary(raw):
        return False
    text = decode(raw[:8192])
    odd = sum(1 for character in text if not character.isprintable() and character not in "\r\n\t")
    foreign = sum(1 for character in text if ord(character) > 0x7E)
    return odd * 50 < len(text) and foreign * 5 < len(text) and len(set(text)) > 9


def _base64(text: str) -> Iterator[tuple[str, bytes]]:
    for match in _BASE64.finditer(text):
        word = match.group().rstrip("=").replace("-", "+").replace("_", "/")
        word = word[: len(word) // 4 * 4] if len(word) % 4 == 1 else word + "=" * (-len(word) % 4)
        try:
            raw = base64.b64decode(word, validate=True)
        except (binascii.Error, ValueError):
            continue
        before = text[max(0, match.start() - 24) : match.start()]
        yield ("EncodedCommand" if _ENCODED_COMMAND.search(before) else "base64"), raw


def _hex(text: str) -> Iterator[tuple[str, bytes]]:
    for match in _HEX.finditer(text):
        digits = _HEX_MARK.sub("", match.group())
        yield "hex", bytes.fromhex(digits[: len(digits) // 2 * 2])


def _codes(text: str) -> Iterator[tuple[str, bytes]]:
    for match in _CODES.finditer(text):
        values = [int(number, 16 if number[:2].lower() == "0x" else 10) for number in _NUMBER.findall(match.group())]
        if all(value < 256 for value in values):
            yield "character codes", bytes(values)


def _literal(piece: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match.group(1), match.group(1)), piece[1:-1])


def _joined(text: str) -> Iterator[tuple[str, bytes]]:
    for match in _JOINED.finditer(text):
        whole = "".join(map(_literal, _PIECES.findall(match.group())))
        yield "joined strings", whole.encode("utf-8", "replace")


def _layers(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """What stands packed in a text, one level down."""
    inflated = _inflated(raw)
    if inflated is not None:
        yield inflated
    if looks_binary(raw):
        return
    text = decode(raw[:SCAN_BYTES])
    for unpacker in (_base64, _hex, _codes, _joined):
        for label, packed in unpacker(text):
            inside = _inflated(packed) if label in {"base64", "hex", "character codes", "EncodedCommand"} else None
            if inside is not None:
                yield f"{label} > {inside[0]}", inside[1]
            elif _is_text(packed):
                yield label, packed


def unpack(source: Source) -> Unpacked:
    """All layers of a source, each once, level by level; their names say how they were packed."""
    found: list[Source] = []
    seen = {source.raw}
    total = 0
    level = [source]
    for _ in range(DEPTH_LIMIT):
        below: list[Source] = []
        for parent in level:
            for label, raw in _layers(parent.raw):
                if raw in seen:
                    continue
                total += len(raw)
                if len(found) + len(below) >= LAYER_LIMIT or total > TOTAL_BYTES:
                    return Unpacked((*found, *below), bounded=True)
                seen.add(raw)
                below.append(Source(f"{parent.name} > {label}", raw))
        if not below:
            return Unpacked(tuple(found), bounded=False)
        found += below
        level = below
    return Unpacked(tuple(found), bounded=True)
