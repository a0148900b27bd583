"""Tests of wildcard patterns (`*`, `?`) over whole values, in time that grows with their lengths only.

A pattern with several `*` as one regular expression backtracks: the fifth power of a value's length for four of them.
The pieces between the `*` have fixed lengths, so finding each at its first place, one after another, is exact.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from waspglass.hunt.rules.condition import Part

__all__ = ["Test", "any_pattern_test", "fold", "merged", "pattern_test"]

Test = Callable[[str], bool]

_ALONE = str.maketrans({"\u0130": "\ue000", "\u212a": "\ue001", "\u03a3": "\u03c3", "\u03c2": "\u03c3"})
"""What lower case would make into ASCII, and the sigma, whose lower case depends on what stands beside it."""


def fold(text: str) -> str:
    """Lower case, letter by letter, in which only ASCII letters become ASCII letters (no Kelvin sign for `k`)."""
    return text.lower() if text.isascii() else text.translate(_ALONE).lower()


def merged(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Neighbouring texts joined, repeated `*` dropped."""
    result: list[Part] = []
    for kind, text in parts:
        if kind == "text" and result and result[-1][0] == "text":
            result[-1] = ("text", result[-1][1] + text)
        elif not (kind == "any" and result and result[-1][0] == "any"):
            result.append((kind, text))
    return tuple(result)


def pattern_test(parts: tuple[Part, ...], cased: bool, blank: str) -> Test:
    """A wildcard pattern over the whole value.

    Args:
        parts: Texts, `any` for `*`, `one` for `?`.
        cased: True if case counts.
        blank: What stands for a blank inside a value.
    """
    shape = [(kind, text.replace(" ", blank)) for kind, text in merged(parts)]
    kinds, text = _kinds(shape, cased)
    if kinds in ("t", "*", "t*", "*t", "*t*"):
        return _simple(kinds, text, cased)
    return _pieces(shape, str if cased else fold)


def _kinds(shape: list[Part], cased: bool) -> tuple[str, str]:
    """The pattern's outline (`t` for a text), and its first text as it is compared."""
    kinds = "".join({"text": "t", "any": "*", "one": "?"}[kind] for kind, _ in shape)
    first = next((text for kind, text in shape if kind == "text"), "")
    return kinds, first if cased else fold(first)


def any_pattern_test(options: Iterable[tuple[Part, ...]], cased: bool, blank: str) -> Test:
    """True if any of the patterns matches.

    Placeholders are filled with hundreds of values, which mostly differ in one text: these are looked up together, and
    the value is folded once.
    """
    texts: dict[str, list[str]] = defaultdict(list)
    others: list[Test] = []
    for parts in options:
        kinds, text = _kinds([(kind, one.replace(" ", blank)) for kind, one in merged(parts)], cased)
        if kinds in ("t", "t*", "*t", "*t*"):
            texts[kinds].append(text)
        else:
            others.append(pattern_test(parts, cased, blank))
    if not texts and len(others) == 1:
        return others[0]
    whole, starts, ends = frozenset(texts["t"]), tuple(texts["t*"]), tuple(texts["*t"])
    inside, fit = texts["*t*"], str if cased else fold

    def test(value: str) -> bool:
        low = fit(value)
        if low in whole or low.startswith(starts) or low.endswith(ends):
            return True
        for text in inside:
            if text in low:
                return True
        for other in others:  # noqa: SIM110 - a generator costs twice the time of this loop
            if other(value):
                return True
        return False

    return test


def _simple(kinds: str, text: str, cased: bool) -> Test:
    if kinds == "*":
        return lambda value: value != ""
    fit = str if cased else fold
    return {
        "t": lambda value: fit(value) == text,
        "t*": lambda value: fit(value).startswith(text),
        "*t": lambda value: fit(value).endswith(text),
        "*t*": lambda value: text in fit(value),
    }[kinds]


def _pieces(shape: list[Part], fit: Callable[[str], str]) -> Test:
    """Any number of `*` and `?`: the ends where they must stand, and between them each piece at its first place."""
    pieces, lengths = [""], [0]
    for kind, text in shape:
        if kind == "any":
            pieces.append("")
            lengths.append(0)
        else:
            pieces[-1] += "." if kind == "one" else re.escape(fit(text))
            lengths[-1] += 1 if kind == "one" else len(fit(text))
    begin, *middle = (re.compile(piece, re.DOTALL) for piece in pieces)
    if not middle:
        return lambda value: begin.fullmatch(fit(value)) is not None
    end = middle.pop()

    def test(value: str) -> bool:
        text = fit(value)
        last = len(text) - lengths[-1]
        if last < lengths[0] or begin.match(text) is None or end.fullmatch(text, last) is None:
            return False
        at = lengths[0]
        for piece in middle:
            found = piece.search(text, at, last)
            if found is None:
                return False
            at = found.end()
        return True

    return test
