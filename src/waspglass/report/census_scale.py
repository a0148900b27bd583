"""Frames and scales of the census pictures: days to x, counts to y, with readable ticks."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

__all__ = ["CountScale", "DayScale", "Frame", "round_steps"]


@dataclass(frozen=True)
class Frame:
    """What every picture has: its size, its title, and the rectangle of its axes."""

    width: float
    height: float
    title: str
    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True)
class DayScale:
    """Days to x, from the middle of the first to the middle of the last."""

    first: dt.date
    last: dt.date
    left: float
    right: float

    def at(self, day: dt.date) -> float:
        """Place of a day."""
        span = max((self.last - self.first).days, 1)
        return self.left + (self.right - self.left) * (day - self.first).days / span

    def ticks(self, most: int = 9) -> list[dt.date]:
        """Days with a label: every so many days, counted from the first."""
        span = (self.last - self.first).days
        step = next((each for each in (1, 2, 3, 7, 14, 28, 56, 91, 182, 365) if span / each <= most), 730)
        return [self.first + dt.timedelta(days=each) for each in range(0, span + 1, step)]


@dataclass(frozen=True)
class CountScale:
    """Counts to y: linear from 0, or logarithmic where values differ by more than a factor of 50."""

    top: float
    bottom_value: float
    high: float
    low: float
    log: bool = False

    @staticmethod
    def over(values: list[float], high: float, low: float, *, log: bool = False) -> CountScale:
        """The scale that shows all values; `high` and `low` are the y of its ends."""
        largest = max([value for value in values if value > 0], default=1.0)
        if log:
            smallest = min([value for value in values if value > 0], default=1.0)
            bottom = 10.0 ** math.floor(math.log10(smallest))
            return CountScale(10.0 ** math.ceil(math.log10(max(largest, bottom * 10))), bottom, high, low, log=True)
        return CountScale(round_steps(largest)[-1], 0.0, high, low)

    def at(self, value: float) -> float:
        """Place of a count."""
        if self.log:
            value = max(value, self.bottom_value)
            part = math.log(value / self.bottom_value) / math.log(self.top / self.bottom_value)
        else:
            part = value / self.top
        return self.low + (self.high - self.low) * part

    def ticks(self) -> list[float]:
        """Values with a label."""
        if not self.log:
            return round_steps(self.top)
        powers = round(math.log10(self.top / self.bottom_value))
        return [self.bottom_value * 10**each for each in range(powers + 1)]


def round_steps(largest: float, most: int = 5) -> list[float]:
    """Round values from 0 to at least `largest`, at most `most` steps."""
    if largest <= 0:
        return [0.0, 1.0]
    rough = largest / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * each for each in (1, 2, 2.5, 5, 10) if power * each >= rough * 0.999)
    step = max(step, 1.0) if largest >= 1 else step
    return [step * each for each in range(math.ceil(largest / step - 1e-9) + 1)]
