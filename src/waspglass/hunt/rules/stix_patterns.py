"""Reads STIX patterns: `[a AND (b OR c)] OR [d]` becomes the alternatives of which each is seen in one record."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from waspglass.hunt.rules.errors import UnsupportedRuleError

__all__ = ["Comparison", "alternatives"]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<mark>[][()])
      | (?P<word>AND|OR|NOT|FOLLOWEDBY|WITHIN|REPEATS|START|STOP|EXISTS)\b
      | (?P<path>[A-Za-z][A-Za-z0-9-]*:(?:'(?:[^'\\]|\\.)*'|"[^"]*"|[\w.*-]|\[(?:\d+|\*)\])+)\s*
        (?P<operator>=|==|!=|<>|<=|>=|<|>|(?:NOT\s+)?(?:LIKE|MATCHES|IN|ISSUBSET|ISSUPERSET)\b)\s*
        (?P<value>\((?:[^()']|'(?:[^'\\]|\\.)*')*\)|[tbh]?'(?:[^'\\]|\\.)*'|[\w.+-]+)
    )""",
    re.VERBOSE,
)
_STRING = re.compile(r"[tbh]?'((?:[^'\\]|\\.)*)'|([\w.+-]+)")
_MOST = 500
"""Alternatives of one pattern; `(a OR b) AND (c OR d) AND ...` multiplies."""

_DEEPEST = 50
"""Brackets in one pattern."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: `file:name = 'x'`.

    Attributes:
        object: `file`, `ipv4-addr`, ...
        path: Lower case, without quotes and the number of a list's item.
        operator: As written, in upper case.
        values: One, or those of a set.
    """

    object: str
    path: str
    operator: str
    values: tuple[str, ...]


Choice = tuple[Comparison, ...]


def alternatives(pattern: str) -> list[Choice]:
    """The alternatives of a pattern, each with all comparisons that one record must satisfy.

    Raises:
        UnsupportedRuleError: If the pattern joins several observations, negates, or cannot be read.
    """
    tokens: list[str | Comparison] = []
    at, text = 0, pattern.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise UnsupportedRuleError(f"a pattern that cannot be read at {text[at : at + 40]!r}")
        tokens.append(found["mark"] or found["word"] or _comparison(found))
        at = found.end()
    reader = _Reader(tokens)
    choices = reader.observations()
    if reader.peek() is not None:
        raise UnsupportedRuleError("a pattern that joins several observations is not read")
    return choices


def _comparison(found: re.Match[str]) -> Comparison:
    kind, _, path = found["path"].partition(":")
    path = re.sub(r"\[(?:\d+|\*)\]", "", re.sub("['\"]", "", path)).lower()
    values = tuple(
        re.sub(r"\\(.)", r"\1", one[1]) if one[1] is not None else one[2] for one in _STRING.finditer(found["value"])
    )
    return Comparison(kind.lower(), path, " ".join(found["operator"].upper().split()), values)


class _Reader:
    """Recursive descent; `and` binds more than `or`."""

    def __init__(self, tokens: list[str | Comparison]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def peek(self) -> str | Comparison | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, wanted: str) -> bool:
        if self.peek() != wanted:
            return False
        self._at += 1
        return True

    def _demand(self, wanted: str) -> None:
        if not self._take(wanted):
            raise UnsupportedRuleError(f"a pattern without {wanted!r} where it is due")

    def observations(self) -> list[Choice]:
        return self._alternatives(self._observation)

    def _observation(self) -> list[Choice]:
        if self._take("("):
            return self._in_brackets(self.observations)
        self._demand("[")
        choices = self._either()
        self._demand("]")
        return choices

    def _either(self) -> list[Choice]:
        return self._alternatives(self._both)

    def _alternatives(self, part: Callable[[], list[Choice]]) -> list[Choice]:
        choices = part()
        while self._take("OR"):
            choices = _bounded(choices + part())
        return choices

    def _both(self) -> list[Choice]:
        choices = self._single()
        while self._take("AND"):
            further = self._single()
            choices = _bounded([(*one, *other) for one in choices for other in further])
        return choices

    def _single(self) -> list[Choice]:
        if self._take("("):
            return self._in_brackets(self._either)
        one = self.peek()
        if not isinstance(one, Comparison):
            raise UnsupportedRuleError(f"a pattern with {one or 'nothing'!r} where a comparison is due")
        self._at += 1
        return [(one,)]

    def _in_brackets(self, inner: Callable[[], list[Choice]]) -> list[Choice]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UnsupportedRuleError("a pattern with too many brackets")
        choices = inner()
        self._demand(")")
        return choices


def _bounded(choices: list[Choice]) -> list[Choice]:
    if len(choices) > _MOST:
        raise UnsupportedRuleError(f"a pattern with more than {_MOST} alternatives")
    return choices
