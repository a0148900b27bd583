"""What every renderer says about an assessment, counted once: findings by rung, the implants, the skips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from waspglass.model.assessment import Assessment, Implant, Verdict
from waspglass.model.coverage import Coverage
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.skip import SkipReason
from waspglass.report.phrases import Phrases

__all__ = [
    "SkipSummary",
    "Summary",
    "answers_only",
    "data_facts",
    "entry_open",
    "findings_by_id",
    "height",
    "highest_rung",
    "is_listed",
    "presence",
    "presences",
    "records",
    "summarise",
    "wasp_facts",
]

_EXAMPLES = 3
_TITLES = 5
_TAKES_DATA = frozenset(
    {"T1003", "T1005", "T1039", "T1041", "T1048", "T1074", "T1114", "T1213", "T1552", "T1555", "T1560", "T1567"}
)
"""Techniques of ATT&CK's tactics Credential Access, Collection and Exfiltration by which something leaves its place."""
Presence = Literal["present", "presumed", "gone", "open"]
_PRESENCE: tuple[Presence, ...] = get_args(Presence)


@dataclass(frozen=True, slots=True)
class SkipSummary:
    """All skips of one reason.

    Attributes:
        reason: Why.
        count: How many files, lines, records or rules.
        sources: How many different sources.
        examples: The sources with the highest counts, at most three.
        details: Different details that were noted, at most three.
    """

    reason: SkipReason
    count: int
    sources: int
    examples: tuple[str, ...]
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of the reports.

    Attributes:
        by_rung: Findings that prove a rung, by rung.
        could_show: Rungs that something of the evidence is able to show.
        skips: Skips by reason, most frequent first.
        coverage: The kinds of evidence of which there is something, and those that would show an entry.
        missing: The other kinds, by their titles.
    """

    by_rung: Mapping[Rung, int]
    could_show: frozenset[str]
    skips: tuple[SkipSummary, ...]
    coverage: tuple[Coverage, ...]
    missing: tuple[str, ...]


def is_listed(row: Coverage) -> bool:
    """Whether a kind of evidence stands by itself where reports list them: it is there, or would show an entry."""
    return row.files > 0 or row.entry


def summarise(assessment: Assessment) -> Summary:
    """Counts what the reports tell. It decides nothing: the verdict and the rungs are the assessment's."""
    return Summary(
        by_rung=Counter(found.rung for found in assessment.findings if found.rung and found.proves),
        could_show=frozenset(rung for row in assessment.coverage if row.files for rung in row.shows),
        skips=tuple(_skips(assessment)),
        coverage=tuple(filter(is_listed, assessment.coverage)),
        missing=tuple(row.title or row.kind for row in assessment.coverage if not is_listed(row)),
    )


def presence(implant: Implant) -> Presence:
    """Whether an implant is there, as a word: seen, taken to be there without having been seen, gone, or not known."""
    if implant.present is None:
        return "open"
    if not implant.present:
        return "gone"
    return "presumed" if implant.presumed else "present"


def presences(assessment: Assessment) -> dict[Presence, int]:
    """How many implants are there, taken to be there, gone, not known; only what there is of these."""
    counted = Counter(presence(implant) for implant in assessment.implants)
    return {word: counted[word] for word in _PRESENCE if counted[word]}


def highest_rung(findings: Iterable[Finding]) -> Rung | None:
    """The highest rung that one of the findings proves."""
    proven = [finding.rung for finding in findings if finding.rung and finding.proves]
    return max(proven, key=height, default=None)


def records(findings: Iterable[Finding]) -> int:
    """How many records of the evidence findings are about: several rules may have found the same one."""
    return len({(found.source, found.line, found.record, found.offset) for found in findings})


def height(rung: Rung | None) -> int:
    """For sorting by rung; no rung is the lowest."""
    return -1 if rung is None else rung.height


def answers_only(assessment: Assessment) -> bool:
    """Nothing but answers of pages that may be the owner's speaks of an intruder."""
    return any(limit.id == "answers-only" for limit in assessment.limits)


def entry_open(assessment: Assessment) -> bool:
    """No break-in was seen, and something that would have made that firm was not."""
    unseen = assessment.verdict in (Verdict.ATTEMPTED, Verdict.CANNOT_TELL)
    return unseen and any(limit.decisive for limit in assessment.limits)


def findings_by_id(assessment: Assessment) -> dict[str, Finding]:
    """Every finding of the assessment by its id, so that claims and implants can name their leaves."""
    everything = (*assessment.review, *assessment.context, *assessment.findings)
    return {finding.id: finding for finding in everything}


def wasp_facts(assessment: Assessment, phrases: Phrases) -> tuple[str, ...]:
    """The wasp axis in words: the rung reached, the implants, first entry and last activity."""
    highest = max(assessment.rungs, key=height, default=None)
    if highest is None:
        return (phrases.text("wasp_line.none"),)
    meaning = phrases.word("rung_meaning", highest)
    parts = [phrases.text("wasp_line.reached", rung=phrases.word("rung", highest), meaning=meaning)]
    parts += [phrases.count(f"implant_{word}", number) for word, number in presences(assessment).items()]
    if assessment.first_entry:
        parts.append(phrases.text("wasp_line.first_entry", time=phrases.minute(assessment.first_entry)))
    if assessment.last_activity:
        parts.append(phrases.text("wasp_line.last_activity", time=phrases.minute(assessment.last_activity)))
    return tuple(parts)


def data_facts(assessment: Assessment, phrases: Phrases) -> tuple[str, ...]:
    """What speaks for data taken or damaged, in sentences, and what nothing shows; empty if no break-in was seen."""
    if assessment.verdict not in (Verdict.COMPROMISED, Verdict.OCCUPIED):
        return ()
    told = ("seen", filter(_takes_data, assessment.findings)), ("hint", filter(_takes_data, assessment.review))
    signs = {key: list(dict.fromkeys(found.title for found in findings)) for key, findings in told}
    facts = [_signs(key, titles, phrases) for key, titles in signs.items() if titles]
    return (*(facts or [phrases.text("data.unseen")]), phrases.text("data.open"))


def _takes_data(finding: Finding) -> bool:
    techniques = {technique.partition(".")[0] for technique in finding.techniques}
    taking = finding.rung is Rung.IMPACT or not techniques.isdisjoint(_TAKES_DATA)
    return taking and finding.effect in (Effect.SHOWS, Effect.HINT)


def _signs(key: str, titles: list[str], phrases: Phrases) -> str:
    more = [phrases.count("more", len(titles) - _TITLES)] if len(titles) > _TITLES else []
    return phrases.text(f"data.{key}", signs="; ".join([*titles[:_TITLES], *more]))


def _skips(assessment: Assessment) -> Iterator[SkipSummary]:
    totals: Counter[SkipReason] = Counter()
    for skipped in assessment.skipped:
        totals[skipped.reason] += skipped.count
    for reason, count in totals.most_common():
        of_reason = [skipped for skipped in assessment.skipped if skipped.reason is reason]
        largest = sorted(of_reason, key=lambda skipped: (-skipped.count, skipped.source))
        sources = dict.fromkeys(skipped.source for skipped in largest)
        details = dict.fromkeys(skipped.detail for skipped in largest if skipped.detail)
        yield SkipSummary(reason, count, len(sources), tuple(sources)[:_EXAMPLES], tuple(details)[:_EXAMPLES])
