"""Searches with regular expressions of rules in text that an attacker wrote: in linear time, or within a bound.

A backtracking engine takes time that can double with each character of a line (`(a+)+$`), so whoever knows a rule could
make the hunt hang. Expressions run in RE2, which takes linear time. The few that it cannot express (look-around,
back-references) run in the `regex` package, which stops when its time is up.
"""

from __future__ import annotations

import re
import time
import warnings
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Protocol

from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.re2_syntax import Translated, in_re2

__all__ = [
    "SECONDS_PER_RULE",
    "SECONDS_PER_VALUE",
    "Search",
    "SearchGivenUpError",
    "checked_expression",
    "first_of",
    "is_linear",
    "regex_flags",
    "searching",
]

SECONDS_PER_VALUE = 0.2
"""Of processor time, for an expression that backtracks, on one value."""
SECONDS_PER_RULE = 10.0
"""Of processor time in one process, spent on values that could not be decided; after that none is tried any more."""
_MOST_MEMORY = 16 << 20
_POSIX_CLASS = re.compile(r"\[:\^?[a-z]+:\]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_STAND_IN = 0x100000
"""A lone surrogate is searched as a private code point: UTF-8 cannot say it, and no rule names either."""


class SearchGivenUpError(Exception):
    """Whether the expression matches this value is not known: it took too long."""


class _Match(Protocol):
    def __getitem__(self, group: int, /) -> str | bytes | None: ...


class Search(ABC):
    """A compiled expression."""

    def __init__(self, groups: int) -> None:
        self._group = min(groups, 1)

    def found(self, text: str) -> bool:
        """Whether it matches anywhere.

        Raises:
            SearchGivenUpError: If that took too long.
        """
        return self._search(text) is not None

    def first(self, text: str) -> str | None:
        """The first group of the first match (the whole match if it has no groups); None if there is none.

        Raises:
            SearchGivenUpError: As `found`.
        """
        match = self._search(text)
        value = None if match is None else match[self._group]
        return _restored(value.decode()) if isinstance(value, bytes) else value

    @abstractmethod
    def _search(self, text: str) -> _Match | None: ...


def regex_flags(flags: str) -> re.RegexFlag:
    """Sigma's `i`, `m`, `s` as Python's, with ASCII classes and ASCII case as in PCRE."""
    result = re.ASCII
    for letter in flags:
        result |= re.RegexFlag[letter.upper()]
    return result


def searching(pattern: str, flags: str = "") -> Search:
    """The expression, ready to search.

    Args:
        pattern: Python syntax.
        flags: Any of `i`, `m`, `s`; classes and case are always those of ASCII.

    Raises:
        re.error: If it is not valid.
    """
    return _linear(pattern, flags) or _Bounded(pattern, flags)


def first_of(search: Search, text: str) -> str | None:
    """As `Search.first`, but a search that was given up found nothing: for values that are only noted."""
    try:
        return search.first(text)
    except SearchGivenUpError:
        return None


def is_linear(pattern: str, flags: str = "") -> bool:
    """False if the expression runs within a bound of time and may be given up."""
    return _linear(pattern, flags) is not None


def checked_expression(pattern: str, flags: str = "") -> str:
    """The expression, once it is known to run here and to mean what it means elsewhere.

    Raises:
        UnsupportedRuleError: If Python reads a part of it as something else, without a word.
        re.error: If it is not valid, nests too deeply, or repeats too often.
    """
    if _POSIX_CLASS.search(pattern):
        raise UnsupportedRuleError("classes such as [:alpha:] are not understood; write out what they hold (A-Za-z)")
    try:
        is_linear(pattern, flags)
    except (RecursionError, OverflowError) as error:
        raise re.error(str(error)) from None
    return pattern


@lru_cache(maxsize=4096)
def _linear(pattern: str, flags: str) -> Search | None:
    """The expression in RE2; None if it cannot be said there, or is too large for its memory."""
    meant = regex_flags(flags)
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of sets inside of sets
        re.compile(pattern, meant)
    translated = in_re2(pattern, meant)
    if translated is None:
        return None
    import re2

    options = re2.Options()
    options.max_mem = _MOST_MEMORY
    options.log_errors = False
    try:
        return _Linear(re2.compile(translated.text, options), translated)
    except re2.error:
        return None


class _Compiled(Protocol):
    @property
    def groups(self) -> int: ...
    def search(self, text: bytes) -> _Match | None: ...


class _Linear(Search):
    """In RE2."""

    def __init__(self, compiled: _Compiled, translated: Translated) -> None:
        super().__init__(compiled.groups)
        self._compiled = compiled
        self._end = translated.end

    def _search(self, text: str) -> _Match | None:
        raw = _encoded(text)
        match = self._compiled.search(raw)
        if match is None and self._end and raw.endswith(b"\n"):
            return self._compiled.search(raw[:-1])
        return match


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATES.sub(lambda one: chr(_STAND_IN + ord(one[0])), text).encode()


def _restored(text: str) -> str:
    if text.isascii():
        return text
    low, high = _STAND_IN + 0xD800, _STAND_IN + 0xDFFF
    return "".join(chr(ord(one) - _STAND_IN) if low <= ord(one) <= high else one for one in text)


class _Bounded(Search):
    """In a backtracking engine that watches the clock."""

    def __init__(self, pattern: str, flags: str) -> None:
        import regex

        chosen = regex.VERSION0 | regex.ASCII  # the package counts its flags differently from `re`
        for letter in flags:
            chosen |= regex.RegexFlag[letter.upper()]
        self._compiled = regex.compile(pattern, chosen)
        super().__init__(self._compiled.groups)
        self._left = SECONDS_PER_RULE

    def _search(self, text: str) -> _Match | None:
        if self._left <= 0:
            raise SearchGivenUpError
        begun = time.process_time()
        try:
            return self._compiled.search(text, timeout=SECONDS_PER_VALUE)
        except TimeoutError:
            self._left -= time.process_time() - begun
            raise SearchGivenUpError from None
