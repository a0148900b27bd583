"""Reads STIX patterns into terms of which any may be seen: one observation, several together or in order, or repeated.

Grammar: OASIS STIX 2.1, part 9 (`STIXPattern.g4`); `FOLLOWEDBY` binds least, then `OR`, then `AND`, and a qualifier
belongs to the observation, or the brackets, before it. Tests compare what is read with the OASIS library.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from waspglass.hunt.rules.errors import UnsupportedRuleError

__all__ = ["Choice", "Comparison", "Joined", "Repeated", "Seen", "Term", "read_pattern"]

_QUOTED = r"'[^'\\]*+(?:\\.[^'\\]*+)*+'"
"""A string; possessive, because whoever wrote it may have made it megabytes long."""
_PATH = rf"[A-Za-z][A-Za-z0-9_-]*:(?:{_QUOTED}|\"[^\"]*\"|[\w.*-]|\[(?:\d+|\*)\])++"
_TOKEN = re.compile(
    rf"""\s*+(?:
        (?P<mark>[][()])
      | (?P<word>AND|OR|FOLLOWEDBY|WITHIN|SECONDS|REPEATS|TIMES|START|STOP)\b
      | (?P<exists>(?:NOT\s+)?EXISTS)\s+(?P<there>{_PATH})
      | (?P<path>{_PATH})\s*+
        (?P<operator>(?:NOT\s*)?(?:==|=|!=|<>|<=|>=|<|>|(?:LIKE|MATCHES|IN|ISSUBSET|ISSUPERSET)\b))\s*+
        (?P<value>\([^()']*+(?:{_QUOTED}[^()']*+)*+\)|[tbh]?{_QUOTED}|[\w.+-]+)
      | (?P<time>t'[^']*')
      | (?P<number>\d+(?:\.\d+)?)
    )""",
    re.VERBOSE | re.DOTALL,
)
_STRING = re.compile(rf"([tbh]?)({_QUOTED})|([\w.+-]+)", re.DOTALL)
_MOST_TOKENS = 5_000
_MOST = 500
"""Alternatives of one pattern; `(a OR b) AND (c OR d) AND ...` multiplies."""
_MOST_STEPS = 10
_DEEPEST = 50
"""Brackets inside of one another."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: `file:name = 'x'`.

    Attributes:
        object: `file`, `ipv4-addr`, ...
        path: Lower case, without quotes and the number of a list's item.
        operator: `=`, `!=`, `<`, `<=`, `>`, `>=`, `LIKE`, `MATCHES`, `IN`, `ISSUBSET`, `ISSUPERSET`, `EXISTS`.
        values: One, or those of a set; none of `EXISTS`.
        negated: True after `NOT`.
        typed: True if a value is a time or bytes (`t'...'`, `b'...'`, `h'...'`).
    """

    object: str
    path: str
    operator: str
    values: tuple[str, ...]
    negated: bool = False
    typed: bool = False


Choice = tuple[Comparison, ...]
"""What one record must satisfy, all of it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One observation: a record that satisfies any of the choices."""

    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """Several observations.

    Attributes:
        steps: Each has the choices of one observation.
        ordered: True for `FOLLOWEDBY`.
        seconds: Within which all must be; None for any time.
    """

    steps: tuple[tuple[Choice, ...], ...]
    ordered: bool
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Repeated:
    """An observation that is made several times, within some seconds or at any time."""

    choices: tuple[Choice, ...]
    times: int
    seconds: float | None = None


Term = Seen | Joined | Repeated
_Part = TypeVar("_Part")


def read_pattern(pattern: str) -> list[Term]:
    """The terms of a pattern, any of which satisfies it.

    Raises:
        UnsupportedRuleError: If the pattern cannot be read, or joins observations in a way that is not hunted.
    """
    tokens: list[str | Comparison] = []
    at, text = 0, pattern.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise UnsupportedRuleError(f"a pattern that cannot be read at {text[at : at + 40]!r}")
        path = found["path"] or found["there"]
        tokens.append(_comparison(found, path) if path else str(found[found.lastgroup or 0]))
        at = found.end()
        if len(tokens) > _MOST_TOKENS:
            raise UnsupportedRuleError(f"a pattern of more than {_MOST_TOKENS} parts")
    reader = _Reader(tokens)
    terms = reader.observations()
    if reader.peek() is not None:
        raise UnsupportedRuleError(f"a pattern with {str(reader.peek())[:40]!r} where it should end")
    return terms


def _comparison(found: re.Match[str], path: str) -> Comparison:
    kind, _, below = path.partition(":")
    below = re.sub(r"\[(?:\d+|\*)\]", "", re.sub("['\"]", "", below)).lower()
    if found["exists"]:
        return Comparison(kind.lower(), below, "EXISTS", (), found["exists"].startswith("NOT"))
    constants = list(_STRING.finditer(found["value"]))
    values = tuple(re.sub(r"\\(.)", r"\1", one[2][1:-1], flags=re.DOTALL) if one[2] else one[3] for one in constants)
    typed = any(one[1] for one in constants)
    operator = found["operator"]
    negated = operator.startswith("NOT")
    operator = operator.removeprefix("NOT").strip()
    operator = {"==": "=", "<>": "!="}.get(operator, operator)
    if operator == "!=":
        operator, negated = "=", not negated
    if operator != "IN" and found["value"].startswith("("):
        raise UnsupportedRuleError(f"a pattern with a set after {operator}")
    return Comparison(kind.lower(), below, operator, values, negated, typed)


class _Reader:
    """Recursive descent."""

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

    def observations(self) -> list[Term]:
        return _joined(self._parts("FOLLOWEDBY", self._any_of), ordered=True)

    def _any_of(self) -> list[Term]:
        return [term for part in self._parts("OR", self._together) for term in part]

    def _together(self) -> list[Term]:
        return _joined(self._parts("AND", self._observation), ordered=False)

    def _parts(self, word: str, part: Callable[[], list[Term]]) -> list[list[Term]]:
        found = [part()]
        while self._take(word):
            found.append(part())
            _bounded(found)
        return found

    def _observation(self) -> list[Term]:
        if self._take("("):
            terms = self._in_brackets(self.observations)
        else:
            self._demand("[")
            terms = [Seen(tuple(self._either()))]
            self._demand("]")
        while (qualifier := self.peek()) in ("WITHIN", "REPEATS", "START"):
            self._at += 1
            terms = self._qualified(str(qualifier), terms)
        return terms

    def _qualified(self, qualifier: str, terms: list[Term]) -> list[Term]:
        if qualifier == "START":
            raise UnsupportedRuleError("START and STOP are not heeded: use --since and --until")
        number = self._number()
        self._demand("SECONDS" if qualifier == "WITHIN" else "TIMES")
        if qualifier == "WITHIN":
            return [one if isinstance(one, Seen) else _within(one, number) for one in terms]
        if number < 1 or number != int(number):
            raise UnsupportedRuleError(f"a pattern that repeats {number:g} times")
        return terms if number == 1 else [Repeated(_step(terms), int(number))]

    def _number(self) -> float:
        word = self.peek()
        self._at += 1
        if not isinstance(word, str) or not word.replace(".", "", 1).isdigit():
            raise UnsupportedRuleError("a pattern without a number where it is due")
        if not math.isfinite(number := float(word)):
            raise UnsupportedRuleError("a pattern with a number that is too large")
        return number

    def _either(self) -> list[Choice]:
        choices = self._both()
        while self._take("OR"):
            choices = _bounded(choices + self._both())
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

    def _in_brackets(self, inner: Callable[[], _Part]) -> _Part:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UnsupportedRuleError("a pattern with too many brackets")
        part = inner()
        self._demand(")")
        self._depth -= 1
        return part


def _joined(parts: list[list[Term]], *, ordered: bool) -> list[Term]:
    """The terms of the only part, or all parts as the steps of one."""
    if len(parts) == 1:
        return parts[0]
    if len(parts) > _MOST_STEPS:
        raise UnsupportedRuleError(f"a pattern of more than {_MOST_STEPS} observations")
    return [Joined(tuple(map(_step, parts)), ordered)]


def _step(terms: Iterable[Term]) -> tuple[Choice, ...]:
    """All choices of observations, as of one; what is joined or repeated already cannot be a step."""
    choices: list[Choice] = []
    for one in terms:
        if not isinstance(one, Seen):
            raise UnsupportedRuleError("a pattern that joins or repeats what is joined or repeated itself")
        choices += one.choices
    return tuple(_bounded(choices))


def _within(one: Joined | Repeated, seconds: float) -> Term:
    return replace(one, seconds=seconds if one.seconds is None else min(seconds, one.seconds))


def _bounded(choices: list[_Part]) -> list[_Part]:
    if len(choices) > _MOST:
        raise UnsupportedRuleError(f"a pattern with more than {_MOST} alternatives")
    return choices
