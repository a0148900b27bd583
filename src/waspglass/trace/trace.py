"""The core of `trace`: samples and shared programs in, one frozen result out; no files, no clock, no chance."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from waspglass.model.skip import Skipped
from waspglass.trace.calibration import Calibration, baseline_of
from waspglass.trace.commons import Commons
from waspglass.trace.detail import Reader, direction_of, parts_in_common, regions_of, shown_text
from waspglass.trace.lineage import Lineage
from waspglass.trace.pairing import Background, Likeness
from waspglass.trace.program import Program, Source
from waspglass.trace.result import Comparison, Direction, Hypotheses, Input, TraceResult
from waspglass.trace.unpack import unpack
from waspglass.trace.verdict import Verdict

__all__ = ["DETAILED", "LISTED", "trace"]

DETAILED = 12
LISTED = 200
RELATIVES = 4
"""Other copies, and other samples, that a comparison is contrasted with."""
COMMON_SOURCE_AT = math.log(10)
"""Log likelihood ratio against a common third source below which *derived* is not said."""
BASELINE_PROGRAMS = 200
_RANK = {Verdict.DERIVED: 2, Verdict.CANNOT_TELL: 1, Verdict.INDEPENDENT: 0}


def trace(
    samples: Sequence[Source],
    shared: Sequence[Source],
    background: Sequence[Source] = (),
    base: Sequence[Source] = (),
    *,
    calibration: Calibration,
    commons: Commons,
    skipped: Sequence[Skipped] = (),
) -> TraceResult:
    """Compares every sample, and every layer packed in it, with every shared program.

    Args:
        samples: What was found.
        shared: The reference copies; one or many (also many copies of one document: rarity does not suffer).
        background: Independent programs that solve the same task; what a match is measured against.
        base: Code that was given to everybody and must not count.
        calibration: From scores to answers.
        commons: What is common in programs at large.
        skipped: What the caller could not read; carried into the result.

    Returns:
        The result; the first comparisons, by likeness, with regions, parts and direction.
    """
    reader = Reader()
    against = Background(
        [reader.program(source) for source in background], [reader.program(source) for source in base], commons
    )
    layers, remarks = _layers_of(samples)
    drafts = [
        _compare(reader.program(sample), reader.program(reference), against, calibration)
        for sample in layers
        for reference in shared
    ]
    drafts.sort(key=lambda draft: (-_RANK[draft.verdict], -draft.llr, -draft.score, draft.sample, draft.shared))
    by_name = {source.name: source for source in (*layers, *shared)}
    lineage = Lineage(reader)
    detailed = [_detail(draft, by_name, reader, against, calibration, drafts, lineage) for draft in drafts[:DETAILED]]
    listed = sorted(detailed, key=lambda one: (-_RANK[one.verdict], -one.llr, -one.score)) + drafts[DETAILED:LISTED]
    shown = {name for one in detailed for name in (one.sample, one.shared)}
    verdict = max((one.verdict for one in listed), key=lambda one: _RANK[one], default=Verdict.CANNOT_TELL)
    return TraceResult(
        verdict=verdict,
        samples=tuple(_input(reader.program(s), calibration, remarks.get(s.name, ())) for s in layers),
        shared=tuple(_input(reader.program(source), calibration) for source in shared),
        background=len(background),
        base=len(base),
        comparisons=tuple(listed),
        detailed=len(detailed),
        left_out=max(0, len(drafts) - LISTED),
        skipped=tuple(skipped),
        derived_at=calibration.derived_at,
        independent_at=calibration.independent_at,
        least_tokens=calibration.enough_tokens(len(against) + 2),
        measured=calibration.regime(len(against) + 2).measured,
        trained_on=calibration.trained_on,
        texts={name: shown_text(by_name[name]) for name in sorted(shown)},
    )


def _layers_of(samples: Sequence[Source]) -> tuple[list[Source], dict[str, tuple[str, ...]]]:
    """The samples, each followed by what is packed in it; and a remark where not all of it was unpacked."""
    layers: list[Source] = []
    remarks: dict[str, tuple[str, ...]] = {}
    for sample in samples:
        unpacked = unpack(sample)
        layers += [sample, *unpacked.layers]
        if unpacked.bounded:
            remarks[sample.name] = ("layers_bounded",)
    return layers, remarks


def _input(program: Program, calibration: Calibration, more: tuple[str, ...] = ()) -> Input:
    small = ("small",) if 0 < program.tokens < calibration.least_tokens else ()
    return Input(
        name=program.name, sha256=program.sha256, language=program.language, reading=program.reading.value,
        tokens=program.tokens, remarks=(*program.remarks, *small, *more),
    )  # fmt: skip


def _background_scores(program: Program, against: Background) -> list[float]:
    step = max(1, len(against) // BASELINE_PROGRAMS)
    return [against.likeness(program, other).score for other in against.programs[::step]]


def _compare(sample: Program, reference: Program, against: Background, calibration: Calibration) -> Comparison:
    likeness = against.likeness(sample, reference)
    scores = [*_background_scores(sample, against), *_background_scores(reference, against)]
    baseline = baseline_of(np.array(scores), len(against))
    size = min(sample.tokens, reference.tokens)
    count = len(against) + 2
    llr = float(_llr(calibration, likeness.score, baseline, size, count))
    common_source = _against_common_source(likeness, size, calibration)
    identical = sample.sha256 == reference.sha256
    verdict, reasons = _verdict(llr, common_source, size, sample, reference, calibration, count)
    return Comparison(
        sample=sample.name,
        shared=reference.name,
        verdict=verdict,
        reasons=(*reasons, *(("identical",) if identical else ())),
        score=round(likeness.score, 6),
        llr=round(llr, 4),
        views={view: round(value, 4) for view, value in likeness.views.items()},
        baseline=round(baseline, 4),
        hypotheses=Hypotheses(
            against_independent=round(llr, 4),
            against_common_source=None if common_source is None else round(common_source, 4),
            one_in=max(1, int(math.exp(max(0.0, llr)))),
            background_as_alike=sum(1 for score in scores if score >= likeness.score),
            background_pairs=len(scores),
        ),
        identical=identical,
    )


def _llr(calibration: Calibration, score: float, baseline: float, tokens: float, programs: int) -> np.float64:
    values = calibration.llr(np.array([score]), np.array([baseline]), np.array([float(tokens)]), programs)
    return np.float64(values[0])


def _against_common_source(likeness: Likeness, tokens: int, calibration: Calibration) -> float | None:
    """The ratio that is left when everything known from elsewhere is taken away: a common source explains the rest.

    None if nothing that the two have in common is known from elsewhere.
    """
    if likeness.known_share <= 0.0:
        return None
    left = max(1.0, tokens * likeness.exclusive_share)
    usual = baseline_of(np.empty(0), 0)
    return float(_llr(calibration, likeness.exclusive, usual, left, 2))


def _verdict(
    llr: float, common: float | None, size: int, a: Program, b: Program, calibration: Calibration, programs: int
) -> tuple[Verdict, tuple[str, ...]]:
    """The answer and the keys of its reasons."""
    if a.tokens == 0 or b.tokens == 0:
        return Verdict.CANNOT_TELL, ("empty",)
    if size < calibration.enough_tokens(programs):
        return Verdict.CANNOT_TELL, ("small",)
    if llr >= calibration.derived_at:
        if common is not None and common < COMMON_SOURCE_AT:
            return Verdict.CANNOT_TELL, ("common_source",)
        return Verdict.DERIVED, ("alike",)
    if llr <= calibration.independent_at:
        cut = "cut" in a.remarks or "cut" in b.remarks
        return (Verdict.CANNOT_TELL, ("cut",)) if cut else (Verdict.INDEPENDENT, ("unlike",))
    return Verdict.CANNOT_TELL, ("between",)


def _detail(
    draft: Comparison,
    by_name: dict[str, Source],
    reader: Reader,
    against: Background,
    calibration: Calibration,
    drafts: Sequence[Comparison],
    lineage: Lineage,
) -> Comparison:
    """The same comparison with regions, parts and direction; a part can make it *derived*."""
    sample, reference = by_name[draft.sample], by_name[draft.shared]
    regions, covered = regions_of(sample, reference, reader, against)
    parts = () if draft.verdict is Verdict.DERIVED else parts_in_common(sample, reference, reader, against, calibration)
    verdict, reasons = draft.verdict, draft.reasons
    if any(part.verdict is Verdict.DERIVED for part in parts):
        verdict, reasons = Verdict.DERIVED, ("part",)
    return draft.model_copy(update={
        "verdict": verdict, "reasons": reasons, "regions": regions, "parts": parts,
        "direction": _direction(draft, covered, drafts, by_name, lineage),
    })  # fmt: skip


def _direction(
    draft: Comparison,
    covered: tuple[float, float],
    drafts: Sequence[Comparison],
    by_name: dict[str, Source],
    lineage: Lineage,
) -> Direction:
    """Coverage of both sides, and the place of this copy among the others and among the other samples."""
    nearest = not any(one.sample == draft.sample and one.score > draft.score for one in drafts)
    others = [by_name[name] for name in _relatives(draft, drafts)]
    contrasts = lineage.contrasts(by_name[draft.sample], by_name[draft.shared], others)
    between = max((one for one in contrasts if one.fits == "other"), key=lambda one: one.there_tokens, default=None)
    order = None if between is None else ("shown" if between.other_not_from_sample else "not shown")
    through = None if between is None else between.other
    return direction_of(covered, nearest=nearest, through=through).model_copy(
        update={"contrasts": contrasts, "through_order": order}
    )


def _relatives(draft: Comparison, drafts: Sequence[Comparison]) -> list[str]:
    """Other shared copies that are like the sample, and other samples that are like the shared copy, most alike first.

    The layers of one sample are not other samples.
    """
    if draft.verdict is Verdict.INDEPENDENT:
        return []
    alike = [one for one in drafts[:LISTED] if one.verdict is not Verdict.INDEPENDENT]
    copies = [one.shared for one in alike if one.sample == draft.sample and one.shared != draft.shared]
    own = draft.sample.partition(" > ")[0]
    samples = [one.sample for one in alike if one.shared == draft.shared and one.sample.partition(" > ")[0] != own]
    return [name for name in dict.fromkeys((*copies[:RELATIVES], *samples[:RELATIVES])) if name != draft.sample]
