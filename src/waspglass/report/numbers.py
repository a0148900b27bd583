"""How numbers are written: the marks of a language, and what is counted."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["counted", "in_language"]

_MARKS: Mapping[str, Mapping[int, int]] = {"en": {}, "de": str.maketrans(",.", ".,")}


def in_language(shown: str, language: str) -> str:
    """A number that was written with English marks (`1,234.5`) with those of the language (German: `1.234,5`)."""
    return shown.translate(_MARKS[language])


def counted(number: int, noun: str) -> str:
    """So many things, in English: `1 pair`, `2 pairs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
