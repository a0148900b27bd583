"""What was observed on one host before anything is concluded from it: the input of `assess`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from waspglass.examine.event_logs import EventLog
from waspglass.hunt.outcome.not_found import NotFound
from waspglass.model.coverage import Coverage, Span
from waspglass.model.facts import BuildSighting
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.skip import Skipped, SkipReason

__all__ = ["Observations", "by_time"]


@dataclass(frozen=True, slots=True)
class Observations:
    """Everything that the evidence said.

    Attributes:
        evidence: What the user called the evidence (a path).
        findings: All matches; context and hints among them.
        coverage: One entry a kind, also for kinds of which nothing was found.
        skipped: What could not be looked at.
        sightings: Builds seen in the evidence.
        updates: Those of them that event logs tell.
        writers: Servers that wrote logs of the same kind, or their folders, if several: evidence was mixed up.
        added_rules: How many rules the user brought.
        hostname: The host's name as the evidence tells it; None if it is of several.
        since: Start of the span that the user asked for; None for all.
        until: Its end.
        collected_folders: URL paths of the folders of web roots of which files were collected.
        collected_pages: Files of web roots that were collected, as subjects of findings name them.
        collected_settings: Kind and file name of collected settings of which former ones may have been collected too.
        blinded: Skips of files that are able to show an entry, so that coverage has holes that no time tells.
        file_timed: Kinds whose findings are dated by their file, which copying may have changed.
        event_logs: Which event logs the rules look in, if any were collected.
        not_found: When logs say that something is not there.
        zoneless: Kinds whose local times were read as UTC, because nobody said where the server's clock stands.
        unlogged_sites: Sites of the web server that serve the product -> when there is no log of theirs.
        sites_told: Whether the web server's configuration lists those sites.
        manifest: Digest of the list of examined files.
    """

    evidence: str
    findings: tuple[Finding, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    sightings: tuple[BuildSighting, ...] = ()
    updates: tuple[BuildSighting, ...] = ()
    added_rules: int = 0
    hostname: str | None = None
    writers: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    collected_folders: tuple[str, ...] = ()
    collected_pages: frozenset[str] = frozenset()
    collected_settings: frozenset[tuple[str, str]] = frozenset()
    blinded: tuple[Skipped, ...] = ()
    file_timed: frozenset[str] = frozenset()
    event_logs: tuple[EventLog, ...] = ()
    not_found: tuple[NotFound, ...] = ()
    zoneless: frozenset[str] = frozenset()
    unlogged_sites: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    sites_told: bool = False
    manifest: str | None = None

    def last_moment(self) -> datetime | None:
        """The latest moment that somebody logged; stands in for an unknown time of collection."""
        ends = [entry.to for entry in self.coverage if entry.to is not None]
        ends += [one.time for one in self.findings if one.time is not None and one.kind not in self.file_timed]
        return max(ends, default=None)

    @property
    def logged_from(self) -> datetime | None:
        """When the logs begin that would have shown an entry, which tells that the product ran."""
        return min((one.from_ for one in self.coverage if one.entry and one.from_ is not None), default=None)

    def titles(self, kinds: Iterable[str]) -> str:
        """What a person calls these kinds, as a list in words."""
        known = {one.kind: one.title or one.kind for one in self.coverage}
        return ", ".join(known.get(kind, kind) for kind in kinds)

    def proofs(self, rung: Rung) -> tuple[Finding, ...]:
        """The findings that prove a rung, oldest first."""
        found = [f for f in self.findings if f.rung is rung and f.proves]
        return tuple(sorted(found, key=by_time))

    def are_some_of(self, found: Iterable[Finding]) -> bool:
        """Whether there were more findings of the same rules than are kept."""
        rules = {one.rule for one in found}
        full = (f"{one.source} {one.detail}" for one in self.skipped if one.reason is SkipReason.LIMIT_REACHED)
        return any(rule in named for named in full for rule in rules)

    def beyond_probes(self) -> tuple[Finding, ...]:
        """The proofs that somebody did more than probe, rung by rung."""
        return tuple(one for rung in Rung if rung is not Rung.PROBED for one in self.proofs(rung))

    def with_hints(self, doubtful: Callable[[Finding], bool]) -> Observations:
        """The same observations, in which these findings are hints, for a person to look at."""
        findings = (one.model_copy(update={"effect": Effect.HINT}) if doubtful(one) else one for one in self.findings)
        return replace(self, findings=tuple(findings))


def by_time(finding: Finding) -> tuple[bool, datetime | str, str]:
    """Sort key: dated findings by time, then the undated by source."""
    return (finding.time is None, finding.time or finding.source, finding.id)
