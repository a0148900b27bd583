"""Python's own parse tree of a regular expression: the one place that knows where the interpreter keeps its parser.

The parser is part of CPython from 3.11 on (`re._parser`, formerly `sre_parse`), but no documented interface. So nothing
rests on it: without a tree an expression runs in the bounded engine and gives no needles, with the same answers.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from sre_parse import SubPattern  # what types are known of it stands under its former name

__all__ = ["Items", "op", "parsed"]

Items = Iterable[tuple[object, object]]
"""Nodes of a tree: what it is (one of `op`), and what belongs to it."""


def _part(name: str) -> ModuleType | None:
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


def parsed(pattern: str, flags: re.RegexFlag) -> SubPattern | None:
    """The tree of an expression that compiles; None where this interpreter does not give it, or it nests too deeply."""
    if _PARSER is None or _CODES is None:
        return None
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of sets inside of sets
            return cast("SubPattern", _PARSER.parse(pattern, int(flags)))
    except (AttributeError, TypeError, re.error, RecursionError, OverflowError):
        return None
