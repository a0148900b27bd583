"""What a rule demands of a record, as a small tree that can be stored, compiled and searched for needles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import cast

__all__ = [
    "NEVER",
    "And",
    "Condition",
    "Kind",
    "Match",
    "Not",
    "Or",
    "Part",
    "conjunction",
    "disjunction",
    "from_json",
    "matches",
    "to_json",
]

Part = tuple[str, str]
"""A piece of a pattern: `("text", literal)`, `("any", "")` for `*`, `("one", "")` for `?`, `("hole", placeholder)`."""


class Kind(StrEnum):
    """How a value is compared."""

    PATTERN = "pattern"
    """Whole value against `parts`, without regard to case unless `cased`."""
    REGEX = "regex"
    """`text` searched in the value, with `flags` out of `ims`."""
    CIDR = "cidr"
    """The value is an address inside the network `text`."""
    COMPARE = "compare"
    """The value as a number, against `number` with the operator `flags` (`<`, `<=`, `>`, `>=`, `!=`)."""
    NULL = "null"
    """The field is absent or empty."""
    EXISTS = "exists"
    """The field is there (`flags` `yes`) or not (`no`)."""
    FIELD = "field"
    """Against the value of field `text`; `flags`: `s` if more may follow it, `e` if something may stand before it."""
    TIME = "time"
    """The part `flags` (minute, hour, day, week, month, year) of the value, read as a moment, against `number` with the
    operator `text` (as in COMPARE; none for "equals")."""
    TOKEN = "token"  # noqa: S105 - a word of the language, not a secret
    """`text` stands in the value as a whole token: nothing beside it that would make it another address or name."""


@dataclass(frozen=True, slots=True)
class Match:
    """A comparison of one field; without a field, of any value of the record (Sigma keywords)."""

    field: str | None
    kind: Kind
    text: str = ""
    parts: tuple[Part, ...] = ()
    number: float = 0.0
    flags: str = ""
    cased: bool = False


@dataclass(frozen=True, slots=True)
class And:
    """All of them; none at all is true."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them; none at all is false."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    of: Condition


Condition = Match | And | Or | Not

NEVER = Or(())
"""No record satisfies it: for rules that match by other means (YARA, correlations, an indicator's own condition)."""


def conjunction(parts: list[Condition]) -> Condition:
    """`And`, or the single part."""
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def disjunction(parts: list[Condition]) -> Condition:
    """`Or`, or the single part."""
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def matches(condition: Condition) -> Iterator[Match]:
    """All comparisons in the tree, left to right."""
    match condition:
        case Match():
            yield condition
        case Not(of):
            yield from matches(of)
        case And(of) | Or(of):
            for part in of:
                yield from matches(part)


def to_json(condition: Condition) -> list[object]:
    """A list that JSON can hold; `from_json` gives the condition back."""
    match condition:
        case And(of):
            return ["and", *map(to_json, of)]
        case Or(of):
            return ["or", *map(to_json, of)]
        case Not(of):
            return ["not", to_json(of)]
        case Match():
            values = (getattr(condition, part.name) for part in fields(condition))
            return ["match", *(list(map(list, value)) if isinstance(value, tuple) else value for value in values)]


def from_json(stored: object) -> Condition:
    """The condition that `to_json` stored.

    Raises:
        ValueError, TypeError, KeyError: If it is not such a list.
    """
    if not isinstance(stored, list) or not stored:
        msg = f"not a stored condition: {stored!r:.80}"
        raise ValueError(msg)
    of: list[object] = stored[1:]
    match stored[0]:
        case "match":
            return _match_from_json(of)
        case "and":
            return And(tuple(map(from_json, of)))
        case "or":
            return Or(tuple(map(from_json, of)))
        case "not":
            return Not(from_json(*of))
    msg = f"not a stored condition: {stored!r:.80}"
    raise ValueError(msg)


_KINDS = {kind.value: kind for kind in Kind}


def _match_from_json(of: list[object]) -> Match:
    """Written out rather than matched by a pattern: each start reads thousands of them."""
    field, kind, text, parts, number, flags, cased = of
    if (
        not (field is None or isinstance(field, str))
        or not isinstance(text, str)
        or not isinstance(parts, list)
        or not isinstance(number, float)
        or not isinstance(flags, str)
        or not isinstance(cased, bool)
    ):
        msg = "not a stored comparison"
        raise TypeError(msg)
    read = tuple([(shape, piece) for shape, piece in cast("list[list[str]]", parts)])
    return Match(field, _KINDS[cast("str", kind)], text, read, number, flags, cased)
