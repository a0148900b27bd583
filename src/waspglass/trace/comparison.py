"""One sample against one shared program: likeness, likelihood ratio, answer and its reasons."""

from __future__ import annotations

import math

import numpy as np

from waspglass.trace.baseline import USUAL_BASELINE, baseline_of_pair
from waspglass.trace.calibration import Calibration
from waspglass.trace.pairing import Background, Likeness
from waspglass.trace.program import Program, Source
from waspglass.trace.reader import Grounds, Reader, is_forced
from waspglass.trace.result import Comparison, Hypotheses
from waspglass.trace.verdict import Verdict

__all__ = ["COMMON_SOURCE_AT", "Comparing", "one_in"]

COMMON_SOURCE_AT = math.log(10)
"""Log likelihood ratio against a common third source below which *derived* is not said."""
MOSTLY = 0.5
"""Share of what two have in common that must be known from elsewhere to explain their likeness."""
BASELINE_PROGRAMS = 200
ROUNDING = 1e-6
"""Added before a ratio is cut to a whole number: e to the logarithm of 20,000 is a bit less than that."""


class Comparing:
    """Compares pairs; remembers what each program scores with the background."""

    def __init__(self, reader: Reader, grounds: Grounds, calibration: Calibration) -> None:
        self._reader = reader
        self._grounds = grounds
        self._calibration = calibration
        self._with_background: dict[Source, list[float]] = {}

    def compare(self, sample: Source, shared: Source) -> Comparison:
        """The comparison without regions, parts and direction."""
        identical = sample.raw == shared.raw
        own, other = self._reader.together(sample, shared)
        against = self._grounds.of(own)
        program, reference = self._reader.program(own), self._reader.program(other)
        likeness = against.likeness(program, reference)
        sides = self._background_scores(own, against), self._background_scores(other, against)
        scores = [*sides[0], *sides[1]]
        baseline = baseline_of_pair(np.array(sides[0]), np.array(sides[1]), len(against))
        size = min(one.telling * against.own_share(one) for one in (program, reference))
        count = len(against) + 2
        llr = float(_llr(self._calibration, likeness.score, baseline, size, count))
        common_source = _against_common_source(likeness, size, self._calibration)
        verdict, reason = _verdict(llr, size, program, reference, self._calibration, count)
        if verdict is Verdict.DERIVED and common_source is not None and common_source < COMMON_SOURCE_AT:
            verdict = Verdict.CANNOT_TELL
            reason = "common_source" if likeness.known_share >= MOSTLY else "common_open"
        more = (("identical", identical), ("as_tokens", is_forced(own)))
        return Comparison(
            sample=sample.name,
            shared=shared.name,
            verdict=verdict,
            reasons=(reason, *(key for key, holds in more if holds)),
            score=round(likeness.score, 6),
            llr=round(llr, 4),
            views={view: round(value, 4) for view, value in likeness.views.items()},
            baseline=round(baseline, 4),
            hypotheses=Hypotheses(
                against_independent=round(llr, 4),
                against_common_source=None if common_source is None else round(common_source, 4),
                one_in=one_in(llr),
                background_as_alike=sum(1 for score in scores if score >= likeness.score),
                background_pairs=len(scores),
            ),
            identical=identical,
        )

    def _background_scores(self, source: Source, against: Background) -> list[float]:
        known = self._with_background.get(source)
        if known is None:
            program = self._reader.program(source)
            step = max(1, len(against) // BASELINE_PROGRAMS)
            known = [against.likeness(program, other).score for other in against.programs[::step]]
            self._with_background[source] = known
        return known


def one_in(llr: float) -> int:
    """Of how many independent pairs at most one looks like a pair of this ratio."""
    return max(1, int(math.exp(max(0.0, llr)) + ROUNDING))


def _llr(calibration: Calibration, score: float, baseline: float, tokens: float, programs: int) -> np.float64:
    values = calibration.llr(np.array([score]), np.array([baseline]), np.array([float(tokens)]), programs)
    return np.float64(values[0])


def _against_common_source(likeness: Likeness, tokens: float, calibration: Calibration) -> float | None:
    """The ratio that is left when everything known from elsewhere is taken away: a common source explains the rest.

    None if nothing that the two have in common is known from elsewhere.
    """
    if likeness.known_share <= 0.0:
        return None
    left = max(1.0, tokens * likeness.exclusive_share)
    return float(_llr(calibration, likeness.exclusive, USUAL_BASELINE, left, 2))


def _verdict(
    llr: float, size: float, a: Program, b: Program, calibration: Calibration, programs: int
) -> tuple[Verdict, str]:
    """The answer, a common source apart, and the key of its reason; `size` is in tokens that were not given."""
    remarks = {*a.remarks, *b.remarks}
    if a.tokens == 0 or b.tokens == 0:
        return Verdict.CANNOT_TELL, "empty"
    if min(a.tokens, b.tokens) < calibration.enough_tokens(programs):
        return Verdict.CANNOT_TELL, "small"
    if min(a.telling, b.telling) < calibration.enough_tokens(programs):
        return Verdict.CANNOT_TELL, "repeats"
    if size < calibration.enough_tokens(programs):
        return Verdict.CANNOT_TELL, "given"
    if llr >= calibration.derived_at:
        return Verdict.DERIVED, "alike"
    if llr <= calibration.independent_at:
        return next(
            ((Verdict.CANNOT_TELL, limit) for limit in ("cut", "binary") if limit in remarks),
            (Verdict.INDEPENDENT, "unlike"),
        )
    return Verdict.CANNOT_TELL, "between" if llr > 0 else "unclear"
