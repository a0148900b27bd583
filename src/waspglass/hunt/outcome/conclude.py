"""From hits and what correlations heard to findings with the findings that they rest on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from waspglass.evidence.artefact import Place
from waspglass.evidence.skip_log import skip_of
from waspglass.hunt.outcome.collect import LAST, Heard, Hit, first_kept
from waspglass.hunt.outcome.correlation import Match, correlate
from waspglass.hunt.outcome.findings import finding_of
from waspglass.hunt.rules.paths import normalised_subject
from waspglass.hunt.rules.rule import Rule, RuleSet
from waspglass.model.finding import Effect, Finding
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import WebRoot

__all__ = ["Concluded", "conclude"]

_T = TypeVar("_T")
_Key = tuple[str, str, int | None, int | None, int | None]
_EVIDENCE = 20
"""Findings that a correlation names as what it rests on: the first and the last ones."""


@dataclass(frozen=True, slots=True)
class Concluded:
    """What the hits of one or more passes mean.

    Attributes:
        findings: Findings of rules, indicators, YARA and correlations.
        context: Lines of actors that are followed, and findings of rules that only give context.
        support: Hits of rules that only feed correlations, where a correlation rests on them.
        values: Raw captured values by finding id, with implants normalised.
        skipped: Correlations that came true more often than is told, or had too many servers.
    """

    findings: tuple[Finding, ...]
    context: tuple[Finding, ...]
    support: tuple[Finding, ...]
    values: Mapping[str, Mapping[str, str]]
    skipped: tuple[Skipped, ...]


def _key(rule: str, source: str, place: Place) -> _Key:
    line = place.line if place.offset is None else None  # a text log's lines are counted when all of it is read
    return (rule, source, place.offset, place.record, line)


def conclude(rules: RuleSet, hits: Iterable[Hit], heard: Iterable[Heard], *, limit: int = 100) -> Concluded:
    """Makes findings, runs the correlations, and ties them together.

    Args:
        rules: The rule set.
        hits: Those of all passes so far.
        heard: What correlations heard in them.
        limit: Findings that a correlation makes; more if it tells of implants. The last ones are among them.
    """
    findings: dict[str, Finding] = {}
    context: dict[str, Finding] = {}
    feeding: dict[_Key, Hit] = {}
    values: dict[str, dict[str, str]] = {}
    for one in hits:
        named = _named_once(one.values, rules.web_roots)
        hit = one if named is one.values else replace(one, values=named)
        if hit.rule.emits:
            finding = finding_of(hit)
            (context if finding.effect is Effect.CONTEXT else findings)[finding.id] = finding
            values[finding.id] = _values_of(hit)
        feeding[_key(hit.rule.id, hit.source, hit.place)] = hit
    support: dict[str, Finding] = {}
    behind: dict[_Key, list[Hit]] = {}
    matches, alone = correlate(rules.correlations, rules.rules, heard)
    beyond = _beyond(rules, matches, limit)
    for match in matches:
        rests_on, last = _hits_of(match, feeding, behind), match.events[-1]
        behind[_key(match.correlation.id, last.source, last.place)] = rests_on
        if not match.correlation.emits or id(match) in beyond:
            continue
        made, based_on, raw = _correlated(match, rests_on, rules.web_roots)
        findings.setdefault(made.id, made)
        values[made.id] = raw
        support.update((one.id, one) for one in based_on if one.id not in findings and one.id not in context)
    left = [("further matches", Counter(beyond.values())), ("servers whose rows were joined with no other log", alone)]
    return Concluded(
        findings=tuple(findings.values()),
        context=tuple(context.values()),
        support=tuple(support.values()),
        values=values,
        skipped=tuple(
            skip_of(rule, SkipReason.LIMIT_REACHED, detail, count)
            for detail, counts in left
            for rule, count in counts.items()
            if count
        ),
    )


def _beyond(rules: RuleSet, matches: Iterable[Match], limit: int) -> dict[int, str]:
    """Matches, by identity, that make no finding: of each correlation all but its first and its last ones."""
    living = {name for one in rules.rules if one.meaning.subject is not None for name in (one.id, one.name)}
    found: dict[str, list[Match]] = defaultdict(list)
    for match in matches:
        if match.correlation.emits:
            found[match.correlation.id].append(match)
    beyond: dict[int, str] = {}
    for rule, own in found.items():
        lives = own[0].correlation.meaning.subject is not None or not living.isdisjoint(own[0].correlation.rules)
        in_time = sorted(own, key=lambda match: match.events[-1].time)
        beyond.update((id(match), rule) for match in in_time[first_kept(limit, lives=lives) : -LAST])
    return beyond


def _named_once(values: dict[str, str], roots: tuple[WebRoot, ...]) -> dict[str, str]:
    """The values with the one name that an implant has in all logs."""
    if (implant := values.get("implant")) is None:
        return values
    return {**values, "implant": normalised_subject(implant, roots)}


def _values_of(hit: Hit) -> dict[str, str]:
    if hit.actor is None or hit.actor.address is None:
        return hit.values
    return {**hit.values, "address": hit.values.get("address", hit.actor.address)}


def _hits_of(match: Match, feeding: Mapping[_Key, Hit], behind: Mapping[_Key, list[Hit]]) -> list[Hit]:
    """What a match rests on: the hits that were kept, and of a correlation that feeds it, those behind that one."""
    found: list[Hit] = []
    for event in _first_and_last(match.events):
        key = _key(event.rule, event.source, event.place)
        found += [feeding[key]] if key in feeding else behind.get(key, [])
    return list(_first_and_last(found))


def _first_and_last(items: Sequence[_T]) -> Sequence[_T]:
    return items if len(items) <= _EVIDENCE else (*items[: _EVIDENCE // 2], *items[-_EVIDENCE // 2 :])


def _correlated(
    match: Match, hits: Sequence[Hit], roots: tuple[WebRoot, ...]
) -> tuple[Finding, list[Finding], dict[str, str]]:
    """The finding of a correlation stands where its last event does, and has the values of all its events."""
    correlation, last = match.correlation, match.events[-1]
    values: dict[str, str] = {}
    for row in (*map(_values_of, hits), _named_once(match.values, roots)):
        values |= {name: value for name, value in row.items() if name not in values}
    meanings = (correlation.meaning, *(hit.rule.meaning for hit in hits))
    subject = next((one.subject for one in meanings if one.subject), None)
    rule = Rule(correlation.id, correlation.name, correlation.title, replace(correlation.meaning, subject=subject))
    based_on = [finding_of(hit, effect=None if hit.rule.emits else Effect.CONTEXT) for hit in hits]
    evidence = tuple(dict.fromkeys(one.id for one in based_on))
    # The finding stands at the last event: whoever acted there comes first, then who else is known by an address.
    actors = [hit.actor for hit in reversed(hits) if hit.actor is not None]
    actor = next((one for one in actors if one.address), next(iter(actors), None))
    anchor = hits[-1] if hits else None
    if anchor is None or _key("", anchor.source, anchor.place) != _key("", last.source, last.place):
        anchor = _not_kept(rule, None if anchor is None else anchor.kind, last)
    made = finding_of(replace(anchor, rule=rule, values=values, actor=actor), evidence=evidence)
    return made, based_on, values


def _not_kept(rule: Rule, kind: str | None, event: Heard) -> Hit:
    """What is known of an event of which no hit was kept: its rule matched too often, and its line is not counted."""
    place = event.place if event.place.offset is None else replace(event.place, line=None)
    return Hit(rule, kind, event.source, place, datetime.fromtimestamp(event.time, UTC), b"", {}, None)
