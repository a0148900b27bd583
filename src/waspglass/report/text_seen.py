"""What was and what was not seen, in the text report: limits, coverage, skips."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Column, Table
from rich.text import Text

from waspglass.model.assessment import Assessment
from waspglass.model.coverage import Coverage, Span
from waspglass.model.skip import detail_words, skip_words
from waspglass.report.phrases import Phrases
from waspglass.report.summary import SkipSummary, Summary, entry_open
from waspglass.report.text_places import Places
from waspglass.report.visible import excerpt, prose, visible

__all__ = ["coverage_block", "limits_block", "skips_block"]

_SPANS = 3
_SKIPPED = 2
_DETAIL = 200


def limits_block(assessment: Assessment, phrases: Phrases) -> RenderableType:
    """What this answer cannot see, and what would help."""
    if not assessment.limits:
        return Text(phrases.text("text.no_limits"))
    lines = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 1))
    for limit in assessment.limits:
        mark = f" ({phrases.text('text.decisive')})" if limit.decisive else ""
        lines.add_row("•", f"{prose(limit.text)}{mark}")
        for line in _span_lines(limit.spans, phrases):
            lines.add_row("", Text(line, style="dim"))
        if limit.remedy:
            lines.add_row("", phrases.text("text.remedy", text=prose(limit.remedy)))
    return Group(lines, Text(phrases.text("text.no_clocks"))) if entry_open(assessment) else lines


def _span_lines(spans: tuple[Span, ...], phrases: Phrases) -> list[str]:
    lines = [phrases.stretch(span) for span in spans[:_SPANS]]
    return [*lines, phrases.count("more", len(spans) - _SPANS)] if len(spans) > _SPANS else lines


def coverage_block(summary: Summary, phrases: Phrases) -> RenderableType | None:
    """What the evidence can speak for, by kind; None if nothing is known of it."""
    if not (summary.coverage or summary.missing):
        return None
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for key in ("kind", "span", "gaps", "volume"):
        side: JustifyMethod = "right" if key == "volume" else "left"
        table.add_column(phrases.text(f"coverage.{key}"), justify=side, overflow="fold")
    for row in summary.coverage:
        name = visible(row.title or row.kind)
        kind = Text(f"{name} *" if row.entry else name, style="" if row.files else "dim")
        table.add_row(kind, _covered(row, phrases), _gaps(row, phrases), _volume(row, phrases))
    notes = [f"* {phrases.text('coverage.entry')}"]
    if summary.missing:
        notes.append(phrases.text("coverage.missing", kinds=visible("; ".join(summary.missing))))
    return Group(table, *(Text(note, style="dim") for note in notes))


def _covered(coverage: Coverage, phrases: Phrases) -> str:
    if coverage.from_ and coverage.to:
        return phrases.days(coverage.from_, coverage.to)
    return phrases.text("coverage.undated" if coverage.files else "coverage.none")


def _gaps(coverage: Coverage, phrases: Phrases) -> str:
    if not coverage.files:
        return "-"
    if not coverage.gaps:
        return phrases.text("coverage.no_gaps")
    hours = sum(span.hours for span in coverage.gaps)
    return f"{phrases.count('gap', len(coverage.gaps))}, {phrases.duration(hours)}"


def _volume(coverage: Coverage, phrases: Phrases) -> str:
    return f"{phrases.count('file', coverage.files)}, {phrases.size(coverage.bytes)}" if coverage.files else "-"


def skips_block(skips: Sequence[SkipSummary], phrases: Phrases, places: Places) -> RenderableType | None:
    """What was not read, by reason; None if everything was."""
    if not skips:
        return None
    table = Table.grid(Column(justify="right", no_wrap=True), Column(overflow="fold"), padding=(0, 2))
    for skip in skips:
        table.add_row(phrases.number(skip.count), skip_words(skip.reason, phrases.language))
        for source in skip.examples[:_SKIPPED]:
            table.add_row("", Text(places.stand_in(visible(source)), style="dim"))
        if skip.sources > _SKIPPED:
            table.add_row("", Text(phrases.count("more", skip.sources - _SKIPPED), style="dim"))
        for detail in skip.details[:_SKIPPED]:
            table.add_row("", Text(excerpt(prose(detail_words(detail, phrases.language)), _DETAIL), style="dim italic"))
    return table
