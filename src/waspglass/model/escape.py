"""Shows strings that an attacker chose: nothing in them may act on a terminal, a browser or a spreadsheet."""

from __future__ import annotations

import unicodedata

__all__ = ["bounded", "csv_cell", "in_unicode", "printable", "printable_bytes"]

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def _visible(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if unicodedata.category(character) not in _HIDDEN:
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def printable(text: str) -> str:
    """One line of visible characters from any string, without loss.

    Control, format (bidirectional overrides, zero width), surrogate, private and unassigned characters become
    backslash escapes; the backslash itself is doubled, so that the result can be turned back.
    """
    if text.isascii() and text.isprintable():
        return text.replace("\\", "\\\\")
    return "".join(map(_visible, text))


def printable_bytes(raw: bytes) -> str:
    r"""`printable` of bytes that should be UTF-8; each byte that is not becomes a visible `\udcXX` escape."""
    return printable(raw.decode("utf-8", errors="surrogateescape"))


def in_unicode(path: str) -> str:
    r"""A path as the system gives it, for a document: bytes that are not UTF-8 (lone surrogates) become `\udcXX`."""
    return path.encode("utf-8", "backslashreplace").decode()


def bounded(text: str, limit: int) -> str:
    """At most `limit` characters; how many were cut is said, in no language."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… [+{len(text) - limit}]"


def csv_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP: CSV injection), on one line."""
    shown = printable(text)
    return f"'{shown}" if text.startswith(_FORMULA_STARTS) else shown
