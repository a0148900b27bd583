"""Counts over time: a panel a source, each with its own axis, the campaign's timeline, and public figures as marks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from waspglass.census.survey import SourceSurvey, Survey
from waspglass.packs.builds import State
from waspglass.packs.pack import Figure, TimelineRow
from waspglass.report.census_scale import CountScale, DayScale, Frame
from waspglass.report.census_words import CensusWords

__all__ = [
    "Event",
    "FigureMark",
    "FigurePicture",
    "Panel",
    "SeriesPicture",
    "draw_figures",
    "draw_series",
    "shown_events",
]

WIDTH, _LEFT, _RIGHT = 960.0, 76.0, 930.0
_LABELS = 836.0
"""Where the lines of states end: their labels stand right of it."""
_PANEL, _GAP, _TOP = 150.0, 54.0, 46.0
_LABEL_STEP = 14.0
_DIGIT, _LETTER, _MARK = 7.0, 11.0, 8.0
"""Width of a digit, height of a letter, half the size of a mark."""
_SIDES = ((9.0, -4.0, ""), (-9.0, -4.0, "end"), (0.0, -10.0, "middle"), (0.0, 19.0, "middle"), (9.0, 13.0, ""))
"""Where the number of a mark can stand, the best place first."""
_KINDS = ("patch", "poc_public", "ransomware", "law_enforcement", "warning")
_EVENTS = 9


@dataclass(frozen=True)
class Line:
    """One state's counts: points as text for SVG, and its dots with what a pointer shows."""

    state: str
    points: str
    dots: tuple[tuple[float, float, str], ...]
    end: tuple[float, float, str]


@dataclass(frozen=True)
class Panel:
    """One source."""

    title: str
    top: float
    bottom: float
    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Event:
    """A dated event of the timeline: its number in the picture, x, day in words, and text."""

    number: int
    x: float
    day: str
    row: TimelineRow


@dataclass(frozen=True)
class SeriesPicture(Frame):
    """All panels under one axis of days."""

    panels: tuple[Panel, ...]
    days: tuple[tuple[float, str], ...]
    events: tuple[Event, ...]


def shown_events(rows: Sequence[TimelineRow], first: dt.date, last: dt.date) -> list[tuple[dt.date, TimelineRow]]:
    """Events inside the span that have to do with patching: the weightiest of a day, at most nine."""
    found: dict[dt.date, TimelineRow] = {}
    for row in rows:
        try:
            day = dt.date.fromisoformat(row.date)
        except ValueError:
            continue
        if not first <= day <= last or row.kind not in _KINDS:
            continue
        if day not in found or _KINDS.index(row.kind) < _KINDS.index(found[day].kind):
            found[day] = row
    ranked = sorted(found.items(), key=lambda item: (_KINDS.index(item[1].kind), item[0]))[:_EVENTS]
    return sorted(ranked, key=lambda pair: pair[0])


def draw_series(survey: Survey, words: CensusWords) -> SeriesPicture | None:
    """None without a source that has two scans."""
    sources = [source for source in survey.sources if len(source.series) > 1]
    if not sources:
        return None
    first = min(each.date for source in sources for each in source.series)
    first = min(first, max(survey.pack.window.patch_available.date(), first - dt.timedelta(days=14)))
    last = max(each.date for source in sources for each in source.series)
    days = DayScale(first, last, _LEFT, _LABELS)
    panels = tuple(_panel(source, days, _TOP + index * (_PANEL + _GAP), words) for index, source in enumerate(sources))
    events = tuple(
        Event(number, days.at(day), words.day(day), row)
        for number, (day, row) in enumerate(shown_events(survey.pack.timeline, first, last), 1)
    )
    return SeriesPicture(
        width=WIDTH,
        height=panels[-1].bottom + 44,
        title=words.text("series.title"),
        left=_LEFT,
        right=_LABELS,
        top=panels[0].top,
        bottom=panels[-1].bottom,
        panels=panels,
        days=tuple((days.at(day), words.short_day(day)) for day in days.ticks()),
        events=events,
    )


def _panel(source: SourceSurvey, days: DayScale, top: float, words: CensusWords) -> Panel:
    shown = [state for state in State if any(each.addresses.get(state) for each in source.series)]
    values = [float(each.addresses.get(state, 0)) for each in source.series for state in shown]
    scale = CountScale.over(values, top + 8, top + _PANEL)
    lines = tuple(
        _line(source, state, days, scale, words) for state in sorted(shown, key=lambda each: each != "vulnerable")
    )
    ticks = tuple((scale.at(value), words.number(value)) for value in scale.ticks())
    return Panel(words.source(source.source), top, top + _PANEL, _apart(lines, top + _PANEL), ticks)


def _line(source: SourceSurvey, state: State, days: DayScale, scale: CountScale, words: CensusWords) -> Line:
    dots = []
    for each in source.series:
        value = each.addresses.get(state, 0)
        title = f"{words.day(each.date)}, {words.source(source.source)}: {words.number(value)} {words.state(state)}"
        dots.append((round(days.at(each.date), 1), round(scale.at(value), 1), title))
    points = " ".join(f"{x},{y}" for x, y, _ in dots)
    end_x, end_y, _ = dots[-1]
    return Line(state.name.lower(), points, tuple(dots), (end_x, end_y, words.state(state)))


def _apart(lines: tuple[Line, ...], bottom: float) -> tuple[Line, ...]:
    """Moves the labels at the line ends so that none covers another or leaves the panel below."""
    ordered = sorted(lines, key=lambda line: line.end[1])
    places: list[float] = []
    for line in ordered:
        places.append(max(line.end[1], places[-1] + _LABEL_STEP if places else float("-inf")))
    lowest = bottom
    for index in range(len(places) - 1, -1, -1):
        places[index] = min(places[index], lowest)
        lowest = places[index] - _LABEL_STEP
    moved = {
        line.state: replace(line, end=(line.end[0], y, line.end[2])) for line, y in zip(ordered, places, strict=True)
    }
    return tuple(moved[line.state] for line in lines)


@dataclass(frozen=True)
class FigureMark:
    """A public figure: place, number in the list, day, what it is, and where the number stands beside the mark."""

    x: float
    y: float
    number: int
    day: str
    title: str
    figure: Figure
    side: tuple[float, float, str] = _SIDES[0]


@dataclass(frozen=True)
class FigurePicture(Frame):
    """Public figures, each a mark of its own: no line joins figures of different methods."""

    marks: tuple[FigureMark, ...]
    days: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str], ...]


def draw_figures(
    figures: Sequence[Figure], first: dt.date, last: dt.date, title: str, words: CensusWords
) -> FigurePicture | None:
    """The figures of a span on a logarithmic axis; None if there are none."""
    dated = sorted(
        (
            (dt.date.fromisoformat(each.date), each)
            for each in figures
            if first <= dt.date.fromisoformat(each.date) <= last
        ),
        key=lambda pair: (pair[0], -pair[1].value),
    )
    if not dated:
        return None
    days = DayScale(first, last, _LEFT, _RIGHT)
    scale = CountScale.over([figure.value for _, figure in dated], 48.0, 268.0, log=True)
    marks = tuple(
        FigureMark(
            round(days.at(day), 1),
            round(scale.at(figure.value), 1),
            number,
            words.day(day),
            f"{words.day(day)}: {words.number(figure.value)} ({figure.source})",
            figure,
        )
        for number, (day, figure) in enumerate(dated, 1)
    )
    return FigurePicture(
        width=WIDTH,
        height=308.0,
        title=title,
        left=_LEFT,
        right=_RIGHT,
        top=48.0,
        bottom=268.0,
        marks=_sided(marks),
        days=tuple((days.at(day), words.short_day(day)) for day in days.ticks()),
        ticks=tuple((scale.at(value), words.number(value)) for value in scale.ticks()),
    )


def _sided(marks: Sequence[FigureMark]) -> tuple[FigureMark, ...]:
    """Puts the number of each mark where it covers neither another number nor a mark, if there is such a place."""
    taken = [(mark.x - _MARK, mark.y - _MARK, mark.x + _MARK, mark.y + _MARK) for mark in marks]
    found: list[FigureMark] = []
    for mark in marks:
        boxes = [_number_box(mark, side) for side in _SIDES]
        free = next((at for at, box in enumerate(boxes) if not any(_cross(box, other) for other in taken)), 0)
        taken.append(boxes[free])
        found.append(replace(mark, side=_SIDES[free]))
    return tuple(found)


Box = tuple[float, float, float, float]


def _number_box(mark: FigureMark, side: tuple[float, float, str]) -> Box:
    width = _DIGIT * len(str(mark.number))
    left = mark.x + side[0] - {"": 0.0, "middle": width / 2, "end": width}[side[2]]
    return left, mark.y + side[1] - _LETTER + 2, left + width, mark.y + side[1]


def _cross(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
