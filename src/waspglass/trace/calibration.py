"""From a similarity to a log likelihood ratio derived : independent, with bounds beyond which nothing was measured.

The ratio is linear in how far the log odds of the score are above those that these programs have with others (their
baseline, `baseline.py`), in the programs' size, and in that baseline or, within a collection, in how much the two
resemble a third program in common (`links.py`); five numbers in all, fitted so that each family of data sets counts the
same (logistic regression, Brümmer and du Preez 2006). `bench/trace/calibrate.py` rebuilds them
from public data.

A part of a program (a function) has numbers of its own: of two programs the best pair of parts is taken, also in the
independent pairs that the numbers were fitted on, so that how many pairs were tried is in them. What counts beside the
likeness is how much the smaller part holds that neither the background nor programs at large are known to have. Whoever
copies a function changes its names or does not. So there are two ratios, one from all views and one from the views that
names do not matter to, each fitted on copies of its kind; their mean is the ratio of the mixture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from waspglass.model.document import Document
from waspglass.trace.baseline import USUAL_BASELINE, log_odds

__all__ = [
    "OWN_RANGE",
    "Calibration",
    "Measured",
    "PartLikeness",
    "PartRegime",
    "Regime",
    "covariates",
    "load_calibration",
    "part_covariates",
]

Floats = npt.NDArray[np.float64]

SIZE_RANGE = (40.0, 5000.0)
USUAL_SIZE = 300.0
OWN_RANGE = (10.0, 2000.0)
USUAL_OWN = 100.0


class Measured(Document):
    """What a regime reached on families of sets that its numbers were not fitted on (means over families).

    Attributes:
        sets, derived, independent: How much was measured.
        cllr: Cost of the log likelihood ratio in bits, 1 = says nothing, 0 = perfect.
        min_cllr: What the order of the pairs alone would allow.
        worst_cllr: The greatest over all sets.
        derived_found: Share of derived pairs that are called derived.
        false_derived: Share of independent pairs that are called derived, over all sets together.
        worst_false_derived: The greatest share over all sets.
        false_independent: Share of derived pairs that are called independent.
    """

    sets: int
    derived: int
    independent: int
    cllr: float
    min_cllr: float
    worst_cllr: float
    derived_found: float
    false_derived: float
    worst_false_derived: float
    false_independent: float


class Regime(Document):
    """The numbers for one way of comparing: within a collection, or two programs alone."""

    coefficients: tuple[float, float, float, float, float]
    lower: float
    upper: float
    measured: Measured | None = None


@dataclass(frozen=True, slots=True)
class PartLikeness:
    """How alike pairs of parts are, all views together or only those that names do not matter to.

    Attributes:
        score: 0 to 1.
        own: Tokens of the smaller part that nobody else is known to have (its tokens times the score over what neither
            the background nor programs at large have).
        exclusive: The score over what nobody else is known to have.
    """

    score: Floats
    own: Floats
    exclusive: Floats

    def at(self, place: tuple[int, ...]) -> tuple[float, float, float]:
        """The three numbers of one pair."""
        return float(self.score[place]), float(self.own[place]), float(self.exclusive[place])


class PartRegime(Document):
    """The numbers for the best pair of parts of two programs.

    Attributes:
        coefficients: For all views together, fitted on copies as they are and renamed ones.
        renamed: For the views that names do not matter to, fitted on copies whose names were changed, and more.
        least_own: A smaller part with fewer tokens that nobody else is known to have is never called derived: short
            routines that are the same word for word are often public.
        least_renamed: The same where only the views count that names do not matter to.
        tried: Of so many pairs of parts the best was taken where the numbers were measured; of more, it is lowered.
    """

    coefficients: tuple[float, float, float, float]
    renamed: tuple[float, float, float, float]
    lower: float
    upper: float
    least_own: float
    least_renamed: float
    tried: int
    measured: Measured | None = None


class Calibration(Document):
    """All that turns scores into answers.

    Attributes:
        derived_at, independent_at: Log likelihood ratios from which on the answer is given; between, *cannot tell*.
        least_tokens: Programs with fewer tokens are never called derived or independent.
        alone_least_tokens: The same where there is no collection that shows what is usual.
        trained_on: Names of the public data sets.
        linked: Within a collection, for scores that third programs have raised (`links.with_third`). Its mean with
            `collection` was measured, weighed by how usual such third programs are (`links.Links.chain_share`).
        collection: Within a collection or against a background, for direct scores.
        alone: For fewer than `alone_below` programs.
        part: For parts of two programs, with a background or without.
    """

    derived_at: float
    independent_at: float
    least_tokens: int
    alone_below: int
    alone_least_tokens: int
    trained_on: tuple[str, ...]
    linked: Regime
    collection: Regime
    alone: Regime
    part: PartRegime

    def regime(self, programs: int, *, linked: bool = False) -> Regime:
        """The numbers that fit a collection of that many programs, and scores raised by third programs or not."""
        if programs < self.alone_below:
            return self.alone
        return self.linked if linked else self.collection

    def enough_tokens(self, programs: int) -> int:
        """Tokens that a program must have for an answer, in a collection of that many programs."""
        return self.alone_least_tokens if programs < self.alone_below else self.least_tokens

    def llr(
        self, score: Floats, baseline: Floats, tokens: Floats, programs: int, *, chained: Floats | None = None
    ) -> Floats:
        """Natural-log likelihood ratios.

        Args:
            score: Of each pair.
            baseline: How alike independent programs are, for each pair.
            tokens: Of the smaller program of each pair.
            programs: In the collection.
            chained: Of scores that third programs have raised: how much each pair resembles a third one in common
                (`links.chained`).
        """
        if programs < self.alone_below:
            chained = None
        regime = self.regime(programs, linked=chained is not None)
        raw = covariates(score, baseline, tokens, chained) @ np.array(regime.coefficients)
        bounded: Floats = np.clip(raw, regime.lower, regime.upper)
        return np.where(tokens < self.enough_tokens(programs), np.clip(bounded, -1.0, 1.0), bounded)

    def part_llrs(self, written: PartLikeness, structure: PartLikeness, tried: int = 1) -> tuple[Floats, Floats]:
        """Natural-log likelihood ratios of the best pairs of parts of two programs, for copies as written and renamed.

        Args:
            written: How alike they are in all views.
            structure: How alike they are in the views that names do not matter to.
            tried: Pairs of parts that the two programs have; as many as were measured cost nothing.
        """
        more = np.log(max(1.0, tried / self.part.tried))

        def llr(alike: PartLikeness, coefficients: tuple[float, ...]) -> Floats:
            raw = part_covariates(alike.score, alike.own) @ np.array(coefficients) - more
            return np.asarray(np.clip(raw, self.part.lower, self.part.upper), dtype=np.float64)

        return llr(written, self.part.coefficients), llr(structure, self.part.renamed)


def covariates(score: Floats, baseline: Floats, tokens: Floats, chained: Floats | None = None) -> Floats:
    """One row a pair: what the log likelihood ratio is linear in; chains count in the place of the baseline alone."""
    alike, usual = log_odds(score), log_odds(np.clip(baseline, 0.01, 0.9))
    size = np.log(np.clip(tokens, *SIZE_RANGE) / USUAL_SIZE)
    above = alike - usual
    second = -usual if chained is None else chained
    return np.stack([above, second, size, above * size, np.ones_like(alike)], axis=1)


def part_covariates(score: Floats, own: Floats) -> Floats:
    """One row a pair of parts: what their log likelihood ratio is linear in."""
    above = log_odds(score) - log_odds(np.array(USUAL_BASELINE))
    size = np.log(np.clip(own, *OWN_RANGE) / USUAL_OWN)
    return np.stack([above, size, above * size, np.ones_like(above)], axis=-1)


@cache
def load_calibration() -> Calibration:
    """The calibration that comes with waspglass."""
    raw = files("waspglass.trace").joinpath("data", "calibration.json").read_bytes()
    return Calibration.model_validate_json(raw)
