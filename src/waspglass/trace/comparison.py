"""One sample against one shared program: likeness, likelihood ratio, answer and its reasons."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from waspglass.trace.baseline import USUAL_BASELINE, baseline_of_pair, baselines_of_pairs
from waspglass.trace.calibration import Calibration
from waspglass.trace.one_to_many import Many
from waspglass.trace.pairing import Background, Likeness
from waspglass.trace.program import Program, Source, is_forced
from waspglass.trace.reader import Grounds, Reader
from waspglass.trace.result import Comparison, Hypotheses, PartMatch
from waspglass.trace.template import one_template
from waspglass.trace.verdict import Verdict

__all__ = ["COMMON_SOURCE_AT", "Comparing", "Draft", "one_in"]

Floats = npt.NDArray[np.float64]

COMMON_SOURCE_AT = math.log(10)
"""Log likelihood ratio against a common third source below which *derived* is not said."""
MOSTLY = 0.5
"""Share of what two have in common that must be known from elsewhere to explain their likeness."""
ROUNDING = 1e-6
"""Added before a ratio is cut to a whole number: e to the logarithm of 20,000 is a bit less than that."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What of a comparison decides whether it is worth listing.

    Attributes:
        pair: Sample and shared program.
        verdict: As in `Comparison`, but that a common source may explain what is *derived* here.
        reasons, score, llr, identical: As in `Comparison`.
        parts: None were looked for.
    """

    pair: tuple[Source, Source]
    verdict: Verdict
    reasons: tuple[str, ...]
    score: float
    llr: float
    identical: bool
    parts: tuple[PartMatch, ...] = ()

    @property
    def sample(self) -> str:
        """Its name."""
        return self.pair[0].name

    @property
    def shared(self) -> str:
        """The name of the shared program."""
        return self.pair[1].name


@dataclass(frozen=True, slots=True)
class _Copies:
    """Shared programs, read in one way; of each the scores with the background, and the size."""

    many: Many
    usual: Floats
    sizes: Floats


class Comparing:
    """Compares pairs; remembers what each program scores with the background, and what many pairs need."""

    def __init__(self, reader: Reader, grounds: Grounds, calibration: Calibration) -> None:
        self._reader = reader
        self._grounds = grounds
        self._calibration = calibration
        self._usual: dict[str, dict[Source, Floats]] = {}
        self._copies: dict[tuple[Source, ...], _Copies] = {}

    def compare(self, sample: Source, shared: Source) -> Comparison:
        """The comparison without regions, parts and direction."""
        identical = sample.raw == shared.raw
        own, other = self._reader.together(sample, shared)
        against = self._grounds.of(own)
        program, reference = self._reader.program(own), self._reader.program(other)
        likeness = against.likeness(program, reference)
        usual = self._with_background(own), self._with_background(other)
        baseline = baseline_of_pair(*usual, len(against))
        size = min(_size(program, against), _size(reference, against))
        count = len(against) + 2
        llr = float(_llr(self._calibration, likeness.score, baseline, size, count))
        common_source = _against_common_source(likeness, size, self._calibration)
        verdict, reason = _verdict(llr, size, program, reference, self._calibration, count)
        if verdict is Verdict.DERIVED and common_source is not None and common_source < COMMON_SOURCE_AT:
            verdict = Verdict.CANNOT_TELL
            reason = "common_source" if likeness.known_share >= MOSTLY else "common_open"
        alone = count < self._calibration.alone_below and not identical  # a background would show a template
        if verdict is Verdict.DERIVED and alone and one_template(own, other, self._reader, likeness.views["shape"]):
            verdict, reason = Verdict.CANNOT_TELL, "structure_open"
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
                background_as_alike=sum(int(np.count_nonzero(scores >= likeness.score)) for scores in usual),
                background_pairs=sum(map(len, usual)),
            ),
            identical=identical,
        )

    def drafts(self, sample: Source, copies: Sequence[Source]) -> Iterator[Draft]:
        """All comparisons of a sample, as `compare` makes them, but worked out together; in no order."""
        together: dict[Source, list[tuple[Source, Source]]] = {}
        for copy in copies:
            own, other = self._reader.together(sample, copy)
            together.setdefault(own, []).append((copy, other))
        for own, pairs in together.items():
            against, program = self._grounds.of(own), self._reader.program(own)
            known = self._known(tuple(other for _, other in pairs), against)
            scores, count = known.many.scores(program), len(against) + 2
            baselines = baselines_of_pairs(self._with_background(own), known.usual, len(against))
            sizes = np.minimum(_size(program, against), known.sizes)
            llrs = self._calibration.llr(scores, baselines, sizes, count)
            rows = zip(pairs, known.many.programs, scores.tolist(), sizes.tolist(), llrs.tolist(), strict=True)
            for (copy, _), reference, score, size, llr in rows:
                verdict, reason = _verdict(llr, size, program, reference, self._calibration, count)
                identical = sample.raw == copy.raw
                yield Draft((sample, copy), verdict, (reason,), round(score, 6), round(llr, 4), identical)

    def forget(self, source: Source) -> None:
        """Lets go of what was worked out for a source: of very many samples nobody needs it again."""
        self._reader.forget(source.name)
        self._usual.pop(source.name, None)

    def _known(self, copies: tuple[Source, ...], against: Background) -> _Copies:
        """What comparisons with these copies need, worked out once."""
        if copies not in self._copies:
            many = Many([self._reader.program(copy) for copy in copies], against)
            usual = np.stack([self._with_background(copy) for copy in copies])
            sizes = np.array([_size(program, against) for program in many.programs])
            self._copies[copies] = _Copies(many, usual, sizes)
        return self._copies[copies]

    def _with_background(self, source: Source) -> Floats:
        """The scores of a source with programs of the background."""
        known = self._usual.setdefault(source.name, {})
        if source not in known:
            known[source] = self._grounds.background(source).scores(self._reader.program(source))
        return known[source]


def _size(program: Program, against: Background) -> float:
    """Of a program, in tokens that were not given to everybody."""
    return program.telling * against.own_share(program)


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
