"""What is shown of a pair: where it matches, which parts are reused, and what that says about direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from waspglass.model.escape import printable
from waspglass.trace.calibration import Calibration, PartLikeness
from waspglass.trace.collection import Collection
from waspglass.trace.lines import Lines
from waspglass.trace.pairing import Background
from waspglass.trace.parts import Part, part_evidence, part_llr
from waspglass.trace.program import Program, Source, readable
from waspglass.trace.reader import Reader
from waspglass.trace.regions import matching_runs
from waspglass.trace.result import Direction, PartMatch, Region, Span, Text
from waspglass.trace.verdict import Verdict
from waspglass.trace.views import flow_windows, tokens_of

__all__ = ["direction_of", "parts_in_common", "regions_of", "shown_text"]

LINE_LIMIT = 6000
WIDTH_LIMIT = 400
PARTS_SHOWN = 8
WORTH_NAMING = float(np.log(10))
"""Log likelihood ratio of a pair of parts from which on it is listed."""
WINDOW = 10
"""Tokens of a window of the view `flow`, whose rarity is shown."""


def regions_of(
    sample: Source, shared: Source, reader: Reader, against: Background
) -> tuple[tuple[Region, ...], tuple[float, float]]:
    """The matched regions of a pair in the order of the sample, and the shares of tokens that lie in them."""
    (syntax_a, raw_a), (syntax_b, raw_b) = reader.syntax(sample), reader.syntax(shared)
    a, b = tokens_of(syntax_a), tokens_of(syntax_b)
    lines_a, lines_b = Lines(raw_a), Lines(raw_b)
    rarity = against.rarity("flow", reader.program(sample))
    elsewhere = against.known("flow", reader.program(sample))
    with np.errstate(over="ignore"):
        windows = (flow_windows(a, WINDOW) >> np.uint64(32)).tolist()
    regions = []
    runs = matching_runs(a, b)
    for run in runs:
        inside = windows[run.start_a : max(run.start_a, run.end_a - WINDOW) + 1]
        mean = sum(rarity.get(window, 0.0) for window in inside) / max(1, len(inside))
        known = sum(1 for window in inside if window in elsewhere) / max(1, len(inside))
        regions.append(
            Region(
                sample=lines_a.span(int(a.start[run.start_a]), int(a.end[run.end_a - 1])),
                shared=lines_b.span(int(b.start[run.start_b]), int(b.end[run.end_b - 1])),
                tokens=run.matched, renamed=run.renamed, rarity=round(mean, 3), known=round(known, 3),
            )
        )  # fmt: skip
    matched = sum(run.matched for run in runs)
    return tuple(regions), (matched / max(1, len(a.text)), matched / max(1, len(b.text)))


def parts_in_common(
    sample: Source, shared: Source, reader: Reader, against: Background, calibration: Calibration
) -> tuple[PartMatch, ...]:
    """The best pairs of parts, by numbers that were fitted on the best pairs of independent programs."""
    raw_a, raw_b = readable(sample).raw, readable(shared).raw
    parts_a = _or_whole(reader.parts(sample), reader.program(sample), raw_a)
    parts_b = _or_whole(reader.parts(shared), reader.program(shared), raw_b)
    tried = len(parts_a) * len(parts_b)
    if tried < 2:
        return ()
    everyone = Collection([part.program for part in (*parts_a, *parts_b)])
    scores = everyone.score_all()[: len(parts_a), len(parts_a) :].astype(np.float64)
    sizes = np.minimum.outer(_sizes(parts_a), _sizes(parts_b))
    alike = PartLikeness(scores.ravel(), sizes.ravel(), np.ones(scores.size))
    promise = part_llr(alike, alike, calibration)
    lines_a, lines_b = Lines(raw_a), Lines(raw_b)
    found: list[PartMatch] = []
    for place in np.argsort(-promise, kind="stable")[: 3 * PARTS_SHOWN].tolist():
        a, b = parts_a[place // len(parts_b)], parts_b[place % len(parts_b)]
        if any(_overlap(match.sample, lines_a.span(a.start, a.end)) for match in found):
            continue
        score, llr, derived = part_evidence(a.program, b.program, against, calibration, tried)
        if llr >= WORTH_NAMING:
            found.append(
                PartMatch(
                    sample=lines_a.span(a.start, a.end), shared=lines_b.span(b.start, b.end),
                    tokens=min(a.program.tokens, b.program.tokens), score=round(score, 4), llr=round(llr, 4),
                    verdict=Verdict.DERIVED if derived else Verdict.CANNOT_TELL,
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda match: -match.llr)[:PARTS_SHOWN])


def _sizes(parts: Sequence[Part]) -> npt.NDArray[np.float64]:
    return np.array([part.program.tokens for part in parts], dtype=np.float64)


def _or_whole(parts: tuple[Part, ...], program: Program, raw: bytes) -> tuple[Part, ...]:
    return parts or ((Part(program, 0, len(raw)),) if program.tokens else ())


def _overlap(a: Span, b: Span) -> bool:
    return a.first <= b.last and b.first <= a.last


def direction_of(covered: tuple[float, float], *, nearest: bool, through: str | None) -> Direction:
    """A hint only where one side is nearly all match and the other is clearly larger."""
    in_sample, in_shared = covered
    hint = "none"
    if in_shared >= 0.8 and in_sample <= 0.6 * in_shared:
        hint = "sample holds more"
    elif in_sample >= 0.8 and in_shared <= 0.6 * in_sample:
        hint = "shared holds more"
    return Direction.model_validate({
        "sample_covered": round(in_sample, 4), "shared_covered": round(in_shared, 4),
        "hint": hint, "nearest": nearest, "through": through,
    })  # fmt: skip


def _visible(line: str) -> str:
    """A line as it is written, backslashes too, but for what cannot be seen or would act on a terminal or browser."""
    return "\\".join(map(printable, line.split("\\")))


def shown_text(source: Source) -> Text:
    """The lines of a source with everything made visible, bounded in number and width."""
    text = readable(source)
    if text.binary:
        return Text(lines=(), cut=True)
    lines = text.raw.decode("utf-8", "replace").split("\n")
    shown = tuple(_visible(line[:WIDTH_LIMIT].expandtabs(4)) for line in lines[:LINE_LIMIT])
    cut = len(lines) > LINE_LIMIT or any(len(line) > WIDTH_LIMIT for line in lines[:LINE_LIMIT])
    return Text(lines=shown, cut=cut)
