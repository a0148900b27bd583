"""Words and numbers of the census report in its language."""

from __future__ import annotations

import datetime as dt

from waspglass.census.count import By, Count
from waspglass.model.language import load_catalogue
from waspglass.packs.builds import State
from waspglass.report.census_text import state_key
from waspglass.report.numbers import in_language

__all__ = ["CensusWords"]

_SCANNERS = ("shodan", "censys", "nmap", "shadowserver")


class CensusWords:
    """The catalogue `lang/census.*.toml`, and how numbers are written."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = load_catalogue("waspglass.report", "census", language)

    def text(self, key: str, **values: object) -> str:
        """A message."""
        return self._catalogue.text(key, **values)

    def state(self, state: State) -> str:
        """A state's word."""
        return self.text(state_key(state))

    def skip(self, reason: str) -> str:
        """Why something was left out of an export."""
        return self.text(f"skip.{reason.replace(' ', '_')}")

    def number(self, value: float, digits: int = 0) -> str:
        """1,234.5 in English, 1.234,5 in German."""
        return in_language(f"{value:,.{digits}f}", self.language)

    def percent(self, share: float) -> str:
        """A share in percent, with a digit below ten."""
        return f"{self.number(100 * share, 1 if 0 < share < 0.1 else 0)} %"

    def day(self, day: dt.date) -> str:
        """9 Mar 2021; 9. März 2021."""
        month = self.text(f"month.m{day.month}")
        return f"{day.day}. {month} {day.year}" if self.language == "de" else f"{day.day} {month} {day.year}"

    def short_day(self, day: dt.date) -> str:
        """9 Mar; 9.3."""
        if self.language == "de":
            return f"{day.day}.{day.month}."
        return f"{day.day} {self.text(f'month.m{day.month}')[:3]}"

    def source(self, source: str) -> str:
        """What a person calls a feed."""
        family, _, rest = source.partition(".")
        name = self.text("method.own") if family == "table" else family.title() if family in _SCANNERS else family
        return f"{name} {rest}".strip()

    def method(self, source: str) -> str:
        """How a family of feeds comes to its numbers, and what it cannot see."""
        family = source.partition(".")[0]
        return self.text(f"method.{family if family in _SCANNERS else 'table'}")

    def group(self, count: Count, by: By) -> str:
        """The name of a group."""
        return count.key if count.key is not None else self.text("group.unknown", by=self.text(f"by.{by.value}"))
