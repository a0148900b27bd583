"""What must stand literally in any text that a regular expression matches, as a condition; for needles."""

from __future__ import annotations

from waspglass.hunt.rules.condition import And, Condition, Kind, Match, Or
from waspglass.hunt.rules.regex_tree import Items, op, parsed
from waspglass.hunt.rules.searching import regex_flags

__all__ = ["literals_of"]

_DEEPEST = 12


def literals_of(field: str | None, regex: str, flags: str) -> Condition | None:
    """Necessary literals; None if there are none. Case does not count: needles are searched without it."""
    tree = parsed(regex, regex_flags(flags))
    return None if tree is None else _sequence(field, tree.data, 0)


def _contains(field: str | None, text: str) -> Condition:
    return Match(field, Kind.PATTERN, parts=(("any", ""), ("text", text), ("any", "")))


def _sequence(field: str | None, items: Items, depth: int) -> Condition | None:
    """The conjunction of the runs of literals and of what repeated and branching parts demand."""
    found: list[Condition] = []
    run: list[str] = []

    def end() -> None:
        if run:
            found.append(_contains(field, "".join(run)))
            run.clear()

    def walk(parts: Items, level: int) -> None:
        for node, value in parts:
            if node is op.LITERAL and isinstance(value, int):
                run.append(chr(value))
            elif node is op.SUBPATTERN and isinstance(value, tuple) and level < _DEEPEST:
                walk(value[-1], level + 1)
            elif node is not op.AT:
                end()
                demanded = _part(field, node, value, level)
                if demanded is not None:
                    found.append(demanded)

    walk(items, depth)
    end()
    return And(tuple(found)) if found else None


def _part(field: str | None, node: object, value: object, depth: int) -> Condition | None:
    if not isinstance(value, tuple) or depth >= _DEEPEST:
        return None
    if node in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, _, inner = value
        return _sequence(field, inner, depth + 1) if least >= 1 else None
    if node is op.BRANCH:
        branches = [_sequence(field, branch, depth + 1) for branch in value[1]]
        return None if None in branches else Or(tuple(branch for branch in branches if branch is not None))
    return None
