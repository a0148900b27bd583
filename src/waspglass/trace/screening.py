"""Finds, among all pairs of samples and shared programs, the few that are listed, and says which of them decide."""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
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
        packed: Names of what is packed.
        reader: Has read what is compared just now; of very many samples it does not keep the others.
        least: Tokens that a program needs for an answer.
    """

    nested: Mapping[str, Source]
    packed: frozenset[str]
    reader: Reader
    least: int

    @classmethod
    def of(cls, sides: Sequence[Layers], reader: Reader, least: int) -> Ranking:
        """The ranking where programs need so many tokens for an answer."""
        nested = {name: side.by_name[name] for side in sides for name in side.nested}
        return cls(nested, frozenset(name for side in sides for name in side.holder), reader, least)

    def decides(self, one: Comparison | Draft) -> bool:
        """An empty file says nothing; nor does it that a wrapper, or a scrap in one, is too small to tell."""
        reason = one.reasons[0]
        scrap = reason in _LITTLE and (self._is_scrap(one.sample) or self._is_scrap(one.shared))
        return reason != "empty" and not scrap

    def _is_scrap(self, name: str) -> bool:
        source = self.nested.get(name)
        return source is not None and self.reader.program(source).telling < self.least

    def order(self, one: Comparison | Draft) -> tuple[bool, int, float, float, int, bool, str, str]:
        """Sorts the strongest first, parts like wholes; among equals files before what is packed in them.

        Among these what is the same byte for byte comes first.
        """
        llr = max(one.llr, *(part.llr for part in one.parts), -math.inf)
        packed = (one.sample in self.packed) + (one.shared in self.packed)
        return (
            not self.decides(one), -_RANK[one.verdict], -llr, -one.score, packed, not one.identical,
            one.sample, one.shared,
        )  # fmt: skip

    def verdict(self, comparisons: Sequence[Comparison]) -> Verdict:
        """The strongest answer."""
        answers = [one.verdict for one in comparisons if self.decides(one)]
        return max(answers, key=lambda answer: _RANK[answer], default=Verdict.CANNOT_TELL)


def listed(
    samples: Iterator[Source], copies: Sequence[Source], comparing: Comparing, elsewhere: Collection[str], rank: Ranking
) -> list[Comparison]:
    """The strongest comparisons of all samples with all copies, strongest first; samples are taken one by one."""

    def drafts() -> Iterator[Comparison | Draft]:
        for sample in samples:
            for draft in comparing.drafts(sample, copies):
                # What seems derived may have a common source, or another maker.
                derived = draft.verdict is Verdict.DERIVED
                yield hedged(comparing.compare(*draft.pair), elsewhere) if derived else draft

    first = heapq.nsmallest(LISTED, drafts(), key=rank.order)
    return [comparing.compare(*one.pair) if isinstance(one, Draft) else one for one in first]
