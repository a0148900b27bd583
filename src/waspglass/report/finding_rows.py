"""The tables of findings: bounded selections by rung, rule and address, with counts of what is not shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from waspglass.model.assessment import Assessment
from waspglass.model.finding import Finding, Rung
from waspglass.report.summary import height

__all__ = ["RuleRow", "RungTable", "rule_rows", "rung_tables"]

_ROWS_A_RUNG = 200
_RULES = 80


@dataclass(frozen=True, slots=True)
class RungTable:
    """Findings of one rung, oldest first.

    Attributes:
        rung: The rung.
        findings: Those that are shown.
        total: How many there are.
    """

    rung: Rung
    findings: tuple[Finding, ...]
    total: int


@dataclass(frozen=True, slots=True)
class RuleRow:
    """What one rule found, oldest first."""

    rule: str
    title: str
    rung: Rung | None
    findings: tuple[Finding, ...]
    first: datetime | None
    last: datetime | None

    @property
    def count(self) -> int:
        """How many findings."""
        return len(self.findings)


def rung_tables(assessment: Assessment, cited: frozenset[str]) -> tuple[RungTable, ...]:
    """The findings by rung, the highest rung first; at most 200 of each, those that a claim cites before others.

    Of the rest, rules that found little come before rules that found much, so that a flood hides nothing rare.
    """
    tables = []
    for rung in reversed(Rung):
        of_rung = [finding for finding in assessment.findings if finding.rung is rung]
        if of_rung:
            shown = sorted(_selected(of_rung, cited), key=_by_time)
            tables.append(RungTable(rung, tuple(shown), len(of_rung)))
    return tuple(tables)


def _selected(findings: Sequence[Finding], cited: frozenset[str]) -> Iterable[Finding]:
    if len(findings) <= _ROWS_A_RUNG:
        return findings
    seen: Counter[str] = Counter()
    ranked: list[tuple[bool, int, int, Finding]] = []
    for finding in sorted(findings, key=_by_time):
        ranked.append((finding.id not in cited, seen[finding.rule], len(ranked), finding))
        seen[finding.rule] += 1
    return [finding for *_, finding in sorted(ranked, key=lambda entry: entry[:3])[:_ROWS_A_RUNG]]


def rule_rows(findings: Iterable[Finding], most: int = _RULES) -> tuple[tuple[RuleRow, ...], int]:
    """What each rule found, the highest rung first; and how many rules beyond `most` were left out."""
    groups: dict[tuple[str, Rung | None], list[Finding]] = {}
    for finding in sorted(findings, key=_by_time):
        groups.setdefault((finding.rule, finding.rung), []).append(finding)
    rows = [
        RuleRow(rule, members[0].title, rung, tuple(members), *_first_and_last(members))
        for (rule, rung), members in groups.items()
    ]
    rows.sort(key=lambda row: (-height(row.rung), -row.count, row.rule))
    return tuple(rows[:most]), max(0, len(rows) - most)


def _first_and_last(findings: Iterable[Finding]) -> tuple[datetime | None, datetime | None]:
    times = [finding.time for finding in findings if finding.time]
    return min(times, default=None), max(times, default=None)


def _by_time(finding: Finding) -> tuple[bool, str, str, int]:
    moment = finding.time.isoformat() if finding.time else ""
    return (finding.time is None, moment, finding.source, finding.line or finding.record or finding.offset or 0)
