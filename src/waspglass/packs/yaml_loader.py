"""The YAML reader of packs and rules: plain data only, and no deeper than a person writes it."""

from __future__ import annotations

import re
from typing import cast

import yaml

__all__ = ["BoundedLoader"]

_DEEPEST = 100
"""Levels; 3,000 rules of SigmaHQ have five at most."""


class BoundedLoader(yaml.CSafeLoader):
    """Refuses what nests deeper than 100 levels, before it is composed.

    The composer in C calls itself for each level and asks nobody: 50 kB of `{` end the process (on Windows, where the
    stack is smaller, 5 kB).

    Raises:
        yaml.YAMLError: If it nests deeper, or its syntax is broken before it does.
    """

    def __init__(self, stream: str) -> None:
        if _may_be_deep(stream):
            _refuse_deep(stream)
        super().__init__(stream)


def _may_be_deep(text: str) -> bool:
    """False is certain: a level needs a bracket, or its own place among the blanks and marks that a line begins with.

    A sequence may stand at the place of the mapping that it is in, so a place bears two levels. Blanks and marks are
    looked for anywhere: YAML knows more ends of lines than expressions do, and marks of byte order before the first.
    """
    places = (_DEEPEST - 2 - text.count("[") - text.count("{")) // 2
    return places < 0 or re.search(rf"[ \t?:-]{{{places + 1}}}", text) is not None


def _refuse_deep(text: str) -> None:
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _DEEPEST:
                    raise _too_deep(event.start_mark)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.MarkedYAMLError as error:
        # Since PyYAML 6.0.4 the scanner, which reads ahead of the events, has a bound of its own: 1000 levels.
        if "nesting depth" in str(error.problem):
            raise _too_deep(error.problem_mark) from error
        raise


def _too_deep(mark: object) -> yaml.MarkedYAMLError:
    known = cast("yaml.Mark | None", mark)  # that of the parser in C has the same fields
    return yaml.composer.ComposerError(None, None, f"nested deeper than {_DEEPEST} levels", known)
