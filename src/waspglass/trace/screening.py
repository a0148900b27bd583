"""Finds, among all pairs of samples and shared programs, the few that are listed, and says which of them decide."""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from waspglass.trace.comparison import Comparing, Draft
from waspglass.trace.elsewhere import hedged
from waspglass.trace.layers import Layers
from waspglass.trace.program import Source
from waspglass.trace.reader import Reader
from waspglass.trace.result import Comparison
from waspglass.trace.verdict import Verdict

__all__ = ["LISTED", "Ranking", "listed"]

LISTED = 200
_LITTLE = {"small", "repeats"}
_RANK = {Verdict.DERIVED: 2, Verdict.CANNOT_TELL: 1, Verdict.INDEPENDENT: 0}


@dataclass(frozen=True, slots=True)
class Ranking:
    """Which comparisons come first, and which decide the answer.

    Attributes:
        nested: By name, what is packed in a file, or holds such.
        holder: By the name of what is packed, the name of the file that it is in.
        reader: Has read what is compared just now; of very many samples it does not keep the others.
        least: Tokens that a program needs for an answer.
    """

    nested: Mapping[str, Source]
    holder: Mapping[str, str]
    reader: Reader
    least: int

    @classmethod
    def of(cls, sides: Sequence[Layers], reader: Reader, least: int) -> Ranking:
        """The ranking where programs need so many tokens for an answer."""
        nested = {name: side.by_name[name] for side in sides for name in side.nested}
        return cls(nested, {name: file for side in sides for name, file in side.holder.items()}, reader, least)

    def decides(self, one: Comparison | Draft) -> bool:
        """An empty file says nothing; nor does it that a wrapper, or a scrap in one, is too small to tell."""
        reason = one.reasons[0]
        scrap = reason in _LITTLE and (self._is_scrap(one.sample) or self._is_scrap(one.shared))
        return reason != "empty" and not scrap

    def _is_scrap(self, name: str) -> bool:
        source = self.nested.get(name)
        return source is not None and self.reader.program(source).telling < self.least

    def order(
        self, one: Comparison | Draft, wholes: Collection[tuple[str, str]] = ()
    ) -> tuple[bool, int, bool, float, float, int, bool, str, str]:
        """Sorts the strongest first, parts like wholes; among equals files before what is packed in them.

        Among these what is the same byte for byte comes first. What is packed in both of two files comes behind if
        these are in `wholes`: a comment that stands in all copies does not tell them apart, and their code may.
        """
        llr = max(one.llr, *(part.llr for part in one.parts), -math.inf)
        packed = self._packed(one)
        return (
            not self.decides(one), -_RANK[one.verdict], packed == 2 and self._files(one) in wholes, -llr, -one.score,
            packed, not one.identical, one.sample, one.shared,
        )  # fmt: skip

    def strongest_first(self, comparisons: Sequence[Comparison]) -> list[Comparison]:
        """The comparisons in the order that they have among themselves."""
        wholes = self.wholes(comparisons)
        return sorted(comparisons, key=lambda one: self.order(one, wholes))

    def wholes(self, comparisons: Iterable[Comparison | Draft]) -> set[tuple[str, str]]:
        """The pairs of files of which one is derived from the other, or from what is packed in it, or the reverse."""
        return {self._files(one) for one in comparisons if one.verdict is Verdict.DERIVED and self._packed(one) < 2}

    def _packed(self, one: Comparison | Draft) -> int:
        return (one.sample in self.holder) + (one.shared in self.holder)

    def _files(self, one: Comparison | Draft) -> tuple[str, str]:
        return self.holder.get(one.sample, one.sample), self.holder.get(one.shared, one.shared)

    def verdict(self, comparisons: Sequence[Comparison]) -> Verdict:
        """The strongest answer."""
        answers = [one.verdict for one in comparisons if self.decides(one)]
        return max(answers, key=lambda answer: _RANK[answer], default=Verdict.CANNOT_TELL)


def listed(
    samples: Iterator[Source], copies: Sequence[Source], comparing: Comparing, elsewhere: Collection[str], rank: Ranking
) -> list[Comparison]:
    """The strongest comparisons of all samples with all copies, strongest first; samples are taken one by one."""
    wholes: set[tuple[str, str]] = set()

    def drafts() -> Iterator[Comparison | Draft]:
        for sample in samples:
            # What seems derived may have a common source, or another maker.
            found = [
                hedged(comparing.compare(*draft.pair), elsewhere) if draft.verdict is Verdict.DERIVED else draft
                for draft in comparing.drafts(sample, copies)
            ]
            wholes.update(rank.wholes(found))
            yield from found

    first = heapq.nsmallest(LISTED, drafts(), key=lambda one: rank.order(one, wholes))
    return rank.strongest_first([comparing.compare(*one.pair) if isinstance(one, Draft) else one for one in first])
