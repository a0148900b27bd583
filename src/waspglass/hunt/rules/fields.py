"""What becomes of a condition where some of its fields do not exist, or have other names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from waspglass.hunt.rules.condition import And, Condition, Kind, Match, Not, Or, Part, mapped, matches

__all__ = ["field_names", "known_true", "of_dashes", "renamed"]

_DASH: tuple[Part, ...] = (("text", "-"),)


def field_names(condition: Condition) -> frozenset[str]:
    """All field names in the tree, including those referred to by `fieldref`."""
    named = {(one.field, one.text if one.kind is Kind.FIELD else None) for one in matches(condition)}
    return frozenset(name for pair in named for name in pair if name is not None)


def renamed(condition: Condition, names: Mapping[str, str]) -> Condition:
    """The same condition on other field names."""

    def change(one: Match) -> Match:
        field = None if one.field is None else names.get(one.field, one.field)
        return replace(one, field=field, text=names.get(one.text, one.text) if one.kind is Kind.FIELD else one.text)

    return mapped(condition, change)


def of_dashes(condition: Condition) -> Condition:
    """The condition as it is meant of a web server's log: `-` is no value, and an empty query is not an empty URI."""
    return mapped(condition, _of_dashes)


def _of_dashes(one: Match) -> Match:
    if one.field is None:
        return one
    if one.kind is Kind.PATTERN and one.parts == _DASH:
        one = Match(one.field, Kind.NULL)
    asks = one.kind in (Kind.NULL, Kind.EXISTS)
    return replace(one, field="c-uri-query") if asks and one.field == "cs-uri-query" else one


def known_true(condition: Condition, has: Callable[[str], bool]) -> tuple[Condition | None, frozenset[str]]:
    """The part of a condition that can be known to be true without the fields that do not exist.

    A comparison with a missing field is unknown. Of an alternative, the known branches stay; a demand that is unknown
    makes the whole unknown. A filter (`not`) on a missing field is unknown too: leaving it out would accuse falsely.

    Returns:
        The condition that remains (None: nothing can be known), and the missing fields.
    """
    missing: set[str] = set()

    def walk(part: Condition, positive: bool) -> Condition | None:
        match part:
            case Match():
                absent = {name for name in field_names(part) if not has(name)}
                missing.update(absent)
                return None if absent else part
            case Not(of):
                inner = walk(of, not positive)
                return None if inner is None else Not(inner)
            case And(of) | Or(of):
                drops = isinstance(part, Or) is positive
                known = [walk(one, positive) for one in of]
                kept = tuple(one for one in known if one is not None)
                if len(kept) < len(known) and not (drops and kept):
                    return None
                return type(part)(kept)

    return walk(condition, True), frozenset(missing)
