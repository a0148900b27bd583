"""How many comparisons a Sigma rule comes to, reckoned before pySigma writes all of them out.

A line of a rule can ask for a hundred (three dashes under `windash`), and a condition for all of them again with each
word: 100 kB took 35 seconds and 1.4 GB.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from fnmatch import fnmatchcase

from waspglass.hunt.rules.errors import UnsupportedRuleError

__all__ = ["comparisons"]

_WORD = re.compile(r"[\w*?-]+")
_DASH = re.compile(r"\B[-/]\b")
_WITH_DASHES = (1, 5, 25, 125)
"""What pySigma writes for a value with so many dashes under `windash`; it refuses one with more."""
_OFFSETS = 3
_MOST_LOOKED_UP = 100_000
"""Names with `*` of a condition, times the selections among which each is looked up."""


def comparisons(part: object) -> int:
    """The comparisons of a `detection` or `filter`; 0 of what has not the shape of one.

    Raises:
        UnsupportedRuleError: If its condition takes too long to look up.
    """
    if not isinstance(part, Mapping):
        return 0
    sizes = {str(name): _selected(one) for name, one in part.items() if name not in ("condition", "rules")}
    told = part.get("condition")
    words = Counter(word for one in (told if isinstance(told, list) else [told]) for word in _WORD.findall(str(one)))
    wild = sum("*" in word for word in words)
    if wild * len(sizes) > _MOST_LOOKED_UP:
        raise UnsupportedRuleError(f"a condition with {wild:,} names with `*`, for {len(sizes):,} selections")
    return sum(times * _named(word, sizes) for word, times in words.items())


def _named(word: str, sizes: Mapping[str, int]) -> int:
    """Those of the selections that a word of a condition stands for."""
    if word in sizes:
        return sizes[word]
    if word == "them":
        return sum(sizes.values())
    return sum(size for name, size in sizes.items() if fnmatchcase(name, word)) if "*" in word else 0


def _selected(part: object) -> int:
    if isinstance(part, list):
        return sum(map(_selected, part))
    return sum(_compared(str(key), value) for key, value in part.items()) if isinstance(part, Mapping) else 1


def _compared(key: str, value: object) -> int:
    """Those of a field with its modifiers."""
    modifiers = key.split("|")[1:]
    values = value if isinstance(value, list) else [value]
    forms = _OFFSETS if "base64offset" in modifiers else 1
    if "windash" not in modifiers:
        return forms * len(values)
    return forms * sum(_WITH_DASHES[min(len(_DASH.findall(str(one))), 3)] for one in values)
