"""Cuts a text into tokens without a grammar: words, numbers, strings, marks, and the comments of its language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from waspglass.trace.languages import Comments

__all__ = ["lexed"]

_CODE = (
    rb"|(?P<string>\"(?:[^\"\\\n]++|\\.)*+\"|'(?:[^'\\\n]++|\\.)*+')"
    rb"|(?P<number>\b\d[\w.]*)"
    rb"|(?P<word>[A-Za-z_$@\x80-\xff][\w$\x80-\xff]*)"
    rb"|(?P<plain>[-+*/%=<>!&|^~?:]{1,2}|[^\s\w])"
)
_KEYWORDS = frozenset(
    b"if else elif for foreach while do switch case default break continue return goto function def class struct enum "
    b"interface namespace using import from include require new delete try catch except finally throw raise with as in "
    b"is not and or null nil none true false this self public private protected static final const void int long short "
    b"char float double bool boolean string var let package end begin then fi done esac rule meta strings condition "
    b"select where group order by insert update into values create table join on param process".split()
)  # fmt: skip
_LONGEST = max(map(len, _KEYWORDS))


@cache
def _lexer(comments: Comments) -> re.Pattern[bytes]:
    """The tokens of a text with such comments; of one that goes over lines the opening mark."""
    opens = b"|".join(re.escape(begin) for begin, _ in comments.blocks) or rb"(?!)"
    return re.compile(rb"(?P<open>" + opens + rb")|(?P<comment>" + comments.line + rb")" + _CODE, re.DOTALL)


def lexed(raw: bytes, comments: Comments) -> Iterator[tuple[str, int, int]]:
    """Class, start and end of each token; linear in time even where very many comments open and none closes.

    The classes are `comment`, `string`, `number`, `word`, and `plain` for marks and the words that many languages keep.
    """
    place, search = 0, _lexer(comments).search
    closers = dict(comments.blocks)
    while match := search(raw, place):
        name, start, place = match.lastgroup or "plain", match.start(), match.end()
        if name == "open":
            closer = closers.get(match.group())  # none if nothing closes this kind from here on
            end = raw.find(closer, place) if closer else -1
            if closer and end >= 0:
                name, place = "comment", end + len(closer)
            else:
                closers.pop(match.group(), None)
                name, place = "plain", start + 2
        elif name == "word" and place - start <= _LONGEST and match.group().lower() in _KEYWORDS:
            name = "plain"
        yield name, start, place
