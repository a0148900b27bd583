"""Goes through the evidence once: artefacts for the hunt, spans for coverage, skips for the result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.coverage import coverage
from waspglass.evidence.formats.registry import is_line_format, line_format
from waspglass.evidence.log_span import LogSpan, log_span, silences, silent_span
from waspglass.evidence.recognise import recognise
from waspglass.evidence.skip_log import shown_source
from waspglass.evidence.tree import Evidence
from waspglass.examine.file_times import file_timed
from waspglass.examine.site_list import SiteList, site_gaps
from waspglass.examine.sites import site_number, site_of
from waspglass.examine.spans import missing_spans
from waspglass.examine.witnesses import mute_folders
from waspglass.hunt.outcome.ability import Unable
from waspglass.hunt.outcome.result import HuntResult, OnProgress, Progress, Scanned
from waspglass.model.coverage import Coverage, Span, disjoint
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import ArtefactKind, Pack

__all__ = ["Survey"]

_TOLD_EACH = 100
"""Artefacts between two words to the user while the evidence is listed."""


class Survey:
    """What was met in the evidence.

    Attributes:
        seen: Artefacts, in the order of the evidence.
        skipped: What could not be looked at.
        unlogged: Sites of the web server -> when there is no log of theirs, while there is one of others.
    """

    def __init__(self, pack: Pack, evidence: Evidence, language: str, progress: OnProgress | None = None) -> None:
        self._pack, self._evidence, self._language, self._progress = pack, evidence, language, progress
        self._kinds = {kind.kind: kind for kind in pack.kinds}
        self._spans: dict[str, list[LogSpan]] = defaultdict(list)
        self.seen: list[Artefact] = []
        self.skipped: list[Skipped] = []
        self.unlogged: dict[str, tuple[Span, ...]] = {}

    def artefacts(self) -> Iterator[Artefact]:
        """Artefacts as they are recognised."""
        for item in recognise(self._evidence, self._pack.kinds):
            if isinstance(item, Skipped):
                self.skipped.append(item)
            else:
                self.seen.append(item)
                if self._progress is not None and len(self.seen) % _TOLD_EACH == 1:
                    self._progress(Progress(item.file.path, 0, 0, f"listing ({len(self.seen)} files)"))
                yield item
        self.skipped += self._evidence.skipped()

    def entry_logs(self) -> list[str]:
        """Paths of the artefacts that would have shown an entry."""
        return [artefact.file.path for artefact in self.seen if self._kinds[artefact.kind].entry]

    def coverage(self, result: HuntResult, sites: SiteList) -> tuple[Coverage, ...]:
        """What each kind can speak for: text logs are probed, records told their moments while they were hunted in.

        Args:
            result: Of the hunt.
            sites: Of the web server; one without logs is a gap in the logs of the others.
        """
        scanned = {(one.source, one.kind): one for one in result.scanned}
        # The hunt and the probe read the same file; what one of them told of it needs no second telling.
        known = {(shown_source(skip.source), skip.reason) for skip in self.skipped}
        mute = mute_folders(self.seen, self._kinds, sites.names if sites.told else ())
        folders: dict[str, dict[str, list[LogSpan]]] = defaultdict(lambda: defaultdict(list))
        self.skipped += [_of_another_site(folder, count) for (_, folder), count in mute.items()]
        for artefact in self.seen:
            kind = self._kinds[artefact.kind]
            span = _span(artefact, kind, scanned.get((artefact.file.path, artefact.kind)))
            self.skipped += [skip for skip in span.skipped if (skip.source, skip.reason) not in known]
            folder = site_of(artefact.file.path)
            silent = (artefact.kind, folder) in mute
            if kind.entry and kind.witness and (not silent or site_number(folder) in sites.names):
                folders[artefact.kind][folder].append(span)
            self._spans[artefact.kind].append(replace(span, first=None, last=None, gaps=()) if silent else span)
        return tuple(self._told(one, folders[one.kind], sites) for one in coverage(self._spans, self._pack.kinds))

    def _told(self, covered: Coverage, folders: Mapping[str, Sequence[LogSpan]], sites: SiteList) -> Coverage:
        """The coverage with its title, and with the gaps of sites that have no log."""
        kind = self._kinds[covered.kind]
        unlogged = site_gaps(covered, kind, folders, sites) if kind.entry and kind.witness else {}
        named = {sites.shown(site): spans for site, spans in unlogged.items()}
        self.unlogged |= named
        gaps = (
            Span(from_=span.from_, to=span.to, reason=f"no log of the site {site}")
            for site, spans in named.items()
            for span in spans
        )
        return covered.model_copy(
            update={"title": kind.title.text(self._language), "gaps": disjoint((*covered.gaps, *gaps))}
        )


def _of_another_site(folder: str, count: int) -> Skipped:
    detail = "no record of the product in these logs, or its administrators' site alone; they do not count as seen"
    return Skipped(source=shown_source(folder), reason=SkipReason.OTHER_SITE, count=count, detail=detail)


def _span(artefact: Artefact, kind: ArtefactKind, scanned: Scanned | None) -> LogSpan:
    if not is_line_format(artefact.format):
        return _of_records(artefact, kind, scanned)
    heard = scanned.moments if scanned is not None else ()
    span = log_span(artefact, line_format(artefact.format), kind.gap_hours, heard)
    if scanned is None:
        return span
    span = span if span.bytes else replace(span, bytes=scanned.bytes)
    return _without(scanned.unable, span, artefact) if scanned.unable else span


def _of_records(artefact: Artefact, kind: ArtefactKind, scanned: Scanned | None) -> LogSpan:
    silent = silent_span(artefact)
    if scanned is None or not scanned.moments or kind.snapshot or file_timed(kind):
        return silent
    gaps = silences(scanned.moments, kind.gap_hours)
    return LogSpan(scanned.first, scanned.last, gaps, silent.bytes, scanned.records, part=silent.part)


def _without(unable: tuple[Unable, ...], span: LogSpan, artefact: Artefact) -> LogSpan:
    """The span less the stretches whose header could not have shown an entry."""
    lacking = ", ".join(sorted({name for one in unable for name in one.lacking}))
    detail = f"without {lacking} this log cannot show an entry"
    source = shown_source(artefact.file.path)
    skip = Skipped(source=source, reason=SkipReason.MISSING_FIELD, count=len(unable), detail=detail)
    told = replace(span, skipped=(*span.skipped, skip))
    if span.first is None or span.last is None:
        return told
    edges = [sorted((one.after or span.first, one.before or span.last)) for one in unable]
    mute = disjoint(Span(from_=start, to=end) for start, end in edges)
    silent = disjoint((*span.gaps, *mute))
    pieces = missing_spans(Span(from_=span.first, to=span.last), silent)
    if not pieces:
        return replace(told, first=None, last=None, gaps=(), mute=mute)
    return replace(told, first=pieces[0].from_, last=pieces[-1].to, gaps=silent, mute=mute)
