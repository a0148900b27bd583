"""Goes through the evidence once: artefacts for the hunt, spans for coverage, skips for the result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.coverage import coverage
from waspglass.evidence.formats.registry import is_line_format, line_format
from waspglass.evidence.log_span import LogSpan, log_span, part_of, silent_span
from waspglass.evidence.recognise import recognise
from waspglass.evidence.skip_log import shown_source
from waspglass.evidence.tree import Evidence
from waspglass.examine.file_times import file_timed
from waspglass.examine.log_head import head_of
from waspglass.hunt.result import HuntResult, OnProgress, Progress, Scanned
from waspglass.model.coverage import Coverage
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
    """

    def __init__(self, pack: Pack, evidence: Evidence, language: str, progress: OnProgress | None = None) -> None:
        self._pack, self._evidence, self._language, self._progress = pack, evidence, language, progress
        self._kinds = {kind.kind: kind for kind in pack.kinds}
        self._spans: dict[str, list[LogSpan]] = defaultdict(list)
        self.seen: list[Artefact] = []
        self.skipped: list[Skipped] = []

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

    def coverage(self, result: HuntResult) -> tuple[Coverage, ...]:
        """What each kind can speak for: text logs are probed, records told their moments while they were hunted in."""
        scanned = {one.source: one for one in result.scanned}
        known = set(self.skipped)
        for artefact in self.seen:
            kind = self._kinds[artefact.kind]
            span = self._span(artefact, kind, scanned.get(artefact.file.path))
            self.skipped += [skip for skip in span.skipped if skip not in known]
            self._spans[artefact.kind].append(span)
        titles = {kind.kind: kind.title.text(self._language) for kind in self._pack.kinds}
        return tuple(
            one.model_copy(update={"title": titles[one.kind]}) for one in coverage(self._spans, self._pack.kinds)
        )

    def _span(self, artefact: Artefact, kind: ArtefactKind, scanned: Scanned | None) -> LogSpan:
        if not is_line_format(artefact.format):
            return _of_records(artefact, kind, scanned)
        missing = _missing_columns(artefact, kind)
        if missing:
            detail = f"without {', '.join(missing)} this log cannot show an entry"
            skip = Skipped(source=shown_source(artefact.file.path), reason=SkipReason.MISSING_FIELD, detail=detail)
            return LogSpan(bytes=artefact.file.size or 0, part=part_of(artefact), skipped=(skip,))
        heard = scanned.moments if scanned is not None else ()
        span = log_span(artefact, line_format(artefact.format), kind.gap_hours, heard)
        return replace(span, bytes=scanned.bytes) if scanned is not None and not span.bytes else span


def _of_records(artefact: Artefact, kind: ArtefactKind, scanned: Scanned | None) -> LogSpan:
    silent = silent_span(artefact)
    if scanned is None or not scanned.moments or kind.snapshot or file_timed(kind):
        return silent
    return LogSpan(scanned.first, scanned.last, (), silent.bytes, scanned.records, exact=True, part=silent.part)


def _missing_columns(artefact: Artefact, kind: ArtefactKind) -> list[str]:
    """Required columns that no header in the first 64 KiB names; none if there is no header to ask."""
    if not kind.requires:
        return []
    form = line_format(artefact.format)
    columns, names = form.implied, set[str]()
    for line in head_of(artefact).splitlines():
        if line.startswith(form.header_starts):
            columns = form.header(line, columns)
            names.update(columns.names if columns is not None else ())
    return sorted(set(kind.requires) - names) if names else []
