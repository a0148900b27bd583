"""The picture of an assessment: campaign, lid, wasp ladder, implants and coverage over one time axis.

It is computed here as plain shapes; the template only writes them down.
"""

from __future__ import annotations

from waspglass.model.assessment import Assessment, TimelineEvent
from waspglass.report.phrases import Phrases
from waspglass.report.picture_labels import place_labels
from waspglass.report.picture_lanes import draw_blind, draw_coverage, draw_implants, draw_ladder, draw_lid
from waspglass.report.picture_scale import Scale, detail_span, drawn_span
from waspglass.report.picture_shapes import LEFT, RIGHT, WIDTH, Box, Dot, Label, Line, Picture, shortened
from waspglass.report.visible import prose

__all__ = ["draw", "draw_detail"]

_ROW = 14.5
_HALF_TICK = 36
_BELOW_LID = 39
_CAMPAIGN_ROWS = 8
_CAMPAIGN_TEXT = 46
"""Longer labels take the room of important ones."""
_IMPORTANCE = ("patch", "poc_public", "sharing", "exploitation", "report", "ransomware", "warning")


def draw(assessment: Assessment, phrases: Phrases) -> Picture | None:
    """Draws an assessment; None if it holds no time at all."""
    span = drawn_span(assessment)
    if span is None:
        return None
    scale = Scale(span.from_, span.to)
    picture = Picture(outside=sum(1 for found in assessment.findings if found.time and not scale.holds(found.time)))
    picture.top = _campaign(picture, assessment.campaign, scale, phrases)
    y = draw_lid(picture, assessment, scale, phrases, picture.top + 10)
    y = draw_ladder(picture, assessment.findings, scale, phrases, y + 16)
    y = draw_implants(picture, assessment, scale, phrases, y + 12)
    y = draw_blind(picture, assessment, scale, phrases, y + 14)
    y = draw_coverage(picture, assessment.coverage, scale, phrases, y)
    _frame(picture, assessment, scale, phrases, y + 6)
    return picture


def draw_detail(assessment: Assessment, phrases: Phrases) -> Picture | None:
    """Draws lid, ladder and implants over the days of the intrusion; None if the whole picture is enough."""
    span = detail_span(assessment)
    if span is None:
        return None
    scale = Scale(span.from_, span.to)
    picture = Picture(top=4)
    y = draw_lid(picture, assessment, scale, phrases, picture.top + 6)
    y = draw_ladder(picture, assessment.findings, scale, phrases, y + 16)
    y = draw_implants(picture, assessment, scale, phrases, y + 12)
    _frame(picture, assessment, scale, phrases, y + 6)
    return picture


def _frame(picture: Picture, assessment: Assessment, scale: Scale, phrases: Phrases, bottom: float) -> None:
    """Grid, axis, and the window in which the server could have been entered, behind everything else."""
    top = picture.top
    if assessment.window:
        left, right = scale.x(assessment.window.from_), scale.x(assessment.window.to)
        words = phrases.text("picture.window", start=phrases.minute(assessment.window.from_),
                             end=phrases.minute(assessment.window.to))  # fmt: skip
        picture.boxes.insert(0, Box(left, top, max(right - left, 1), bottom - top, "window", words))
    if assessment.host.collected_at and scale.holds(assessment.host.collected_at):
        x = scale.x(assessment.host.collected_at)
        picture.lines.append(Line(x, top, x, bottom, "collected"))
        picture.labels.append(Label(x - 4, top + _BELOW_LID, phrases.text("picture.collected"), "minor halo", "end"))
    for tick in scale.ticks():
        picture.lines.insert(0, Line(tick.x, top, tick.x, bottom, "grid"))
        middle = tick.x + _HALF_TICK < WIDTH
        picture.labels.append(Label(tick.x, bottom + 16, tick.label, "axis", "middle" if middle else "end"))
    picture.lines.append(Line(LEFT, bottom, RIGHT, bottom, "axis"))
    picture.height = bottom + 26


def _campaign(picture: Picture, campaign: tuple[TimelineEvent, ...], scale: Scale, phrases: Phrases) -> float:
    events = sorted((event for event in campaign if scale.holds(event.date)), key=lambda event: event.date)
    if not events:
        return 8.0
    texts = [shortened(prose(event.text), _CAMPAIGN_TEXT) for event in events]
    order = sorted(range(len(events)), key=lambda index: (_importance(events[index]), index))
    spots = [(scale.x(event.date), text) for event, text in zip(events, texts, strict=True)]
    placed = place_labels(spots, order, _CAMPAIGN_ROWS, LEFT, WIDTH - 4)
    rows = 1 + max((label.row for label in placed), default=0)
    bottom = 10 + rows * _ROW + 6
    for label in placed:
        baseline = bottom - 8 - label.row * _ROW
        style = f"event {_style(events[label.index].kind)}"
        picture.lines.append(Line(label.x, baseline - 9, label.x, bottom, "leader"))
        anchor, x = ("start", label.start) if label.start > label.x else ("end", label.end)
        picture.labels.append(Label(x, baseline, texts[label.index], style, anchor))
    for event in events:
        title = f"{phrases.day(event.date)}: {shortened(prose(event.text), 200)}"
        picture.dots.append(Dot(scale.x(event.date), bottom, 3.2, f"event {_style(event.kind)}", title))
    picture.lines.append(Line(LEFT, bottom, RIGHT, bottom, "rule"))
    picture.labels.append(Label(LEFT - 12, bottom - 4, phrases.text("section.campaign"), "lane", "end"))
    return bottom


def _importance(event: TimelineEvent) -> int:
    return _IMPORTANCE.index(event.kind) if event.kind in _IMPORTANCE else len(_IMPORTANCE)


def _style(kind: str) -> str:
    return kind.replace("_", "-") if kind in _IMPORTANCE else "other"
