r"""Writes a Python regular expression in the syntax of RE2, so that it means the same and takes linear time.

RE2 reads almost the same syntax, but not quite (`{,3}`, `\Z`, `\s`, `$` before a last line feed, letters whose case
Unicode folds to ASCII). So the expression is parsed as Python does, and each node is written out in full: classes as
ranges, letters of either case as classes, no flags. What RE2 does not have (look-around, back-references, atomic
groups) has no translation.

Source: github.com/google/re2, `doc/syntax.txt`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from waspglass.hunt.rules.regex_tree import Items, op, parsed

if TYPE_CHECKING:
    from sre_parse import SubPattern

__all__ = ["Translated", "in_re2"]

_CAPTURES = re.compile(r"\((?!\?)")
"""In what is written here, which has no bracket of its own: all are written as numbers."""
_LAST = 0x10FFFF
_CLASSES = {
    op.CATEGORY_DIGIT: r"0-9",
    op.CATEGORY_NOT_DIGIT: r"\x00-/:-\x{10FFFF}",
    op.CATEGORY_SPACE: r"\t-\r ",
    op.CATEGORY_NOT_SPACE: r"\x00-\x08\x0e-\x1f!-\x{10FFFF}",
    op.CATEGORY_WORD: r"0-9A-Z_a-z",
    op.CATEGORY_NOT_WORD: r"\x00-/:-@\[-\^`\{-\x{10FFFF}",
}
"""With `re.ASCII`, inside of brackets."""


class _ForeignError(Exception):
    """Something that RE2 does not have."""


@dataclass(frozen=True, slots=True)
class Translated:
    """An expression for RE2.

    Attributes:
        text: The expression.
        end: True if it has a `$` that also stands before a line feed at the very end, which RE2 cannot say: a text that
            ends in a line feed is searched once more without it.
    """

    text: str
    end: bool


def in_re2(pattern: str, flags: re.RegexFlag) -> Translated | None:
    """The expression in RE2's syntax, or None if it cannot be said there.

    Args:
        pattern: Python syntax; it compiles.
        flags: `re.ASCII` among them.
    """
    tree = parsed(pattern, flags)
    if tree is None:
        return None
    writer = _Writer()
    try:
        text = writer.sequence(tree.data, tree.state.flags, last=True)
    except (_ForeignError, RecursionError):
        return None
    return Translated(text, writer.end)


class _Writer:
    """Writes nodes; notes what it met."""

    def __init__(self) -> None:
        self.end = False

    def sequence(self, items: Items, flags: int, *, last: bool) -> str:
        """Nodes one after another; `last` if nothing follows them."""
        if not flags & re.ASCII:
            raise _ForeignError
        nodes = list(items)
        return "".join(
            self._node(code, value, flags, last=last and place == len(nodes) - 1)
            for place, (code, value) in enumerate(nodes)
        )

    def _node(self, code: object, value: object, flags: int, *, last: bool) -> str:
        if code is op.LITERAL:
            return _bracketed(_range(value, value, flags), negated=False)
        if code is op.NOT_LITERAL:
            return _bracketed(_range(value, value, flags), negated=True)
        if code is op.ANY:
            return r"[\x00-\x{10FFFF}]" if flags & re.DOTALL else r"[^\n]"
        if code is op.IN:
            return _class(cast("Items", value), flags)
        if code is op.AT:
            return self._place(value, flags, last=last)
        if code is op.BRANCH:
            branches = cast("tuple[object, list[Items]]", value)[1]
            return f"(?:{'|'.join(self.sequence(one, flags, last=last) for one in branches)})"
        if code is op.SUBPATTERN:
            group, added, removed, items = cast("tuple[int | None, int, int, Items]", value)
            inner = self.sequence(items, (flags | added) & ~removed, last=last)
            return f"(?:{inner})" if group is None else f"({inner})"
        if code in (op.MAX_REPEAT, op.MIN_REPEAT):
            return self._repeat(cast("tuple[int, int, Items]", value), flags, lazy=code is op.MIN_REPEAT)
        raise _ForeignError

    def _repeat(self, value: tuple[int, int, Items], flags: int, *, lazy: bool) -> str:
        least, most, items = value
        inner = self.sequence(items, flags, last=False)
        if _CAPTURES.search(inner) and cast("SubPattern", items).getwidth()[0] == 0:
            raise _ForeignError  # what the last, empty round of a group captured differs between the engines
        count = f"{{{least},{'' if most == op.MAXREPEAT else int(most)}}}"  # RE2 refuses what is above a thousand
        return f"(?:{inner}){count}{'?' if lazy else ''}"

    def _place(self, where: object, flags: int, *, last: bool) -> str:
        if where is op.AT_BEGINNING:
            return "(?m:^)" if flags & re.MULTILINE else r"\A"
        if where is op.AT_BEGINNING_STRING:
            return r"\A"
        if where is op.AT_END_STRING:
            return r"\z"
        if where is op.AT_BOUNDARY:
            return r"\b"
        if where is op.AT_END and flags & re.MULTILINE:
            return "(?m:$)"
        if where is op.AT_END and last:
            self.end = True
            return r"\z"
        raise _ForeignError


def _class(items: Items, flags: int) -> str:
    negated, parts = False, []
    for code, value in items:
        if code is op.NEGATE:
            negated = True
        elif code is op.LITERAL:
            parts.append(_range(value, value, flags))
        elif code is op.RANGE:
            low, high = cast("tuple[int, int]", value)
            parts.append(_range(low, high, flags))
        elif code is op.CATEGORY and value in _CLASSES:
            parts.append(_CLASSES[value])
        else:
            raise _ForeignError
    return _bracketed("".join(parts), negated=negated)


def _bracketed(ranges: str, *, negated: bool) -> str:
    return f"[{'^' if negated else ''}{ranges}]"


def _range(low: object, high: object, flags: int) -> str:
    """Code points from `low` to `high`, and with `re.IGNORECASE` the ASCII letters of the other case."""
    if not isinstance(low, int) or not isinstance(high, int) or high > _LAST or (low <= 0xDFFF and high >= 0xD800):
        raise _ForeignError  # lone surrogates, which UTF-8 does not have
    written = f"\\x{{{low:X}}}-\\x{{{high:X}}}"
    if flags & re.IGNORECASE:
        for first, final, shift in ((0x41, 0x5A, 32), (0x61, 0x7A, -32)):
            start, stop = max(low, first) + shift, min(high, final) + shift
            if start <= stop:
                written += f"\\x{{{start:X}}}-\\x{{{stop:X}}}"
    return written
