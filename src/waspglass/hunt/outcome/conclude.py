"""From hits and what correlations heard to findings with the findings that they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from waspglass.evidence.artefact import Place
from waspglass.hunt.outcome.collect import Heard, Hit
from waspglass.hunt.outcome.correlation import Match, correlate
from waspglass.hunt.outcome.findings import finding_id, finding_of
from waspglass.hunt.rules.condition import NEVER
from waspglass.hunt.rules.paths import normalised_subject
from waspglass.hunt.rules.rule import Meaning, Rule, RuleSet
from waspglass.model.finding import Effect, Finding
from waspglass.packs.pack import Logsource, WebRoot

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
        correlated: Those of `findings` that correlations made.
        feeding: Hits by rule, source and place, for correlations over several passes.
    """

    findings: tuple[Finding, ...]
    context: tuple[Finding, ...]
    support: tuple[Finding, ...]
    values: Mapping[str, Mapping[str, str]]
    correlated: tuple[Finding, ...] = ()
    feeding: Mapping[_Key, Hit] = field(default_factory=dict)


def _key(rule: str, source: str, place: Place) -> _Key:
    line = place.line if place.offset is None else None  # a text log's lines are counted when all of it is read
    return (rule, source, place.offset, place.record, line)


def conclude(rules: RuleSet, hits: Iterable[Hit], heard: Sequence[Heard], before: Concluded | None = None) -> Concluded:
    """Makes findings, runs the correlations, and ties them together.

    Args:
        rules: The rule set.
        hits: Hits of this pass.
        heard: What correlations heard in all passes.
        before: What the pass before came to; its findings stay, its correlations are drawn anew.
    """
    roots = rules.web_roots
    findings: dict[str, Finding] = {}
    context: dict[str, Finding] = {}
    feeding: dict[_Key, Hit] = {}
    values: dict[str, dict[str, str]] = {}
    if before is not None:
        known = {one.id for one in before.correlated}
        findings.update((one.id, one) for one in before.findings if one.id not in known)
        context.update((one.id, one) for one in before.context)
        values.update((name, dict(row)) for name, row in before.values.items())
        feeding.update(before.feeding)
    for hit in hits:
        if hit.rule.emits:
            finding = finding_of(hit, roots)
            (context if finding.effect is Effect.CONTEXT else findings)[finding.id] = finding
            values[finding.id] = _plain_values(hit, roots)
        feeding[_key(hit.rule.id, hit.source, hit.place)] = hit
    support: dict[str, Finding] = {}
    correlated: list[Finding] = []
    behind: dict[_Key, list[Hit]] = {}
    for match in correlate(rules.correlations, rules.rules, heard):
        rests_on, last = _hits_of(match, feeding, behind), match.events[-1]
        behind[_key(match.correlation.id, last.source, last.place)] = rests_on
        if not match.correlation.emits:
            continue
        made, based_on, raw = _correlated(match, rests_on, roots)
        findings.setdefault(made.id, made)
        values[made.id] = raw
        correlated.append(made)
        support.update((one.id, one) for one in based_on if one.id not in findings and one.id not in context)
    return Concluded(
        tuple(findings.values()), tuple(context.values()), tuple(support.values()), values, tuple(correlated), feeding
    )


def _plain_values(hit: Hit, roots: tuple[WebRoot, ...]) -> dict[str, str]:
    values = dict(hit.values)
    if hit.actor is not None and hit.actor.address is not None:
        values.setdefault("address", hit.actor.address)
    if "implant" in values:
        values["implant"] = normalised_subject(values["implant"], roots)
    return values


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
    for hit in hits:
        for name, value in _plain_values(hit, roots).items():
            values.setdefault(name, value)
    for name, value in zip(correlation.group_by, match.key, strict=True):
        values.setdefault(name, value)
    subject = correlation.meaning.subject or next(
        (h.rule.meaning.subject for h in hits if h.rule.meaning.subject), None
    )
    rule = Rule(
        id=correlation.id,
        name=correlation.name,
        title=correlation.title,
        logsource=Logsource(),
        condition=NEVER,
        meaning=replace(correlation.meaning, subject=subject),
    )
    based_on = [finding_of(hit, roots, effect=None if hit.rule.emits else Effect.CONTEXT) for hit in hits]
    evidence = tuple(dict.fromkeys(one.id for one in based_on))
    if hits:
        # The finding stands at the last event: whoever acted there comes first, then who else is known by an address.
        actors = [hit.actor for hit in reversed(hits) if hit.actor is not None]
        actor = next((one for one in actors if one.address), next(iter(actors), None))
        anchor = replace(hits[-1], rule=rule, values=values, actor=actor)
        made = finding_of(anchor, roots, evidence=evidence)
    else:
        made = _bare(rule, last)
    return made, based_on, values


def _bare(rule: Rule, last: Heard) -> Finding:
    """A correlation none of whose events was kept."""
    meaning: Meaning = rule.meaning
    return Finding(
        id=finding_id(rule.id, last.source, last.place),
        rung=meaning.rung,
        effect=meaning.effect,
        rule=rule.name,
        title=rule.title,
        source=last.source,
        line=last.place.line,
        record=last.place.record,
        techniques=meaning.techniques,
    )
