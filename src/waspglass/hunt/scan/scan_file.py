"""Scans one file with the rules of a pass; a pure function of the file, so that files can be spread over processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from waspglass.evidence.artefact import Artefact, Columns, LineFormat, LogReader, Record, RecordReader
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.format import format_of
from waspglass.evidence.formats.registry import is_line_format, line_format
from waspglass.evidence.skip_log import skip_of
from waspglass.hunt.cache import Cache
from waspglass.hunt.matching.binding import Bindings, bind
from waspglass.hunt.outcome.channels import Channels
from waspglass.hunt.outcome.collect import Collector, Ears, Heard, Hit
from waspglass.hunt.outcome.records import scan_records
from waspglass.hunt.outcome.result import Limits, Scanned
from waspglass.hunt.rules.proxies import NO_PROXIES, Proxies
from waspglass.hunt.rules.rule import Indicator, Rule, RuleSet
from waspglass.hunt.scan.blocks import BLOCK, open_blocks
from waspglass.hunt.scan.event_scan import TextPlans, scan_event_texts
from waspglass.hunt.scan.fast_scan import fast_scan
from waspglass.hunt.scan.line_numbers import Counter, number_lines
from waspglass.hunt.scan.lines import LogState, naive_scan
from waspglass.hunt.scan.planner import Planner
from waspglass.hunt.scan.yara_rules import YaraScanner, yara_hit
from waspglass.model.coverage import Span
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import ArtefactKind

__all__ = ["Outcome", "Pass", "scan_file"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the scan of one file gave; it can be pickled.

    Attributes:
        hits: What matched.
        heard: What correlations hear.
        skipped: What could not be read in the file, or was left out.
        scanned: For coverage.
        unbound: Rules that could not run on a kind of log as it is in this file.
        joined: Kinds and correlations that records of the file are for, and whether any of them has what these ask for.
    """

    hits: tuple[Hit, ...]
    heard: tuple[Heard, ...]
    skipped: tuple[Skipped, ...]
    scanned: Scanned | None
    unbound: tuple[Skipped, ...] = ()
    joined: Mapping[tuple[str, int], bool] = field(default_factory=dict)


@dataclass(eq=False, kw_only=True)
class Pass:
    """One pass over the evidence: what it looks for and how; shared by all files of the pass.

    Attributes:
        rules: The rule set, for kinds and web roots.
        chosen: Rules and indicators that run in this pass.
        holes: Values of placeholders.
        readers: Record readers by format.
        window: Span that the user asked for.
        limits: Bounds.
        proxies: Who passes requests on, as the user says.
        yara: True if YARA runs in this pass.
        naive: True to test each rule on each line (for tests).
        cache: For compiled databases and choices of needles.
        progress: Told of each stretch that was read.
        marks: Lines counted in each local file, kept for the next pass (by this process).
        joined: Those of the outcomes, of all passes together.
    """

    rules: RuleSet
    chosen: tuple[Rule | Indicator, ...]
    holes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    readers: Mapping[str, RecordReader]
    window: Span | None
    limits: Limits
    proxies: Proxies = NO_PROXIES
    yara: bool = True
    naive: bool = False
    cache: Cache | None = None
    progress: Callable[[str, int], None] = lambda _source, _count: None
    marks: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    joined: dict[tuple[str, int], bool] = field(default_factory=dict)
    _bindings: dict[tuple[str, tuple[str, ...] | None], Bindings] = field(init=False, default_factory=dict)
    _used: dict[tuple[str, tuple[str, ...] | None], Bindings] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.planner = Planner(self.cache)
        self.text_plans = TextPlans(self.cache)
        self.ears = Ears(self.rules.correlations)
        self.scanner = YaraScanner(
            self.rules.yara if self.yara else (), self.limits.yara_seconds, compiled=self.rules.yara_compiled
        )

    def bindings(self, kind: ArtefactKind, format_: LineFormat | None, columns: Columns | None) -> Bindings:
        """The rules bound to a kind with a header, made once."""
        key = (kind.kind, None if columns is None else columns.names)
        made = self._bindings.get(key)
        if made is None:
            virtual = {} if format_ is None or columns is None else format_.virtual(columns)
            blank = " " if format_ is None else format_.blank
            known = (self.rules, kind, columns, virtual)
            made = bind(*known, blank=blank, chosen=self.chosen, holes=self.holes, proxies=self.proxies)
            self._bindings[key] = made
        self._used[key] = made
        return made

    def take_given_up(self, source: str) -> tuple[Skipped, ...]:
        """Rules that took too long on records of the file, since this was last asked."""
        slow = [bound for made in self._used.values() for bound in made.bound if bound.given_up]
        skipped: list[Skipped] = []
        for bound in slow:
            detail = f"records not decided: a regular expression of rule {bound.rule.id} takes too long"
            skipped.append(skip_of(source, SkipReason.UNDECIDED, detail, bound.given_up))
            bound.given_up = 0
        return tuple(skipped)

    def take_unbound(self) -> tuple[Skipped, ...]:
        """Rules that could not run on the kinds of log met since this was last asked."""
        seen: dict[Skipped, None] = {}
        for made in self._used.values():
            seen.update(dict.fromkeys(made.skipped))
        self._used.clear()
        return tuple(seen)


def scan_file(artefact: Artefact, run: Pass) -> Outcome:
    """Scans the file; whatever is wrong with it becomes a skip."""
    kind = run.rules.kinds.get(artefact.kind)
    source = artefact.file.path
    if kind is None:
        return Outcome((), (), (skip_of(source, SkipReason.NOT_RECOGNISED, artefact.kind),), None)
    limits = run.limits
    collector = Collector(artefact, kind, limits.per_rule, run.ears, run.window, limits.correlated, proxies=run.proxies)
    extra: list[Hit] = []
    scanned: Scanned | None = None
    try:
        if is_line_format(artefact.format):
            scanned = _scan_lines(artefact, kind, run, collector)
        else:
            scanned = _scan_reader(artefact, kind, run, collector, extra)
    except EvidenceReadError as error:
        collector.skip_of_fault(error)
    except OSError as error:
        collector.skip(SkipReason.UNREADABLE, error.strerror)
    collector.settle()
    skipped = (*collector.skipped(), *run.scanner.take_skipped(), *run.take_given_up(source))
    joined = {(kind.kind, correlation): whole for correlation, whole in collector.joined.items()}
    return Outcome((*collector.hits, *extra), tuple(collector.heard), skipped, scanned, run.take_unbound(), joined)


def _scan_lines(artefact: Artefact, kind: ArtefactKind, run: Pass, collector: Collector) -> Scanned:
    format_ = line_format(artefact.format)
    state = LogState(artefact, kind, format_, run.bindings, collector)
    source = artefact.file.path
    tell, limit = partial(run.progress, source), run.limits.line
    local = artefact.file.local is not None
    channels = Channels() if format_of(artefact.format).events else None
    with artefact.file.open() as stream:
        if run.naive:
            chunks = _chunks(stream, run, source)
            count = naive_scan(state, chunks if channels is None else channels.of_chunks(chunks), limit)
        else:
            blocks = open_blocks(stream, limit, local=local)
            blocks = blocks if channels is None else channels.of_blocks(blocks)
            counter = Counter(_descriptor(stream) if local else None, run.marks.setdefault(source, []))
            try:
                count = fast_scan(state, blocks, run.planner, tell, counter)
            finally:  # hits before a damaged place have their lines too
                collector.settle()
                collector.hits = number_lines(collector.hits, counter)
    if count == 0:
        collector.skip(SkipReason.EMPTY)
    told = None if channels is None else channels.known()
    moments, unable = tuple(state.moments), state.ability.unable()
    return Scanned(kind.kind, source, count, None, moments, unable, told, state.servers.told())


def _descriptor(stream: BinaryIO) -> int | None:
    """For reads at any place; None where the stream or the system has none."""
    try:
        return stream.fileno() if hasattr(os, "pread") else None
    except OSError:
        return None


def _chunks(stream: BinaryIO, run: Pass, source: str) -> Iterator[bytes]:
    while chunk := stream.read(BLOCK):
        run.progress(source, len(chunk))
        yield chunk


def _scan_reader(
    artefact: Artefact, kind: ArtefactKind, run: Pass, collector: Collector, extra: list[Hit]
) -> Scanned | None:
    reader = run.readers.get(artefact.format)
    if reader is None:
        collector.skip(SkipReason.NEEDS_EXTRA, f"no reader for {artefact.format}")
        return None
    bindings = run.bindings(kind, None, None)
    enrich = _enricher(run.scanner, extra) if format_of(artefact.format).yara and run.scanner.active else None
    run.progress(artefact.file.path, artefact.file.size or 0)
    if isinstance(reader, LogReader) and not run.naive:
        return scan_event_texts(artefact, kind, reader.json_lines(artefact), bindings, collector, run.text_plans)
    return scan_records(artefact, kind, reader.records(artefact), bindings, collector, enrich)


def _enricher(scanner: YaraScanner, extra: list[Hit]) -> Callable[[Artefact, Record], Record]:
    """Adds `yara` (names of matching rules, separated by blanks) to the record; matches are findings of their own."""

    def enrich(artefact: Artefact, record: Record) -> Record:
        if record.get("known_good") == "true":
            return record
        found = scanner.scan(artefact)
        if not found:
            return record
        extra.extend(yara_hit(rule, artefact, record) for rule in found.values())
        return {**record, "yara": " ".join(found)}

    return enrich
