"""Checks of what a Sigma rule detects: values that are not there, and parts that no condition asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from waspglass.packs.issue import Severity
from waspglass.packs.rule_documents import SigmaDocument

__all__ = ["EmptyValues", "UnusedDetection"]

_WORD = re.compile(r"[\w*-]+")


class EmptyValues:
    """A list without values means that the field is empty, which nobody means who writes it."""

    name = "values"
    severity = Severity.ERROR

    def faults(self, rule: SigmaDocument, all_rules: object) -> Iterator[tuple[int, str]]:
        """Each such list."""
        del all_rules
        for path, field, value in rule.values:
            if value == []:
                yield rule.line(*path), f"{field} has an empty list of values; write null if the field must be empty"


class UnusedDetection:
    """A part of the detection that the condition does not name: often a filter that was forgotten."""

    name = "condition"
    severity = Severity.WARNING

    def faults(self, rule: SigmaDocument, all_rules: object) -> Iterator[tuple[int, str]]:
        """Each such part; names that begin with `_` are left out of `them`, and so may be helpers."""
        del all_rules
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
