"""Indicator tests on the raw line that give the same answer as on the parsed values of a plain row."""

from __future__ import annotations

import re
from collections.abc import Callable

from waspglass.hunt.matching.binding import Bound
from waspglass.hunt.matching.compile import token_test
from waspglass.hunt.rules.condition import Condition, Kind, Match, Or

__all__ = ["RawTest", "raw_test"]

RawTest = Callable[[bytes], bool]
"""Takes the line in lower case."""

_SAFE = re.compile(r"[0-9A-Za-z._-]+")
"""Characters that no line format changes, and that are no separator of any."""


def raw_test(bound: Bound) -> RawTest | None:
    """The test for a rule that is nothing but tokens of any field; None for every other rule."""
    tests = _tests(bound.condition)
    if not tests:
        return None
    if len(tests) == 1:
        return tests[0]
    return lambda low: any(test(low) for test in tests)


def _tests(condition: Condition) -> list[RawTest]:
    match condition:
        case Match(field=None, kind=Kind.TOKEN, text=text) if _SAFE.fullmatch(text):
            return [token_test(text)]
        case Or(of):
            parts = [_tests(part) for part in of]
            return [test for part in parts for test in part] if all(parts) else []
    return []
