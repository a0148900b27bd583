"""Examines one server: opens the evidence, recognises, hunts, measures coverage, and hands over to `assess`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.coverage import coverage
from waspglass.evidence.formats.registry import is_line_format, line_format
from waspglass.evidence.log_span import LogSpan, log_span, silent_span
from waspglass.evidence.open import open_evidence
from waspglass.evidence.readers.registry import record_readers
from waspglass.evidence.recognise import recognise
from waspglass.evidence.tree import Evidence
from waspglass.examine.assess import Settings, assess
from waspglass.examine.lid import BuildJudge, Judgement
from waspglass.examine.observations import Observations
from waspglass.examine.sightings import Identity, identity_of
from waspglass.examine.web_roots import collected_roots
from waspglass.hunt.cache import Cache, user_cache_folder
from waspglass.hunt.hunting import hunt
from waspglass.hunt.load import load_rules, read_rule_sources
from waspglass.hunt.result import HuntResult, OnProgress
from waspglass.model.assessment import Assessment
from waspglass.model.coverage import Span
from waspglass.model.errors import UsageError
from waspglass.model.facts import Facts
from waspglass.model.finding import Finding
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.builds import BuildTable, State
from waspglass.packs.known_good import open_known_good
from waspglass.packs.pack import Pack

__all__ = ["Request", "examine"]

_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, tzinfo=UTC)
_BLINDING = frozenset(
    {
        SkipReason.UNREADABLE,
        SkipReason.DAMAGED,
        SkipReason.ENCRYPTED,
        SkipReason.COMPRESSION_BOMB,
        SkipReason.TOO_LARGE,
        SkipReason.NO_HEADER,
        SkipReason.LINE_TOO_LONG,
    }
)
_CLOCK_SLACK = timedelta(hours=26)


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
    progress: OnProgress | None = None


def examine(request: Request) -> Assessment:
    """The assessment of one host.

    Raises:
        UsageError: If --since lies after --until.
        EvidenceError: If the evidence as a whole cannot be used.
        PackError: If the pack or a place given with --rules cannot be used.
    """
    window = _window(request)
    cache = Cache(user_cache_folder())
    added, unread_rules = read_rule_sources(request.rules)
    rules = load_rules(request.pack, added, cache=cache)
    readers = record_readers(open_known_good(request.pack), request.facts.timezone)
    with open_evidence(request.evidence) as evidence:
        survey = _Survey(request.pack, evidence)
        result = hunt(
            survey.artefacts(),
            rules,
            readers=readers,
            window=window,
            cache=cache,
            progress=request.progress,
            workers=request.workers,
        )
        survey.skipped += [*unread_rules, *result.skipped]
        survey.measure(result)
        identity = identity_of(survey.seen, request.pack, readers, request.facts.collected_at)
        observations = _observations(request, survey, result, identity, rules.added)
    settings = Settings(language=request.language, created=request.created, generator=request.generator)
    return assess(observations, request.pack, request.facts, build_judge(request.pack), settings)


def _window(request: Request) -> Span | None:
    if request.since is None and request.until is None:
        return None
    since, until = request.since or _FIRST, request.until or _LAST
    if since > until:
        raise UsageError("--since lies after --until")
    return Span(from_=since, to=until)


def build_judge(pack: Pack) -> BuildJudge:
    """What the pack's build table says about a build, in the words of the lid."""
    table = BuildTable(pack.builds)
    words = {
        State.VULNERABLE: Judgement.VULNERABLE,
        State.PATCHED: Judgement.PATCHED,
        State.NOT_AFFECTED: Judgement.NOT_AFFECTED,
    }
    return lambda build: words.get(table.state(build).state, Judgement.OPEN)


class _Survey:
    """Goes through the evidence once: artefacts for the hunt, spans for coverage, skips for the result."""

    def __init__(self, pack: Pack, evidence: Evidence) -> None:
        self._pack, self._evidence = pack, evidence
        self._kinds = {kind.kind: kind for kind in pack.kinds}
        self.seen: list[Artefact] = []
        self.spans: dict[str, list[LogSpan]] = defaultdict(list)
        self.skipped: list[Skipped] = []

    def artefacts(self) -> Iterator[Artefact]:
        """Artefacts as they are recognised."""
        for item in recognise(self._evidence, self._pack.kinds):
            if isinstance(item, Skipped):
                self.skipped.append(item)
            else:
                self.seen.append(item)
                yield item
        self.skipped += self._evidence.skipped()

    def measure(self, result: HuntResult) -> None:
        """Spans of all files: text logs are probed, records told their moments while they were hunted in."""
        scanned = {one.source: one for one in result.scanned}
        for artefact in self.seen:
            kind = self._kinds[artefact.kind]
            if is_line_format(artefact.format):
                span = log_span(artefact, line_format(artefact.format), kind.gap_hours)
                self.skipped += [skip for skip in span.skipped if skip not in self.skipped]
            else:
                span = silent_span(artefact)
                one = scanned.get(artefact.file.path)
                if one is not None and one.moments and not kind.snapshot:
                    span = LogSpan(one.first, one.last, (), span.bytes, one.records, exact=True, part=span.part)
            self.spans[artefact.kind].append(span)


def _observations(
    request: Request, survey: _Survey, result: HuntResult, identity: Identity, added_rules: int
) -> Observations:
    sources = {artefact.file.path: artefact.kind for artefact in survey.seen}
    entry = {kind.kind for kind in request.pack.kinds if kind.entry}
    skipped = tuple(survey.skipped)
    return Observations(
        evidence=str(request.evidence),
        findings=tuple(_credible(f, request) for f in (*result.findings, *result.context)),
        coverage=coverage(survey.spans, request.pack.kinds),
        skipped=skipped,
        sightings=identity.sightings,
        hostname=identity.hostname,
        added_rules=added_rules,
        since=request.since,
        until=request.until,
        collected_roots=collected_roots(survey.seen, request.pack),
        blinded=tuple(s for s in skipped if s.reason in _BLINDING and sources.get(s.source) in entry),
    )


def _credible(finding: Finding, request: Request) -> Finding:
    """Drops the time of a file that is later than its collection: copying set it, not the intruder."""
    collected = request.facts.collected_at or request.created
    snapshots = {kind.kind for kind in request.pack.kinds if kind.snapshot}
    if finding.kind in snapshots and finding.time is not None and finding.time > collected + _CLOCK_SLACK:
        return finding.model_copy(update={"time": None})
    return finding
