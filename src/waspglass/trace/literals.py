"""Finds programs that stand in one string of another, and undoes replacements that hide them; runs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from waspglass.trace.languages import PLAIN_TEXT, detect

__all__ = ["LEAST_LITERAL", "LONGEST", "hidden", "speaks_of_hiding"]

LEAST_LITERAL = 100
LONGEST = 400
"""Strings that are looked at, the longest first; a packed program is not among the short ones."""
LENGTH_LIMIT = 1 << 20
"""Characters up to which a replacement may make a string grow, unless it only doubles it."""
PAIRS = 8
"""Replacements that are undone."""
_EVALUATES = re.compile(
    r"(?i)\b(?:eval|exec|execute|executeglobal|iex|invoke-expression|scriptblock|assert|create_function|compile)\b"
    r"|new Function\b"
)
_WORD = r"(?:'([^'\n]{1,40})'|\"([^\"\n]{1,40})\"|/([^/\n*+?()\[\]{}^$|\\.]{1,40})/\w{0,3})"
_BY = r"(?:'([^'\n]{0,40})'|\"([^\"\n]{0,40})\")"
_REPLACES = re.compile(
    rf"(?i)replace\w{{0,8}}\s{{0,4}}\({{0,2}}\s{{0,4}}(?:[\w$]{{1,40}}\s{{0,4}},\s{{0,4}})?"
    rf"{_WORD}\)?\s{{0,4}},\s{{0,4}}\(?{_BY}"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")


@lru_cache(maxsize=2)
def speaks_of_hiding(text: str) -> bool:
    """Whether a text evaluates or replaces anything; only then its strings are worth a look."""
    return _EVALUATES.search(text) is not None or _REPLACES.search(text) is not None


def hidden(text: str, literals: Iterable[str], joined: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The programs in the strings of a text, each with its label.

    A string that is a program as it stands is a `string`, if the text speaks of evaluating; one that becomes a program,
    or an encoded one, by the replacements that the text speaks of is `replaced`.

    Args:
        text: What the strings stand in.
        literals: Their contents.
        joined: What they were put together to; pieces of it do not count.
    """
    whole = [literal for literal in _longest(literals) if not any(literal in longer for longer in joined)]
    if _EVALUATES.search(text):
        yield from (("string", literal) for literal in whole if detect("", literal) is not PLAIN_TEXT)
    pairs = [(found[1] or found[2] or found[3], found[4] or found[5] or "") for found in _REPLACES.finditer(text)]
    pairs = list(dict.fromkeys(pairs))[:PAIRS]
    for literal in _longest((*whole, *joined)) if pairs else ():
        plain = _replaced(literal, pairs)
        if plain != literal and (_BASE64.fullmatch(plain) or detect("", plain) is not PLAIN_TEXT):
            yield "replaced", plain


def _replaced(literal: str, pairs: Sequence[tuple[str, str]]) -> str:
    limit = max(LENGTH_LIMIT, 2 * len(literal))
    for sought, by in pairs:
        if len(literal) + literal.count(sought) * (len(by) - len(sought)) > limit:
            break
        literal = literal.replace(sought, by)
    return literal


def _longest(literals: Iterable[str]) -> list[str]:
    long = dict.fromkeys(literal for literal in literals if len(literal) >= LEAST_LITERAL)
    return sorted(long, key=len, reverse=True)[:LONGEST]
