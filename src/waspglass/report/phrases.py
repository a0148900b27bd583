"""How the reports say things in the reader's language: times, numbers, and the closed lists of the model."""

from __future__ import annotations

from datetime import UTC, datetime

from waspglass.model.assessment import UNNAMED, Assessment, Implant, LidState, Verdict
from waspglass.model.coverage import Span
from waspglass.model.language import Catalogue, load_catalogue
from waspglass.report.numbers import in_language
from waspglass.report.visible import visible

__all__ = ["Phrases"]


class Phrases:
    """The report's words in one language; fixed texts come from `lang/report.<language>.toml`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue: Catalogue = load_catalogue("waspglass.report", "report", language)

    def text(self, key: str, **values: object) -> str:
        """A message of the catalogue."""
        return self._catalogue.text(key, **values)

    def word(self, group: str, value: str) -> str:
        """The word for a member of a closed list, e.g. `word("certainty", Certainty.PROVEN)`."""
        return self._catalogue.text(f"{group}.{value.replace(' ', '-')}")

    def count(self, key: str, n: int) -> str:
        """A counted noun in the right number."""
        return self._catalogue.text(f"count.{key}.{'one' if n == 1 else 'many'}", n=self.number(n))

    def number(self, n: int) -> str:
        """An integer with the language's thousands separator."""
        return in_language(f"{n:,}", self.language)

    def size(self, n: int) -> str:
        """A number of bytes in decimal units, two or three digits."""
        value, unit = float(n), "B"
        for larger in ("kB", "MB", "GB", "TB"):
            if value < 1000:
                break
            value, unit = value / 1000, larger
        shown = f"{value:.0f}" if unit == "B" or value >= 100 else f"{value:.1f}"
        return f"{in_language(shown, self.language)} {unit}"

    def moment(self, moment: datetime | None, to: str = "seconds") -> str:
        """A time in UTC to the second, as the logs write it in either language."""
        if moment is None:
            return self.text("text.unknown_time")
        return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(' ', to)} UTC"

    def minute(self, moment: datetime | None) -> str:
        """A time in UTC to the minute."""
        return self.moment(moment, "minutes")

    def day(self, moment: datetime) -> str:
        """The day of a time in UTC."""
        return self.minute(moment)[:10]

    def span(self, start: datetime, end: datetime) -> str:
        """From one time to another, to the minute."""
        return self.text("text.to", start=self.minute(start), end=self.minute(end))

    def stretch(self, span: Span) -> str:
        """A span to the minute, and how long it is."""
        return f"{self.span(span.from_, span.to)} ({self.duration(span.hours)})"

    def days(self, start: datetime, end: datetime) -> str:
        """From one day to another."""
        return self.text("text.to", start=self.day(start), end=self.day(end))

    def duration(self, hours: float) -> str:
        """A length of time in whole hours, or in days from three days on."""
        return self.count("day", round(hours / 24)) if hours >= 72 else self.count("hour", max(1, round(hours)))

    def deadline(self, hours: int, months: int = 0) -> str:
        """A legal period as laws write it: hours up to a week, then days; months after them."""
        shown = self.text("clock.days", n=hours // 24) if hours > 168 else self.text("clock.hours", n=hours)
        return f"{shown} + {self.count('month', months)}" if months else shown

    def host(self, assessment: Assessment) -> str:
        """The name of the server, or that it is not known."""
        return visible(assessment.host.name) if assessment.host.name else self.text("text.unnamed")

    def subject(self, implant: Implant) -> str:
        """What an implant is called: with the backslashes that a path has, or in words if its name was not seen."""
        if implant.subject == UNNAMED:
            return self.text("implant.unnamed")
        return implant.subject.replace("\\\\", "\\")

    def lid(self, assessment: Assessment) -> str:
        """The lid axis as one clause with its dates."""
        lid = assessment.lid
        since = self.minute(lid.since) if lid.since else None
        if lid.state is LidState.PATCHED and since and lid.not_before and lid.not_before != lid.since:
            return self.text("lid_line.patched-between", not_before=self.minute(lid.not_before), since=since)
        if lid.state is LidState.VULNERABLE and lid.not_before:
            return self.text("lid_line.vulnerable-last", not_before=self.minute(lid.not_before))
        if lid.state in (LidState.PATCHED, LidState.VULNERABLE):
            return self.text(f"lid_line.{lid.state}" if since else f"lid_line.{lid.state}-undated", since=since)
        return self.word("lid_line", lid.state)

    def headline(self, assessment: Assessment) -> str:
        """Lid and verdict in one phrase: "Patched, but occupied".

        It promises no more than the sentence does: of an attempt it says whether success can be ruled out, and of an
        intruder of whom nothing but answers of unknown pages speaks, that they may be the owner's.
        """
        group = f"headline.{assessment.lid.state.replace(' ', '-')}"
        decisive = {limit.id for limit in assessment.limits if limit.decisive}
        if assessment.verdict is Verdict.ATTEMPTED and decisive:
            return self.text(f"{group}.attempted-open")
        headline = self.word(group, assessment.verdict)
        return self.text("headline.unless-own", headline=headline) if "answers-only" in decisive else headline
