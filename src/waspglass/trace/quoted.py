"""Texts that stand in another one line by line: quoted in a mail, added by a patch, commented out as a whole.

The mark before each line makes a comment, or broken syntax, of what is the same program otherwise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

__all__ = ["quoted_texts"]

LEAST_LINES = 6
SHARE = 0.7
"""Share of the lines with something in them that must bear the mark."""
LINE_LIMIT = 200_000
_MARK = re.compile(r"[ \t]*(?:>|\#(?!!)|//|--|;|'|rem\b)(?:[ \t]?>(?=[ \t]|$))*", re.IGNORECASE)
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@", re.MULTILINE)


def quoted_texts(text: str) -> Iterator[tuple[str, bytes]]:
    """How each is marked, and the text without the marks."""
    lines = text.split("\n", LINE_LIMIT)[:LINE_LIMIT]
    if _HUNK.search(text):
        yield "patch", "\n".join(_after(lines)).encode("utf-8", "surrogatepass")
        return
    marks = [match.group() if (match := _MARK.match(line)) else None for line in lines]
    counts = Counter(mark for mark in marks if mark is not None)
    filled = sum(1 for line in lines if line.strip())
    for mark, count in counts.most_common(1):
        if count >= LEAST_LINES and count >= SHARE * filled:
            bare = [line[len(mark) :] for line, found in zip(lines, marks, strict=True) if found == mark]
            if all(not line.strip() or line.startswith(" ") for line in bare):
                bare = [line[1:] for line in bare]
            yield "quoted lines", "\n".join(bare).encode("utf-8", "surrogatepass")


def _after(lines: list[str]) -> Iterator[str]:
    """The lines of the hunks of a patch as they are when it is applied."""
    inside = False
    for line, below in pairwise([*lines, ""]):
        # A comment of SQL that is taken away begins with three lines, too; only two such lines in a row head a file.
        if line.startswith("@@ -"):
            inside = True
        elif line.startswith(("diff ", "index ")) or (line.startswith("--- ") and below.startswith("+++ ")):
            inside = False
        elif inside and line[:1] in {"+", " "}:
            yield line[1:]
        elif inside and not line.strip():
            yield ""
