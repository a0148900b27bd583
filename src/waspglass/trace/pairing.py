"""One pair against a background of independent programs: how alike, and how alike in what nobody else has.

The rarity of a feature is taken from the background and this pair alone, never from other shared copies: a hundred
copies of one document must not make its content common. With the same programs the score equals that of `Collection`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from waspglass.trace.collection import FEW, LARGE, LEAST_INFORMATION, UNIQUE_IN_JACCARD, halves
from waspglass.trace.commons import Commons
from waspglass.trace.hashing import Features, joined, look_up
from waspglass.trace.program import Program, Reading
from waspglass.trace.views import VIEWS, WEIGHTS

__all__ = ["Background", "Likeness", "Side"]

Floats = npt.NDArray[np.float64]

LICENCE_SHARE = 0.05
"""Share of a text's runs of five words that is in public licences where it holds one; without, hardly any is."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two programs are.

    Attributes:
        score: 0 to 1, all views together.
        views: Each view alone.
        counts: What each view counts in the score.
        exclusive_views: Each view alone, only over what neither the background nor programs at large are known to have.
        exclusive: As `score`, but only over what neither the background nor programs at large are known to have.
        exclusive_share: Share of the smaller program's distinct features that are so.
        known_share: Share of the weight that the pair has in common that is known from elsewhere.
    """

    score: float
    views: dict[str, float]
    counts: dict[str, float]
    exclusive_views: dict[str, float]
    exclusive: float
    exclusive_share: float
    known_share: float


@dataclass(frozen=True, slots=True)
class Side:
    """Features of one program in one view, with how many background programs and what share at large have them."""

    feature: Features
    count: npt.NDArray[np.int64]
    prior: Floats

    @property
    def new(self) -> npt.NDArray[np.bool_]:
        """Which of them are known from nowhere else."""
        new: npt.NDArray[np.bool_] = (self.count == 0) & (self.prior == 0)
        return new


class Background:
    """Independent programs for the same task, given code that does not count, and what is common at large."""

    def __init__(
        self, programs: Sequence[Program] = (), base: Sequence[Program] = (), commons: Commons | None = None
    ) -> None:
        self.programs = tuple(programs)
        self._base = tuple(base)
        self._commons = commons

    def __len__(self) -> int:
        return len(self.programs)

    def is_routine(self, part: Program) -> bool:
        """Whether a part of a program is a public routine."""
        return self._commons is not None and self._commons.is_routine(part.views["flow"])

    @cached_property
    def _frequencies(self) -> dict[str, tuple[Features, npt.NDArray[np.int64]]]:
        return {view: np.unique(joined(p.views[view] for p in self.programs), return_counts=True) for view in VIEWS}

    @cached_property
    def _given(self) -> dict[str, Features]:
        return {view: np.unique(joined(p.views[view] for p in self._base)) for view in VIEWS}

    def _own(self, program: Program, views: Sequence[str] = VIEWS) -> dict[str, Features]:
        """By view, a program's features but for code that was given to everybody and, if it holds one, a licence."""
        licensed = self._commons if self._commons and _holds_licence(program, self._commons) else None
        own = {}
        for view in views:
            feature = program.views[view]
            given = look_up(self._given[view], feature)[1]
            own[view] = feature[~(given | licensed.in_licences(view, feature) if licensed else given)]
        return own

    def sides(self, program: Program, views: Sequence[str] = VIEWS) -> dict[str, Side]:
        """By view, what of a program was not given to everybody."""
        return {view: self._side(view, feature) for view, feature in self._own(program, views).items()}

    def _side(self, view: str, feature: Features) -> Side:
        known, counts = self._frequencies[view]
        count = np.zeros(len(feature), dtype=np.int64)
        place, found = look_up(known, feature)
        count[found] = counts[place[found]]
        return Side(feature, count, self._commons.share(feature) if self._commons else np.zeros(len(feature)))

    def rarity(self, view: str, program: Program) -> dict[int, float]:
        """The weight in nats of each feature of a program that is not given code."""
        side = self.sides(program, [view])[view]
        return dict(zip(side.feature.tolist(), self.weight(side, 1).tolist(), strict=True))

    def known(self, view: str, program: Program) -> frozenset[int]:
        """The features of a program that somebody else is known to have: background, base, or programs at large."""
        side = self.sides(program, [view])[view]
        return frozenset(program.views[view][~np.isin(program.views[view], side.feature[side.new])].tolist())

    def own_share(self, program: Program) -> float:
        """The share of a program's features that are not given code."""
        own = sum(len(feature) for feature in self._own(program).values())
        total = sum(len(program.views[view]) for view in VIEWS)
        return own / total if total else 1.0

    def weight(self, side: Side, present: int | npt.NDArray[np.int64]) -> Floats:
        """The rarity in nats of each feature, which so many of the pair have."""
        total = len(self.programs) + 2
        strength = self._commons.strength if self._commons and total < LARGE else 0.0
        return -np.log((side.count + present + strength * side.prior) / (total + 1 + strength))

    def likeness(self, a: Program, b: Program) -> Likeness:
        """Compares two programs."""
        views: dict[str, float] = {}
        counts: dict[str, float] = {}
        exclusive: dict[str, float] = {}
        common = known = own = all_own = 0.0
        sides_a, sides_b = self.sides(a), self.sides(b)
        for view in VIEWS:
            side_a, side_b = sides_a[view], sides_b[view]
            in_a = np.isin(side_a.feature, side_b.feature, assume_unique=True)
            in_b = np.isin(side_b.feature, side_a.feature, assume_unique=True)
            views[view], contained = self._ratio(side_a, side_b, in_a, in_b)
            counts[view] = WEIGHTS[view] * contained / (contained + LEAST_INFORMATION)
            exclusive[view] = self._exclusive(side_a, side_b, in_a)
            weight = self.weight(side_a, 1 + in_a)
            common += WEIGHTS[view] * float(weight[in_a].sum())
            known += WEIGHTS[view] * float(weight[in_a & ~side_a.new].sum())
            smaller = side_a if len(side_a.feature) <= len(side_b.feature) else side_b
            own += float(smaller.new.sum())
            all_own += len(smaller.feature)
        return Likeness(
            score=min(1.0, sum(counts[view] * views[view] for view in VIEWS) / max(sum(counts.values()), 1e-6)),
            views=views,
            counts=counts,
            exclusive_views=exclusive,
            exclusive=min(1.0, sum(WEIGHTS[view] * exclusive[view] for view in VIEWS) / sum(WEIGHTS.values())),
            exclusive_share=own / max(1.0, all_own),
            known_share=known / max(1e-9, common),
        )

    def lone(self, side: Side) -> tuple[Floats, Floats]:
        """How much each feature counts that only one of a pair has: in containment, and in Jaccard."""
        total = len(self.programs) + 2
        lone = FEW / (FEW + total) if total < LARGE else 0.0
        met = side.count > 0
        return np.where(met, 1.0, lone), np.where(met, 1.0, max(lone, UNIQUE_IN_JACCARD))

    def _ratio(self, a: Side, b: Side, in_a: npt.NDArray[np.bool_], in_b: npt.NDArray[np.bool_]) -> tuple[float, float]:
        """Half containment, half Jaccard, as in `Collection`; and what the smaller program could share."""
        contained, united = [], []
        for side, inside in ((a, in_a), (b, in_b)):
            weight = self.weight(side, 1 + inside)
            lone_contained, lone_united = self.lone(side)
            contained.append(float((np.where(inside, 1.0, lone_contained) * weight).sum()))
            united.append(float((np.where(inside, 1.0, lone_united) * weight).sum()))
        common = float(self.weight(a, 2)[in_a].sum())
        return float(halves(common, min(contained), sum(united) - common)), min(contained)

    def _exclusive(self, a: Side, b: Side, in_a: npt.NDArray[np.bool_]) -> float:
        """The same over features that are known from nowhere else; these all weigh the same.

        Views in which nothing is left count as unlike: little that is left must not speak loudly.
        """
        common, size_a, size_b = (float(new.sum()) for new in (in_a & a.new, a.new, b.new))
        return float(halves(common, min(size_a, size_b), size_a + size_b - common))


def _holds_licence(program: Program, commons: Commons) -> bool:
    """Whether a text that is read with its prose has the words of a public licence."""
    if program.reading is not Reading.TOKENS and program.language != "markdown":
        return False
    words = commons.in_licences("words5", program.views["words5"])
    return int(words.sum()) > LICENCE_SHARE * len(words)
