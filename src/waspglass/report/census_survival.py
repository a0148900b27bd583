"""Pictures of patching: a survival curve a source with its band, and half-lives by country as points with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from waspglass.census.count import By
from waspglass.census.patching import Patching
from waspglass.census.survival import SurvivalCurve
from waspglass.report.census_map import country_name
from waspglass.report.census_scale import Frame, round_steps
from waspglass.report.census_words import CensusWords
from waspglass.report.picture_shapes import shortened

__all__ = ["CurvePicture", "HalfLifePicture", "draw_curve", "draw_half_lives"]

_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 452.0, 52.0, 264.0
_NAME_LETTERS = 18


@dataclass(frozen=True)
class CurvePicture(Frame):
    """One curve; its half-life as a dashed line down to the axis."""

    subtitle: str
    band: str
    line: str
    dots: tuple[tuple[float, float, str], ...]
    days: tuple[tuple[float, str], ...]
    shares: tuple[tuple[float, str], ...]
    axis: str
    half: tuple[float, float, str] | None


def draw_curve(patching: Patching, words: CensusWords) -> CurvePicture:
    """A straight line joins the scans: between two of them the data do not say when the patches came."""
    curve = patching.curve
    last = max(curve.days[-1], 1.0)
    x = {day: round(_LEFT + (_RIGHT - _LEFT) * day / last, 1) for day in curve.days}

    def y(share: float) -> float:
        return round(_BOTTOM - (_BOTTOM - _TOP) * share, 1)

    upper = [f"{x[day]},{y(high)}" for day, high in zip(curve.days, curve.high, strict=True)]
    lower = [f"{x[day]},{y(low)}" for day, low in zip(curve.days, curve.low, strict=True)]
    half = None
    if curve.half_life.day is not None:
        text = words.text("survival.half", days=words.number(curve.half_life.day, 1))
        half = (round(_LEFT + (_RIGHT - _LEFT) * curve.half_life.day / last, 1), y(0.5), text)
    points = list(zip(curve.days, curve.share, strict=True))
    ticks = [day for day in round_steps(last) if day <= last]
    return CurvePicture(
        width=480.0,
        height=312.0,
        title=words.source(patching.source),
        left=_LEFT,
        right=_RIGHT,
        top=_TOP,
        bottom=_BOTTOM,
        subtitle=words.text("survival.curve", hosts=words.number(curve.hosts)),
        band=" ".join([*upper, *reversed(lower)]),
        line=" ".join(f"{x[day]},{y(share)}" for day, share in points),
        dots=tuple((x[day], y(share), _point(day, share, words)) for day, share in points),
        days=tuple((_LEFT + (_RIGHT - _LEFT) * day / last, words.number(day)) for day in ticks),
        shares=tuple((y(share), words.percent(share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)),
        axis=words.text("survival.axis", day=words.day(patching.origin)),
        half=half,
    )


def _point(day: float, share: float, words: CensusWords) -> str:
    return words.text("survival.point", day=words.number(day), share=words.percent(share))


@dataclass(frozen=True)
class HalfLifeRow:
    """A group: its name, y, and the x of estimate and interval; `right` None if the data do not bound it."""

    name: str
    y: float
    x: float | None
    left: float | None
    right: float | None
    text: str


@dataclass(frozen=True)
class HalfLifePicture(Frame):
    """Half-lives side by side."""

    rows: tuple[HalfLifeRow, ...]
    days: tuple[tuple[float, str], ...]
    axis: str


def half_life_text(curve: SurvivalCurve, words: CensusWords) -> str:
    """`4.6 days (4.3 to 4.9)`, or that it is not reached."""
    half = curve.half_life
    if half.day is None:
        return words.text("survival.not_reached", day=words.number(curve.days[-1]))
    low = "?" if half.low is None else words.number(half.low, 1)
    high = "?" if half.high is None else words.number(half.high, 1)
    return words.text("survival.days", day=words.number(half.day, 1), low=low, high=high)


def draw_half_lives(groups: Sequence[Patching], by: By, words: CensusWords) -> HalfLifePicture | None:
    """None for fewer than two groups, or where none has come to its half-life."""
    if len(groups) < 2 or all(each.curve.half_life.day is None for each in groups):
        return None
    ends = [
        value for each in groups for value in (each.curve.half_life.high, each.curve.half_life.day) if value is not None
    ]
    steps = round_steps(max(ends, default=1.0))
    left, right, top = 128.0, 452.0, 34.0

    def x(day: float | None) -> float | None:
        return None if day is None else round(left + (right - left) * min(day / steps[-1], 1.0), 1)

    ranked = sorted(groups, key=lambda each: (each.curve.half_life.day or float("inf"), each.key or ""))
    rows = tuple(
        HalfLifeRow(
            name=shortened(_group_name(each.key, by, words), _NAME_LETTERS),
            y=top + 16 + 24 * index,
            x=x(each.curve.half_life.day),
            left=x(each.curve.half_life.low),
            right=x(each.curve.half_life.high),
            text=half_life_text(each.curve, words),
        )
        for index, each in enumerate(ranked)
    )
    bottom = top + 24 * len(rows) + 8
    title = words.text("survival.by", source=words.source(groups[0].source), by=words.text(f"by.{by.value}"))
    ticks = tuple((left + (right - left) * day / steps[-1], words.number(day)) for day in steps)
    axis = words.text("survival.half_axis", day=words.day(groups[0].origin))
    return HalfLifePicture(
        width=480.0,
        height=bottom + 48,
        title=title,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        rows=rows,
        days=ticks,
        axis=axis,
    )


def _group_name(key: str | None, by: By, words: CensusWords) -> str:
    if key is None:
        return words.text("group.unknown", by=words.text(f"by.{by.value}"))
    return country_name(key, words) if by is By.COUNTRY else key
