"""A trace result as one HTML page that needs nothing else: both files side by side, linked highlights, a dot plot."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

from markupsafe import Markup

from waspglass.report.page import asset, page_environment, policy_digest
from waspglass.report.trace_regions import beside
from waspglass.report.trace_samples import each_sample
from waspglass.report.trace_sentences import Sentences
from waspglass.trace.result import Comparison, Region, Text, TraceResult

__all__ = ["trace_html"]

PLOT = 320
HUES = 12
"""As many as `trace.css` has."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file in the page; if it lies in a region, the region's number and the line beside it, if shown."""

    number: int
    text: str
    region: int | None
    beside: int | None


@dataclass(frozen=True, slots=True)
class Dash:
    """A region in the dot plot, in its pixels."""

    region: int
    x1: float
    y1: float
    x2: float
    y2: float


def _lines(text: Text | None, other: Text | None, regions: tuple[Region, ...], side: str) -> list[Line]:
    if text is None:
        return []
    shown = len(other.lines) if other else 0
    owner: dict[int, tuple[int, int | None]] = {}
    for number, region in enumerate(regions):
        here, there = (region.sample, region.shared) if side == "sample" else (region.shared, region.sample)
        for line in range(here.first, here.last + 1):
            opposite = beside(line, here, there)
            owner.setdefault(line, (number, opposite if opposite <= shown else None))
    return [Line(number, line, *owner.get(number, (None, None))) for number, line in enumerate(text.lines, start=1)]


def _dashes(one: Comparison, sample: Text | None, shared: Text | None) -> list[Dash]:
    rows = max(1, len(sample.lines) if sample else 1, *(r.sample.last for r in one.regions))
    columns = max(1, len(shared.lines) if shared else 1, *(r.shared.last for r in one.regions))
    return [
        Dash(
            number,
            round(PLOT * (r.shared.first - 1) / columns, 1), round(PLOT * (r.sample.first - 1) / rows, 1),
            round(PLOT * r.shared.last / columns, 1), round(PLOT * r.sample.last / rows, 1),
        )
        for number, r in enumerate(one.regions)
    ]  # fmt: skip


def trace_html(result: TraceResult, language: str) -> str:
    """The page; every string of a file is escaped, and no script is in it: links and styles do all."""
    say = Sentences(result, language)
    detailed = [
        {
            "one": one,
            "sample": _lines(sample, shared, one.regions, "sample"),
            "shared": _lines(shared, sample, one.regions, "shared"),
            "cut": any(text.cut for text in (sample, shared) if text),
            "dashes": _dashes(one, sample, shared),
        }
        for one in result.comparisons[: result.detailed]
        for sample, shared in [(result.texts.get(one.sample), result.texts.get(one.shared))]
    ]
    style = asset("trace.css")
    return page_environment().get_template("trace.html.j2").render(
        result=result, say=say, samples=each_sample(result), detailed=detailed, language=language,
        plot=PLOT, hues=HUES,
        version=version("waspglass"), style=Markup(style), style_digest=policy_digest(style),  # noqa: S704 (our own file)
    )  # fmt: skip
