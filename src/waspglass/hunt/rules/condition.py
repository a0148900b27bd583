"""What a rule demands of a record, as a small tree: msgspec can store it; it is compiled, and searched for needles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial

import msgspec

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
    "mapped",
    "matches",
    "placeholders",
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


class Match(msgspec.Struct, frozen=True, array_like=True, tag="match"):
    """A comparison of one field; without a field, of any value of the record (Sigma keywords)."""

    field: str | None
    kind: Kind
    text: str = ""
    parts: tuple[Part, ...] = ()
    number: float = 0.0
    flags: str = ""
    cased: bool = False


class And(msgspec.Struct, frozen=True, array_like=True, tag="and"):
    """All of them; none at all is true."""

    of: tuple[Condition, ...]


class Or(msgspec.Struct, frozen=True, array_like=True, tag="or"):
    """At least one of them; none at all is false."""

    of: tuple[Condition, ...]


class Not(msgspec.Struct, frozen=True, array_like=True, tag="not"):
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


def mapped(condition: Condition, change: Callable[[Match], Condition]) -> Condition:
    """The same tree with something else for each comparison."""
    match condition:
        case Match():
            return change(condition)
        case Not(of):
            return Not(mapped(of, change))
        case And(of) | Or(of):
            return type(condition)(tuple(map(partial(mapped, change=change), of)))


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


def placeholders(condition: Condition) -> frozenset[str]:
    """The names of all placeholders in the tree."""
    return frozenset(text for match in matches(condition) for kind, text in match.parts if kind == "hole")
