"""Matched regions side by side: which line of one file stands beside which of the other, and an excerpt of a few."""

from __future__ import annotations

from itertools import zip_longest

from waspglass.trace.result import Region, Span, Text

__all__ = ["beside", "excerpt"]

EXCERPT_LINES = 6


def beside(line: int, here: Span, there: Span) -> int:
    """The line of the other file that a line of a region goes with, in proportion: both ends meet."""
    if here.last == here.first:
        return there.first
    return there.first + round((line - here.first) * (there.last - there.first) / (here.last - here.first))


def excerpt(region: Region, sample: Text, shared: Text, column: int) -> list[str]:
    """The first lines of a region that are not blank, those of the sample left, those of the shared program right.

    Of each line its number and as much as fits into `column` characters.
    """
    left, right = _lines(region.sample, sample, column), _lines(region.shared, shared, column)
    return [f"{one:<{column}} | {other}".rstrip() for one, other in zip_longest(left, right, fillvalue="")]


def _lines(span: Span, text: Text, column: int) -> list[str]:
    numbered = enumerate(text.lines[span.first - 1 : span.last], start=span.first)
    filled = [(number, line) for number, line in numbered if line.strip()]
    indent = min((len(line) - len(line.lstrip()) for _, line in filled[:EXCERPT_LINES]), default=0)
    rows = [f"{number:>5} {line[indent:]}" for number, line in filled[:EXCERPT_LINES]]
    return [row if len(row) <= column else f"{row[: column - 1]}…" for row in rows]
