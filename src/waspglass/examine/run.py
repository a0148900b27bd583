"""Examines one server: opens the evidence, recognises, hunts, measures coverage, and hands over to `assess`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from waspglass.evidence.open import open_evidence
from waspglass.evidence.readers.registry import record_readers
from waspglass.examine.assess import Settings, assess
from waspglass.examine.blindness import blinding_skips
from waspglass.examine.contradictions import CLOCK_SLACK
from waspglass.examine.copies import folders_of_other_servers
from waspglass.examine.event_logs import event_logs, showing
from waspglass.examine.event_writers import event_writers
from waspglass.examine.file_times import credible, file_timed_kinds, local_timed_kinds
from waspglass.examine.former import current_settings
from waspglass.examine.manifest import manifest_sha256
from waspglass.examine.observations import Observations
from waspglass.examine.own_pages import own_pages
from waspglass.examine.server_folders import server_folders, told_apart
from waspglass.examine.sightings import Identity, identity_of
from waspglass.examine.site_list import site_list
from waspglass.examine.survey import Survey
from waspglass.examine.updates import tells_of_update, updates_told
from waspglass.examine.web_roots import collected_folders, collected_pages
from waspglass.hunt.cache import Cache
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome.result import HuntResult, OnProgress
from waspglass.hunt.rules.load import load_rules, read_rule_sources
from waspglass.hunt.rules.proxies import Proxies
from waspglass.hunt.rules.rule import RuleSet
from waspglass.model.assessment import Assessment
from waspglass.model.coverage import Coverage, Span
from waspglass.model.errors import PackError, UsageError
from waspglass.model.escape import in_unicode
from waspglass.model.facts import Facts
from waspglass.model.finding import Finding
from waspglass.model.skip import Skipped
from waspglass.packs.known_good import open_known_good
from waspglass.packs.pack import Pack

__all__ = ["Request", "examine"]

_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for, with the clock and everything else that is not evidence.

    Attributes:
        evidence: Where it lies.
        pack: The campaign.
        facts: What the user knows.
        rules: Files and folders with more rules.
        since: Look only at records from here on.
        until: Look only at records up to here.
        language: Of all sentences.
        created: Now.
        generator: Program and version.
        workers: Processes that scan logs.
        cache: Where rules and databases that were compiled are kept; None compiles them anew.
        progress: Told about once a block.
    """

    evidence: Path
    pack: Pack
    created: datetime
    generator: str
    facts: Facts = field(default_factory=Facts)
    rules: tuple[Path, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    language: str = "en"
    workers: int = 1
    cache: Cache | None = None
    progress: OnProgress | None = None


def examine(request: Request) -> Assessment:
    """The assessment of one host.

    Raises:
        UsageError: If --since lies after --until.
        EvidenceError: If the evidence as a whole cannot be used.
        PackError: If the pack or a place given with --rules cannot be used.
    """
    window = _window(request)
    if not (request.pack.sigma or request.pack.yara or request.pack.indicators):
        hint = "Put Sigma rules below `sigma`, YARA rules below `yara`, and run `waspglass pack check`"
        raise PackError(f"the pack {request.pack.id} has no rules: every server would look clean", hint=hint)
    added, unread_rules = read_rule_sources(request.rules)
    rules = load_rules(request.pack, added, cache=request.cache)
    facts, keys = request.facts, request.pack.registry_keys
    readers = record_readers(open_known_good(request.pack), facts.timezone, keys, facts.hostname)
    with open_evidence(request.evidence) as evidence:
        survey = Survey(request.pack, evidence, request.language, request.progress)
        result = hunt(
            survey.artefacts(),
            rules,
            readers=readers,
            window=window,
            cache=request.cache,
            progress=request.progress,
            workers=request.workers,
            innocent=lambda found: _own_subjects(found, request),
            proxies=Proxies(request.facts.proxies),
        )
        survey.skipped += result.skipped
        sites = site_list(survey.seen, request.pack, readers)
        covered = survey.coverage(result, sites)
        wrote = event_writers(result, request.pack, request.facts.hostname)
        identity = identity_of(survey.seen, request.pack, readers, request.facts, result.scanned, wrote)
        hostname = request.facts.hostname or identity.hostname
        local = local_timed_kinds(request.pack, survey.seen, survey.skipped)
        zoneless = local if facts.timezone is None else frozenset[str]()
        updates = updates_told(
            result.context,
            request.pack.builds,
            hostname,
            named=identity.in_events,
            to_the_end=request.until is None,
            zoneless=zoneless,
        )
        identity = replace(identity, sightings=(*identity.sightings, *updates))
        folders = server_folders(survey.seen)
        if not identity.writers:
            others = tuple(sorted(set(folders.values()))) or folders_of_other_servers(survey.seen)
            identity = replace(identity, writers=others)
        observations = _observations(request, survey, result, identity, covered, rules, unread_rules)
        observations = replace(
            told_apart(observations, folders),
            updates=updates,
            unlogged_sites=survey.unlogged,
            sites_told=sites.told,
            zoneless=zoneless,
        )
    settings = Settings(language=request.language, created=request.created, generator=request.generator)
    return assess(observations, request.pack, request.facts, settings)


def _own_subjects(findings: Sequence[Finding], request: Request) -> frozenset[str]:
    """Pages of the owner's own: whoever came to them is no intruder for that."""
    own = own_pages(findings, file_timed_kinds(request.pack), request.pack, request.facts)
    return frozenset(page.subject for page in own)


def _window(request: Request) -> Span | None:
    if request.since is None and request.until is None:
        return None
    since, until = request.since or _FIRST, request.until or _LAST
    if since > until:
        raise UsageError("--since lies after --until", hint="Swap them")
    return Span(from_=since, to=until)


def _observations(
    request: Request,
    survey: Survey,
    result: HuntResult,
    identity: Identity,
    covered: tuple[Coverage, ...],
    rules: RuleSet,
    unread_rules: tuple[Skipped, ...],
) -> Observations:
    logs = event_logs(rules, result.scanned)
    about_rules = frozenset((*unread_rules, *rules.skipped))
    observed = Observations(
        evidence=in_unicode(str(request.evidence)),
        manifest=manifest_sha256(survey.seen),
        findings=(*result.findings, *(one for one in result.context if not tells_of_update(one))),
        coverage=showing(covered, logs, rules),
        skipped=(*unread_rules, *survey.skipped),
        sightings=identity.sightings,
        hostname=None if identity.writers else identity.hostname,
        writers=identity.writers,
        added_rules=rules.added,
        since=request.since,
        until=request.until,
        collected_folders=collected_folders(survey.seen, request.pack),
        collected_pages=collected_pages(survey.seen, request.pack),
        collected_settings=current_settings(survey.seen, request.pack),
        blinded=blinding_skips(
            (skip for skip in survey.skipped if skip not in about_rules),
            request.pack,
            evidence=request.evidence.name,
            entry_logs=survey.entry_logs(),
        ),
        event_logs=logs,
        not_found=result.not_found,
        file_timed=file_timed_kinds(request.pack),
    )
    end = request.facts.collected_at or observed.last_moment()
    # Where there is no log, this is no live server, and what is a day old at most was copied for us.
    latest = request.created - CLOCK_SLACK if end is None else end + CLOCK_SLACK
    return replace(observed, findings=credible(observed.findings, observed.file_timed, latest))
