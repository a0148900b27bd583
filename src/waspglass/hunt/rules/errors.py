"""Faults of single rules; the loader turns them into counted skips."""

from __future__ import annotations

__all__ = ["UnsupportedRuleError"]


class UnsupportedRuleError(Exception):
    """A rule is well-formed but asks for something that this engine cannot evaluate."""
