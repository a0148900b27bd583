"""What is read of the rules of all sources, and what was wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from waspglass.evidence.skip_log import skip_of
from waspglass.hunt.rules.rule import Correlation, Indicator, Rule
from waspglass.model.errors import Location, PackError
from waspglass.model.escape import printable
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import RuleSource

__all__ = ["Reading"]

_MOST_NAMED = 20
"""Faults of one file that are named; the others are a number."""


@dataclass(slots=True)
class Reading:
    """Collects while sources are read.

    Attributes:
        rules: Of Sigma.
        correlations: Of Sigma.
        indicators: By id; the first of each is kept.
        joined: Correlations of indicators, by id.
        yara: Paths of the sources of which something compiles.
        skipped: What cannot be used.
    """

    rules: list[Rule] = field(default_factory=list)
    correlations: list[Correlation] = field(default_factory=list)
    indicators: dict[str, Indicator] = field(default_factory=dict)
    joined: dict[str, Correlation] = field(default_factory=dict)
    yara: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def skip(self, source: str, reason: SkipReason, detail: str, count: int = 1) -> None:
        """Notes what cannot be used of a source."""
        self.skipped.append(skip_of(source, reason, detail, count))

    def broken(self, source: RuleSource, reason: SkipReason, detail: str) -> None:
        """Notes a fault of a rule: a user's is skipped and counted, one of the pack is the pack's and ends the run.

        Raises:
            PackError: If a rule of the pack is not valid.
        """
        if source.origin == "pack" and reason is SkipReason.INVALID_RULE:
            hint = "Mend the rule; `waspglass pack check` lists all faults of a pack"
            raise PackError(f"broken rule: {printable(detail)}", location=Location(source.path), hint=hint)
        self.skip(source.path, reason, detail)

    def broken_each(self, source: RuleSource, reason: SkipReason, details: Sequence[str], rest: str) -> None:
        """As `broken`, of many faults of one file: the first by name, the others as a number of `rest`."""
        for detail in details[:_MOST_NAMED]:
            self.broken(source, reason, detail)
        if len(details) > _MOST_NAMED:
            self.skip(source.path, reason, rest, len(details) - _MOST_NAMED)
