"""Signs that a tool disguised a text in a way that is not undone here; that it is like nothing says little then."""

from __future__ import annotations

import re

__all__ = ["is_disguised"]

_MACHINE_NAME = re.compile(r"\b_0x[0-9a-fA-F]{3,8}\b")
MACHINE_NAMES = 12
"""Different names of the kind that obfuscators of JavaScript give, from which on nobody wrote them by hand."""
_EVALUATES = re.compile(
    r"(?i)\b(?:eval|exec|execute|executeglobal|executestatement)\s?[(\s]|\biex\b|\binvoke-expression\b|\bscriptblock\b"
    r"|\bnew Function\b"
)
_STRING = re.compile(r"\"[^\"\n]*+\"|'[^'\n]*+'|`[^`]*+`")
STRING_SHARE = 0.5
"""Of a text that evaluates something; programs that people wrote are less than a third strings."""
LEAST_CHARACTERS = 500
_WORDS = re.compile(r"\w+")
WORD_SHARE = 0.125
"""Letters and digits of a program are two thirds of it at least; some packers do without any."""


def is_disguised(text: str, *, unpacked: bool) -> bool:
    """Whether names or strings of a text look as only a tool leaves them.

    Args:
        text: The text.
        unpacked: Something was unpacked from it: strings that were read hide nothing.
    """
    if len(set(_MACHINE_NAME.findall(text))) >= MACHINE_NAMES:
        return True
    filled = len(text) - sum(map(text.count, " \t\r\n"))
    if unpacked or filled < LEAST_CHARACTERS:
        return False
    if sum(map(len, _WORDS.findall(text))) < WORD_SHARE * filled:
        return True
    return _EVALUATES.search(text) is not None and sum(map(len, _STRING.findall(text))) > STRING_SHARE * len(text)
