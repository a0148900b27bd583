"""The time axis of the picture: which span is drawn, where a moment falls in it, and which ticks are labelled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from waspglass.model.assessment import Assessment
from waspglass.model.coverage import Span
from waspglass.model.finding import Rung
from waspglass.report.picture_shapes import LEFT, RIGHT

__all__ = ["Scale", "Tick", "detail_span", "drawn_span"]

_PAD = 0.03
_FIRST_YEAR, _LAST_YEAR = 1995, 2200
_STEPS = tuple(timedelta(hours=hours) for hours in (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 96, 168, 336))
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 600)
"""Steps of the axis where weeks are too short: so many months."""
_MONTH = timedelta(days=30)
_TICK_WIDTH = 88.0
_DETAIL_LEAST = 3
_DETAIL_SHORTEST = timedelta(minutes=10)
_DETAIL_SHARE = 0.3
_EARLIER = timedelta(days=30)
_LONGEST = timedelta(days=150)


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled moment of the axis at `x`."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps the moments from `start` to `end` to the plot."""

    start: datetime
    end: datetime

    def x(self, moment: datetime) -> float:
        """Where a moment is drawn; moments outside of the span fall on its edge."""
        share = (moment - self.start) / (self.end - self.start)
        return round(LEFT + min(max(share, 0.0), 1.0) * (RIGHT - LEFT), 1)

    def holds(self, moment: datetime) -> bool:
        """True if the moment lies inside the drawn span."""
        return self.start <= moment <= self.end

    def ticks(self) -> tuple[Tick, ...]:
        """Ticks at round times, far enough apart for their labels."""
        shortest = (self.end - self.start) / max(2, int((RIGHT - LEFT) // _TICK_WIDTH))
        step = next((step for step in _STEPS if step >= shortest), None)
        if step is None:
            months = next((months for months in _MONTHS if months * _MONTH >= shortest), _MONTHS[-1])
            times = _first_days(months, self.start, self.end)
        else:
            times = _steps(step, self.start, self.end)
        form = "%m-%d %H:%M" if step and step < timedelta(days=1) else "%Y-%m-%d"
        return tuple(Tick(self.x(at), at.strftime(form)) for at in times)


def _steps(step: timedelta, start: datetime, end: datetime) -> Iterator[datetime]:
    at = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    while at <= end:
        if at >= start:
            yield at
        at += step


def _first_days(months: int, start: datetime, end: datetime) -> Iterator[datetime]:
    """The first day of every so many months, counted from a January."""
    before = (start.year * 12 + start.month - 1) // months * months
    while (at := datetime(before // 12, before % 12 + 1, 1, tzinfo=UTC)) <= end:
        if at >= start:
            yield at
        before += months


def drawn_span(assessment: Assessment) -> Span | None:
    """The span that the picture shows; None if the assessment holds no time to draw.

    It is the window in which the server could have been entered, up to the collection, widened to the findings. A
    finding with an absurd time (a changed file date) or a collection years later must not squeeze the picture, so it
    reaches back at most 30 days or half a window, and forward at most 150 days or three windows.
    """
    times = sorted(finding.time for finding in assessment.findings if finding.time and _plausible(finding.time))
    core = assessment.window or _core(assessment, times)
    if core is None:
        return None
    length = core.to - core.from_
    earliest = core.from_ - max(_EARLIER, length / 2)
    latest = core.from_ + max(_LONGEST, 3 * length)
    others = [*(row.to for row in assessment.coverage), assessment.host.collected_at, assessment.lid.since]
    known = [core.to, *times, *(moment for moment in others if moment and _plausible(moment))]
    start = min([core.from_, *(time for time in times if earliest <= time)])
    end = max(moment for moment in known if moment <= latest) if core.to <= latest else latest
    pad = max((end - start) * _PAD, timedelta(hours=1))
    return Span(from_=start - pad, to=end + pad)


def detail_span(assessment: Assessment) -> Span | None:
    """The days of the intrusion, if they are too short a part of the drawn span to be seen in it."""
    whole = drawn_span(assessment)
    if whole is None:
        return None
    inside = [finding for finding in assessment.findings if finding.rung not in (None, Rung.PROBED)]
    times = [finding.time for finding in inside if finding.time and whole.from_ <= finding.time <= whole.to]
    if len(times) < _DETAIL_LEAST or max(times) - min(times) < _DETAIL_SHORTEST:
        return None
    pad = max((max(times) - min(times)) * _PAD, timedelta(minutes=30))
    span = Span(from_=min(times) - pad, to=max(times) + pad)
    return span if span.hours < whole.hours * _DETAIL_SHARE else None


def _core(assessment: Assessment, times: list[datetime]) -> Span | None:
    moments = times or [at for row in assessment.coverage for at in (row.from_, row.to) if at and _plausible(at)]
    return Span(from_=min(moments), to=max(moments)) if moments else None


def _plausible(moment: datetime) -> bool:
    """Keeps times that no server of these campaigns can have logged from stretching the axis over centuries."""
    return _FIRST_YEAR <= moment.year <= _LAST_YEAR
