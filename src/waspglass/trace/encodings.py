"""Finds text that stands encoded in another: base64 and its kin, hex, escapes, character codes; decodes, runs nothing.

Each pattern takes time linear in the text, whatever the text is: what could be matched in two ways is possessive, and
after what may be long nothing must follow.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import sys
from collections.abc import Callable, Collection, Iterator
from urllib.parse import unquote_to_bytes

__all__ = ["BINARY_ENCODINGS", "TURNS_ROUND", "encoded_texts"]

BINARY_ENCODINGS = frozenset(
    {"base64", "EncodedCommand", "base32", "base85", "uuencode", "hex", "bits", "character codes", "escapes"}
)
"""Labels of encodings whose content may be compressed."""

_BASE64 = re.compile(r"[A-Za-z0-9+/\-_]{40,}={0,2}(?:[ \t]{0,8}\r?\n[ \t]{0,40}[A-Za-z0-9+/\-_]{3,}={0,2})*")
_DIGITS = re.compile(r"[0-9A-Fa-f]*+")
"""Of hex or bits; a word of base64 that consists of nothing else is not to be expected."""
_ENCODED_COMMAND = re.compile(r"(?i)[-/]e(?:nc?|c|nco|ncod\w*)?\s{1,8}['\"]?$")
_BASE32 = re.compile(r"[A-Z2-7]{40,}={0,6}")
_BASE85 = re.compile(r"['\"]([0-9A-Za-z!#$%&()*+\-;<=>?@^_`{|}~]{40,})['\"]")
_UUENCODED = re.compile(r"^M[ -`]{60}\r?$(?:\nM[ -`]{60}\r?$)*+(?:\n[!-L][ -`]{1,60}\r?$)?", re.MULTILINE)
_HEX = re.compile(r"(?:\\x|0x|%|\\u00)?[0-9A-Fa-f]{2}(?:[\s,;]{0,2}(?:\\x|0x|%|\\u00)?[0-9A-Fa-f]{2}){39,}")
# The repeats below are not possessive: Python before 3.11.5 then loses digits where the last one fails (gh-100061).
_HEX_PARTED = re.compile(r"[0-9A-Fa-f]{2}([-:.|_~#*!g-zG-Z])(?:[0-9A-Fa-f]{1,2}\1){38,}(?:[0-9A-Fa-f]{1,2})?")
_BITS = re.compile(r"(?:[01]{8}){40,}|[01]{6,8}([^\w\s\"']| |[a-zA-Z])(?:[01]{6,8}\1){38,}(?:[01]{6,8})?")
_HEX_MARK = re.compile(r"\\x|0x|%|\\u00|[\s,;]")
_CALL = r"(?:\[char\]|[A-Za-z_$][\w$.]{0,40}+(?=\s?\())?+"
_CODE = rf"(?>{_CALL}\s?+\(?+\s?+(?:0x[0-9A-Fa-f]{{1,5}}|\d{{1,6}}+)\b(?:\s?+\))?+)"
_BETWEEN = r"(?>\s?+[^\w\s(\[$]{1,3}+\s{0,3}+|\s{1,3}+)"
_CODES = re.compile(rf"(?i)(?<!\w){_CODE}(?:{_BETWEEN}{_CODE}){{19,}}+")
_NUMBER = re.compile(r"(?<!\w)(?:0x[0-9A-Fa-f]{1,5}|\d{1,6})(?!\w)")
_ESCAPED = re.compile(r"\"(?:[^\"\\\n]++|\\.)*+|'(?:[^'\\\n]++|\\.)*+", re.DOTALL)
_ESCAPE = re.compile(r"\\x[0-9A-Fa-f]{2}|\\u\{?[0-9A-Fa-f]{2,6}\}?|\\[0-7]{1,3}|%u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|\\.")
_NAMED_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\a": "\a", "\\b": "\b", "\\f": "\f", "\\v": "\v"}
_FORM = re.compile(r"[\w.~*+%!()'-]{80,}", re.ASCII)
_LEAST_ESCAPES = 12
TURNS_ROUND = re.compile(r"(?i)strrev|\[::-1\]|\breverse|-1\s?\.\.\s?-|\brev\b")
"""How texts speak of turning something round."""

Found = Iterator[tuple[str, bytes]]


def encoded_texts(text: str, pieces: Collection[str]) -> Found:
    """The content of everything in a text that looks encoded, with the name of its encoding; not all of it is text.

    Args:
        text: What to look through.
        pieces: Strings that are put together to a longer one: alone they mean nothing.
    """
    yield from _base64(text, pieces)
    for label, finder in _RARE.items():
        if label in text:
            yield from finder(text)
    yield from _uuencoded(text)
    yield from _hex(text)
    yield from _bits(text)
    yield from _codes(text)
    yield from _escapes(text)
    yield from _form(text)


def _base64(text: str, pieces: Collection[str]) -> Found:
    turned = TURNS_ROUND.search(text) is not None
    rotated = "rot13" in text
    for match in _BASE64.finditer(text):
        word = _one_word(match.group())
        if match.group() in pieces or _DIGITS.fullmatch(word):
            continue
        before = text[max(0, match.start() - 24) : match.start()]
        raw = _from_base64(word)
        if raw is not None:
            yield ("EncodedCommand" if _ENCODED_COMMAND.search(before) else "base64"), raw
            if rotated:
                yield "base64", codecs.encode(raw.decode("latin-1"), "rot13").encode("latin-1")
        for used, changed in ((turned, word[::-1]), (rotated, codecs.encode(word, "rot13"))):
            other = _from_base64(changed.lstrip("=")) if used else None
            if other is not None:
                yield "base64", other


def _one_word(lines: str) -> str:
    """A word that may be broken into lines of one width; what follows the shorter last line does not belong to it."""
    rows = lines.split()
    word = [rows[0]]
    for row in rows[1:]:
        ended = word[-1].endswith("=") or (len(word) > 1 and len(row) > len(word[-1]))
        if ended or (len(word) > 2 and len(word[-1]) < len(word[-2])):
            break
        word.append(row)
    if len(word) > 1 and len(word[-1]) < len(word[-2]) and len("".join(word)) % 4:
        word.pop()
    return "".join(word)


def _from_base64(word: str) -> bytes | None:
    plain = word.rstrip("=").replace("-", "+").replace("_", "/")
    plain = plain[: len(plain) // 4 * 4] if len(plain) % 4 == 1 else plain + "=" * (-len(plain) % 4)
    try:
        return base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError):
        return None


def _base32(text: str) -> Found:
    for match in _BASE32.finditer(text):
        word = match.group().rstrip("=")
        try:
            yield "base32", base64.b32decode(word + "=" * (-len(word) % 8))
        except (binascii.Error, ValueError):
            continue


def _base85(text: str) -> Found:
    for match in _BASE85.finditer(text):
        for decode in (base64.b85decode, base64.a85decode):
            try:
                yield "base85", decode(match.group(1))
            except (binascii.Error, ValueError):
                continue


def _uuencoded(text: str) -> Found:
    for match in _UUENCODED.finditer(text):
        try:
            yield "uuencode", b"".join(map(binascii.a2b_uu, match.group().splitlines()))
        except (binascii.Error, ValueError):
            continue


_RARE: dict[str, Callable[[str], Found]] = {"32": _base32, "85": _base85}
"""Encodings that are looked for only where the text speaks of them: their alphabets are those of ordinary words."""


def _hex(text: str) -> Found:
    for match in _HEX.finditer(text):
        digits = _HEX_MARK.sub("", match.group())
        yield "hex", bytes.fromhex(digits[: len(digits) // 2 * 2])

    for match in _HEX_PARTED.finditer(text):
        yield "hex", bytes(int(digits, 16) for digits in match.group().split(match.group(1)) if digits)


def _bits(text: str) -> Found:
    for match in _BITS.finditer(text):
        bits, mark = match.group(), match.group(1)
        each = bits.split(mark) if mark else [bits[start : start + 8] for start in range(0, len(bits), 8)]
        yield "bits", bytes(int(digits, 2) for digits in each if digits)


def _codes(text: str) -> Found:
    for match in _CODES.finditer(text):
        values = [int(number, 16 if number[:2].lower() == "0x" else 10) for number in _NUMBER.findall(match.group())]
        if all(value < 256 for value in values):
            yield "character codes", bytes(values)
        elif max(values) <= sys.maxunicode:
            # What is beyond 16 bits stands as one code or, as in JavaScript, as two.
            wide = "".join(map(chr, values)).encode("utf-16", "surrogatepass")
            yield "character codes", wide.decode("utf-16", "replace").encode()


def _form(text: str) -> Found:
    """Values of forms and addresses, in which blanks are `+` and marks `%`."""
    for match in _FORM.finditer(text):
        if match.group().count("%") >= _LEAST_ESCAPES:
            yield "URL", unquote_to_bytes(match.group().replace("+", " "))


def _escapes(text: str) -> Found:
    """String literals in which many characters are written as escapes, and others are not."""
    for match in _ESCAPED.finditer(text):
        literal = match.group()[1:]
        if len(literal) < 3 * _LEAST_ESCAPES or not ("\\" in literal or "%" in literal):
            continue
        if sum(1 for escape in _ESCAPE.findall(literal) if len(escape) > 2) >= _LEAST_ESCAPES:
            plain = _ESCAPE.sub(lambda found: _unescaped(found.group()), literal)
            narrow = all(ord(character) < 256 for character in plain)
            yield "escapes", plain.encode("latin-1" if narrow else "utf-8", "replace")


def _unescaped(escape: str) -> str:
    if escape in _NAMED_ESCAPES:
        return _NAMED_ESCAPES[escape]
    if escape[0] == "%":
        return chr(int(escape.lstrip("%u"), 16))
    if escape[1] in "xu" and len(escape) > 3:
        code = int(escape[2:].strip("{}"), 16)
        return chr(code) if code < 0x110000 else "?"
    return chr(int(escape[1:], 8) & 255) if escape[1].isdigit() else escape[1:]
