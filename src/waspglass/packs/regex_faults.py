"""Finds what is wrong with a regular expression of a pack: it does not compile, or its time can explode."""

from __future__ import annotations

import re

__all__ = ["regex_fault"]

_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_OPEN_REPEAT = r"(?:[*+]|\{\d*,\})"
_NESTED = re.compile(rf"\((?:\?[:=!P<>a-z]*)?[^()]*[^()\\]{_OPEN_REPEAT}[?+]?\|?[^()]*\){_OPEN_REPEAT}")
_TWICE = re.compile(rf"\.{_OPEN_REPEAT}\??\.{_OPEN_REPEAT}")


def regex_fault(pattern: str, *, groups: int | None = None) -> str | None:
    """What is wrong with a pattern, as a phrase; None if nothing is known to be.

    Nested unbounded repeats (`(a+)+`) make a search take time that doubles with each character of a line that an
    attacker wrote. The test looks at the pattern's shape, so it can warn of a harmless one; it does not find every
    dangerous one.

    Args:
        pattern: Python syntax.
        groups: The least number of groups that it must have.
    """
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"does not compile: {error}"
    if groups is not None and compiled.groups < groups:
        return f"needs at least {groups} group(s) and has {compiled.groups}"
    plain = _CLASS.sub("c", _ESCAPE.sub("e", pattern))
    return "repeats a repeat, so its time can explode" if _NESTED.search(plain) or _TWICE.search(plain) else None
