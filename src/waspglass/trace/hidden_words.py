"""Texts whose words a tool hid: by their numbers in a list that stands behind, or by marks inside that mean nothing.

Packers of JavaScript (Dean Edwards' and its kin) write `}('0 1=2',62,3,'var|a|b'.split('|')`: the text, the base of
the numbers, how many words there are, and the words. In PowerShell a backtick before a letter that it does not make a
control character of is nothing at all (`about_Special_Characters`). Nothing is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

__all__ = ["hidden_words"]

_STRING = r"'(?:[^'\\]++|\\.)*+'|\"(?:[^\"\\]++|\\.)*+\""
_PACKED = re.compile(
    rf"\}}\s{{0,4}}\(\s{{0,4}}(?P<text>{_STRING})\s{{0,4}},\s{{0,4}}(?P<base>\d{{1,2}})\s{{0,4}},"
    rf"\s{{0,4}}\d{{1,6}}\s{{0,4}},\s{{0,4}}(?P<words>{_STRING})\s{{0,4}}\.split\(",
    re.DOTALL,
)
_NUMBER = re.compile(r"\w+", re.ASCII)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NAMED = {"n": "\n", "r": "\r", "t": "\t"}
_DIGITS = {digit: value for value, digit in enumerate("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")}
LENGTH_LIMIT = 33 << 20
"""Characters up to which a text is put together: more than `unpack` takes, which says that it stopped."""
_TICK = re.compile(r"`(?=[^\W0abefnrtuv])")
_TICK_INSIDE = re.compile(rf"(?<=\w){_TICK.pattern}")
LEAST_TICKS = 12
"""Marks inside of words from which on nobody wrote them by hand."""


def hidden_words(text: str) -> Iterator[tuple[str, bytes]]:
    """Each text with its words as they were, and the label of how they were hidden."""
    if len(_TICK_INSIDE.findall(text)) >= LEAST_TICKS:
        yield "backticks", _TICK.sub("", text).encode("utf-8", "replace")
    for match in _PACKED.finditer(text):
        packed, words = (_ESCAPE.sub(_plain, match[part][1:-1]) for part in ("text", "words"))
        plain = "".join(_pieces(packed, int(match["base"]), words.split("|")))
        yield "word list", plain.encode("utf-8", "replace")


def _plain(escape: re.Match[str]) -> str:
    return _NAMED.get(escape[1], escape[1])


def _pieces(packed: str, base: int, words: Sequence[str]) -> Iterator[str]:
    """The words and what stands between them; a number that has no word stays as it is."""
    place = size = 0
    for number in _NUMBER.finditer(packed):
        value = _value(number.group(), base)
        piece = packed[place : number.start()] + ((words[value] if value < len(words) else "") or number.group())
        size += len(piece)
        if size > LENGTH_LIMIT:
            return
        yield piece
        place = number.end()
    yield packed[place:]


def _value(number: str, base: int) -> int:
    """Of a number with letters for digits; more than any list has if it is none, or a long one."""
    digits = [_DIGITS.get(digit, base) for digit in number[:8]]
    value = 0
    for digit in digits:
        value = value * base + digit
    return value if max(digits) < base and len(number) < 8 else LENGTH_LIMIT
