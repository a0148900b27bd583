"""Python's own parse tree of a regular expression: the one place that knows where the interpreter keeps its parser.

The parser is part of CPython from 3.11 on (`re._parser`, formerly `sre_parse`), but no documented interface. So nothing
rests on it: without a tree an expression runs in the bounded engine and gives no needles, with the same answers.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import Protocol, cast

__all__ = ["Items", "Tree", "op", "parsed"]

Items = Iterable[tuple[object, object]]
"""Nodes of a tree: what it is (one of `op`), and what belongs to it."""


class _State(Protocol):
    @property
    def flags(self) -> int: ...


class Tree(Protocol):
    """A parsed expression, or a part of one."""

    @property
    def state(self) -> _State:
        """What the parser noted: the flags in force."""
        ...

    def __iter__(self) -> Iterator[tuple[object, object]]: ...

    def getwidth(self) -> tuple[int, int]:
        """The least and the greatest length of what it matches."""
        ...


class _Parser(Protocol):
    def parse(self, pattern: str, flags: int) -> Tree: ...


def _part(name: str) -> object | None:
    try:
        return importlib.import_module(f"re.{name}")
    except ImportError:
        return None


_PARSER, _CODES = _part("_parser"), _part("_constants")


class _Codes:
    """What nodes are: `op.LITERAL`, `op.BRANCH`, ..."""

    def __getattr__(self, name: str) -> object:
        return getattr(_CODES, name, name)


op = _Codes()


def parsed(pattern: str, flags: re.RegexFlag) -> Tree | None:
    """The tree of an expression that compiles; None where this interpreter does not give it, or it nests too deeply."""
    if _PARSER is None or _CODES is None:
        return None
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of sets inside of sets
            return cast("_Parser", _PARSER).parse(pattern, int(flags))
    except (AttributeError, TypeError, re.error, RecursionError, OverflowError):
        return None
