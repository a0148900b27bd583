"""The one pure function of this capability: what was observed + pack + facts -> assessment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from waspglass.examine.activity import first_entry, last_activity
from waspglass.examine.advice import advice_of, clocks_of, truths_of
from waspglass.examine.answers_all import answered_alike, answered_and_not_there, not_looked_for
from waspglass.examine.case import Case
from waspglass.examine.contradictions import contradictions_of
from waspglass.examine.implants import implant_lives
from waspglass.examine.lid import disagreeing, judge_lid, stated_sightings, without_entry
from waspglass.examine.limits import limits_of
from waspglass.examine.observations import Observations, by_time
from waspglass.examine.own_pages import own_pages, without_answers
from waspglass.examine.second_urls import under_first_urls
from waspglass.examine.sentence import say
from waspglass.examine.titles import titled
from waspglass.examine.unsettled import unsettled_hints, vanished_pages
from waspglass.examine.verdict import decide
from waspglass.examine.why import explain
from waspglass.examine.window import exposure
from waspglass.model.assessment import Assessment, Host, PackReference, TimelineEvent
from waspglass.model.document import parse_instant
from waspglass.model.facts import Facts
from waspglass.model.finding import Effect, Finding
from waspglass.model.language import load_catalogue
from waspglass.packs.builds import BuildTable
from waspglass.packs.pack import Pack

__all__ = ["Settings", "assess"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What is neither evidence nor knowledge.

    Attributes:
        language: Language of all sentences.
        created: Now, passed in so that a result can be repeated.
        generator: Program and version.
    """

    language: str
    created: datetime
    generator: str


def assess(observations: Observations, pack: Pack, facts: Facts, settings: Settings) -> Assessment:
    """Concludes lid, wasp and verdict.

    Args:
        observations: What the evidence said.
        pack: The campaign.
        facts: What the user said; it outranks what the evidence hints at.
        settings: Language, clock, generator.
    """
    catalogue = load_catalogue("waspglass.examine", "examine", settings.language)
    own = own_pages(observations.findings, observations.file_timed, pack, facts)
    innocent = {page.subject for page in own}
    observations = titled(without_answers(observations, innocent), pack, settings.language)
    answered = answered_alike(observations)
    innocent.update(answered)
    observations = without_answers(observations, innocent.union(answered_and_not_there(observations)))
    observations = under_first_urls(observations, pack)
    sightings = (*stated_sightings(facts), *observations.sightings)
    table = BuildTable(pack.builds)
    torn = disagreeing(sightings, table)
    lid = judge_lid(sightings, table, torn, facts.collected_at, catalogue, observations.logged_from)
    lid = without_entry(lid, table, pack, settings.language)
    implants = implant_lives(observations, pack)
    exposed = exposure(observations, lid, pack, facts, settings.created)
    contradictions = contradictions_of(observations, lid, torn, facts, table, catalogue)
    unsettled = unsettled_hints(observations, pack, lid)
    vanished = vanished_pages(observations, pack, innocent)
    open_pages = not_looked_for(answered, observations)
    case = Case(observations, pack, facts, lid, implants, exposed, contradictions, unsettled, own, vanished, open_pages)
    decision = decide(case)
    sentence = say(decision, case, catalogue)
    truths = truths_of(decision, case)
    limits = limits_of(case, catalogue)
    return Assessment(
        generator=settings.generator,
        created=settings.created,
        language=settings.language,
        host=_host(observations, facts),
        pack=_reference(observations, pack, settings.language),
        verdict=decision.verdict,
        sentence=sentence,
        lid=lid,
        rungs=decision.rungs,
        first_entry=first_entry(observations, pack),
        last_activity=last_activity(observations, pack),
        window=exposed.window,
        why=explain(sentence, decision, case, catalogue),
        implants=implants,
        findings=_of(observations, Effect.SHOWS, Effect.FAILED, Effect.ENDS),
        context=_of(observations, Effect.CONTEXT),
        review=_of(observations, Effect.HINT),
        coverage=observations.coverage,
        skipped=observations.skipped,
        limits=(*contradictions, *limits),
        advice=advice_of(pack, truths, settings.language),
        clocks=clocks_of(pack, truths, settings.language),
        campaign=_campaign(pack, settings.language),
    )


def _host(observations: Observations, facts: Facts) -> Host:
    return Host(
        name=facts.hostname or observations.hostname,
        timezone=facts.timezone,
        collected_at=facts.collected_at,
        evidence=observations.evidence,
        evidence_sha256=observations.manifest,
    )


def _reference(observations: Observations, pack: Pack, language: str) -> PackReference:
    return PackReference(
        id=pack.id,
        version=pack.version,
        sha256=pack.sha256,
        title=pack.title.text(language),
        cves=pack.cves,
        added_rules=observations.added_rules,
    )


def _of(observations: Observations, *effects: Effect) -> tuple[Finding, ...]:
    return tuple(sorted((f for f in observations.findings if f.effect in effects), key=by_time))


def _campaign(pack: Pack, language: str) -> tuple[TimelineEvent, ...]:
    return tuple(
        TimelineEvent(date=parse_instant(row.date), text=row.text(language), kind=row.kind, source=row.source)
        for row in pack.timeline
    )
