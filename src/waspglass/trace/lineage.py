"""Which of several copies a sample fits, and which of copies and samples lies between which.

All of it rests on places: stretches of one program that agree with a second and not with a third. A place cannot come
from leaving something out, so places in one program that only one of two copies has speak for that copy. The reverse,
that something is missing, never speaks for a copy: whoever copies may leave out. It can speak against one: of what a
copy has for itself, a sample that was made from it mostly keeps more than it drops. Times of files are never used.

Places show who lies between whom. They do not show which is the oldest: of a chain, and of a fork with its root in the
middle, the places are the same (a tree without a root, as textual criticism has it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from waspglass.trace.lines import Lines
from waspglass.trace.program import Source
from waspglass.trace.reader import Reader
from waspglass.trace.regions import matching_tiles
from waspglass.trace.result import Contrast, Span
from waspglass.trace.views import Tokens, tokens_of

__all__ = ["Lineage", "agreement"]

ENOUGH_PLACES = 3
ENOUGH_TOKENS = 24
"""Of one place alone; two people seldom write so many tokens in a row alike."""
TOLERATED = 0.1
"""Share of the places that may speak for the other side; longer programs match anywhere by chance."""
NEAR = 4
"""Places with at most so many tokens between them are one place: one edit."""
TOKEN_LIMIT = 60_000
"""Longer programs are not contrasted."""
KEPT = 2.0
"""How many tokens must speak for a copy for each that it has for itself and the sample lacks."""
SPANS = 5

Levels = npt.NDArray[np.int8]


def agreement(a: Tokens, b: Tokens) -> Levels:
    """For each token of `a`: 0 no match in `b`, 1 it lies in a stretch of equal shape, 2 it is written the same too."""
    level = np.zeros(len(a.text), dtype=np.int8)
    for start_a, start_b, length in matching_tiles(a, b):
        same = a.text[start_a : start_a + length] == b.text[start_b : start_b + length]
        level[start_a : start_a + length] = 1 + same
    return level


@dataclass(frozen=True, slots=True)
class _Places:
    """Places of one program: first and past-last token of each, and how many tokens are in them."""

    bounds: tuple[tuple[int, int], ...]
    tokens: int

    def enough(self) -> bool:
        longest = max((end - start for start, end in self.bounds), default=0)
        return len(self.bounds) >= ENOUGH_PLACES or longest >= ENOUGH_TOKENS

    def few_beside(self, other: _Places) -> bool:
        return len(self.bounds) <= TOLERATED * len(other.bounds) and self.tokens <= TOLERATED * other.tokens


def _places(more: Levels, less: Levels) -> _Places:
    """Where a program agrees more with one than with the other."""
    at = np.flatnonzero(more > less)
    if not len(at):
        return _Places((), 0)
    breaks = np.flatnonzero(np.diff(at) > NEAR + 1)
    starts, ends = at[np.r_[0, breaks + 1]], at[np.r_[breaks, len(at) - 1]] + 1
    return _Places(tuple(zip(starts.tolist(), ends.tolist(), strict=True)), len(at))


def _fits(
    here: _Places, there: _Places, this_dropped: int, other_dropped: int
) -> Literal["this", "other", "both", "not separable"]:
    """Which copy the sample fits; of either copy it counts how much that it has for itself is not in the sample."""
    if here.enough() and there.few_beside(here) and here.tokens >= KEPT * this_dropped:
        return "this"
    if there.enough() and here.few_beside(there) and there.tokens >= KEPT * other_dropped:
        return "other"
    return "both" if here.enough() and there.enough() else "not separable"


class Lineage:
    """Contrasts of programs that a result shows; each pair is laid over one another once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._read = cache(self._tokens_and_lines)
        self._level = cache(self._agreement)

    def _tokens_and_lines(self, source: Source) -> tuple[Tokens, Lines]:
        syntax, raw = self._reader.syntax(source)
        return tokens_of(syntax), Lines(raw)

    def _agreement(self, a: Source, b: Source) -> Levels:
        return agreement(self._read(a)[0], self._read(b)[0])

    def _spans(self, source: Source, places: _Places) -> tuple[Span, ...]:
        tokens, lines = self._read(source)
        longest = sorted(places.bounds, key=lambda place: place[0] - place[1])[:SPANS]
        return tuple(lines.span(int(tokens.start[start]), int(tokens.end[end - 1])) for start, end in sorted(longest))

    def contrasts(self, sample: Source, this: Source, others: Sequence[Source]) -> tuple[Contrast, ...]:
        """How the sample tells one copy from each of the others; programs that are too long are left out."""
        return tuple(
            self._contrast(*self._reader.together(sample, this, other))
            for other in others
            if max(self._reader.program(source).tokens for source in (sample, this, other)) <= TOKEN_LIMIT
        )

    def _contrast(self, sample: Source, this: Source, other: Source) -> Contrast:
        here = _places(self._level(sample, this), self._level(sample, other))
        there = _places(self._level(sample, other), self._level(sample, this))
        this_more = _places(self._level(this, other), self._level(this, sample))
        other_more = _places(self._level(other, this), self._level(other, sample))
        fits = _fits(here, there, self._dropped(this, other, sample), self._dropped(other, this, sample))
        return Contrast(
            other=other.name, fits=fits,
            here=len(here.bounds), here_tokens=here.tokens, there=len(there.bounds), there_tokens=there.tokens,
            spans=self._spans(sample, there if fits == "other" else here),
            this_beyond_sample=this_more.enough(), other_beyond_sample=other_more.enough(),
        )  # fmt: skip

    def _dropped(self, copy: Source, other: Source, sample: Source) -> int:
        """Tokens of a copy that have their match in shape neither in the other copy nor in the sample."""
        return int(np.count_nonzero((self._level(copy, other) == 0) & (self._level(copy, sample) == 0)))
