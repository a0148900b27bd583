"""Checks of what a Sigma rule detects: values that are not there, and parts that no condition asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from waspglass.packs.rule_documents import SigmaDocument

__all__ = ["empty_values", "unused_detection"]

_WORD = re.compile(r"[\w*-]+")


def empty_values(rule: SigmaDocument, _rules: object) -> Iterator[tuple[int, str]]:
    """A list without values means that the field is empty, which nobody means who writes it."""
    for path, field, value in rule.values:
        if value == []:
            yield rule.line(*path), f"{field} has an empty list of values; write null if the field must be empty"


def unused_detection(rule: SigmaDocument, _rules: object) -> Iterator[tuple[int, str]]:
    """A part of the detection that the condition does not name: often a filter that was forgotten.

    Names that begin with `_` are left out of `them`, and so may be helpers.
    """
    detection = rule.data.get("detection")
    if not isinstance(detection, dict):
        return
    said = detection.get("condition")
    words = {word for one in (said if isinstance(said, list) else [said]) for word in _WORD.findall(str(one))}
    for name in map(str, detection):
        if name in ("condition", "timeframe") or ("them" in words and not name.startswith("_")):
            continue
        if not any(fnmatchcase(name, word) for word in words):
            yield rule.line("detection", name), f"the condition does not ask for {name!r}"
