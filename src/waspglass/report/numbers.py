"""The marks that a language writes numbers with."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["in_language"]

_MARKS: Mapping[str, Mapping[int, int]] = {"en": {}, "de": str.maketrans(",.", ".,")}


def in_language(shown: str, language: str) -> str:
    """A number that was written with English marks (`1,234.5`) with those of the language (German: `1.234,5`)."""
    return shown.translate(_MARKS[language])
