"""Adds scan exports to a store: all of an export or nothing of it, and the same export only once."""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from waspglass.census.errors import ExportError
from waspglass.census.evidence_tables import keep_evidence
from waspglass.census.normalise import EARLIEST, Filing, normalise
from waspglass.census.nothing import write_nothing
from waspglass.census.sighting import Tally
from waspglass.census.signs import Signs, load_signs
from waspglass.census.sources.content import Content, file_digest, open_content
from waspglass.census.sources.json_array import in_lines
from waspglass.census.sources.lines import utf8_start
from waspglass.census.sources.opening import Export, exports_in
from waspglass.census.sources.recognise import choose, day_in_name
from waspglass.census.sources.source import Head, LineSource, Source
from waspglass.census.spread import spread
from waspglass.census.store.folder import Folder
from waspglass.census.store.manifest import Added, Manifest, Refused
from waspglass.census.store.parquet import connected
from waspglass.census.store.writer import SightingWriter, write_behind
from waspglass.model.errors import UsageError
from waspglass.model.escape import in_unicode
from waspglass.model.skip import SkipReason

__all__ = ["AddOptions", "Outcome", "add_exports"]

SPREAD_BYTES = 32 << 20
"""A packed export that is smaller is read before the workers have started."""


@dataclass(frozen=True)
class AddOptions:
    """How exports are added.

    Attributes:
        sources: The readers, in the order in which they are asked.
        now: The clock; times more than two days later are absurd.
        source: Reader by name, in place of recognition.
        date: Day of the scan, in place of file name and row times.
        product: Product of rows that do not show one.
        partial: Take what stands before a broken place.
        workers: Processes that read a large export of lines; 1 reads in this one.
        signs: Of the products that there are, if not only those of the packs of this program.
        replace: Take out what an export corrects, in the same step: what was in the store before this run, with its
            name and source and no day that it lacks.
    """

    sources: tuple[Source, ...]
    now: dt.datetime
    source: str | None = None
    date: dt.date | None = None
    product: str | None = None
    partial: bool = False
    workers: int = 1
    signs: Signs | None = None
    replace: bool = False

    @property
    def latest(self) -> dt.datetime:
        """The latest time that is not absurd: clocks go wrong, and days begin earlier elsewhere."""
        return self.now + dt.timedelta(days=2)


@dataclass(frozen=True)
class Outcome:
    """What became of one export: exactly one of the three is set.

    Attributes:
        name: The export.
        added: It was added.
        known: It is in the store already, as this.
        refused: Nothing of it was added.
        earlier: Exports of its name, source and day with other content, which count beside it.
        replaced: Those of them that were taken out instead.
    """

    name: str
    added: Added | None = None
    known: Added | None = None
    refused: Refused | None = None
    earlier: tuple[Added, ...] = ()
    replaced: tuple[Added, ...] = ()


def add_exports(folder: Folder, paths: Sequence[Path], options: AddOptions) -> Iterator[Outcome]:
    """Adds each export in each file, and says at once what became of it.

    Raises:
        StoreError: If the store cannot be read or written, or is being written to.
        UsageError: If the options name what does not exist, or a day that cannot be.
    """
    (options.signs or load_signs()).check(options.product)
    if options.date is not None and not EARLIEST.date() <= options.date <= options.latest.date():
        raise UsageError(f"no day of a scan: {options.date}", hint="It lies before 2000 or in the future")
    with folder.writing("What was added before stands; nothing of the export that was being added does") as manifest:
        session = _Session(folder, options, manifest)
        try:
            for path in paths:
                yield from session.outcomes(path)
        finally:  # once a run, since it looks at all files of the store
            folder.clean(session.manifest)


@dataclass
class _Session:
    """One run over a locked store; the manifest on disk is replaced after each export.

    Attributes:
        manifest: What no cleaning may touch: what is in the store.
        before: What was in it when the run began; exports of one run do not correct one another.
    """

    folder: Folder
    options: AddOptions
    manifest: Manifest
    before: frozenset[Added] = field(init=False)

    def __post_init__(self) -> None:
        self.before = frozenset(self.manifest.added)

    def outcomes(self, path: Path) -> Iterator[Outcome]:
        """Adds each export in a file."""
        try:
            exports = exports_in(path)
        except ExportError as error:
            yield self.refuse(in_unicode(path.name), error)
            return
        for export in exports:
            yield self.add(export)

    def refuse(self, name: str, error: ExportError) -> Outcome:
        refused = Refused(name=name, refused=self.options.now, reason=in_unicode(str(error)))
        self._commit(refused=(*self._refused_but(name), refused))
        return Outcome(name, refused=refused)

    def add(self, export: Export) -> Outcome:
        packed = file_digest(export)
        known = self.manifest.find(file_digest=packed)
        if known is not None:
            return Outcome(export.shown, known=known)
        try:
            return self._add(export, packed)
        except ExportError as error:
            return self.refuse(export.shown, error)
        finally:
            self.folder.clean_unfinished()

    def _add(self, export: Export, packed: str) -> Outcome:
        with open_content(export, partial=self.options.partial) as opened:
            content = in_lines(opened)
            head = Head(export.name, utf8_start(content.peek()))
            source = choose(head, self.options.sources, self.options.source, export.shown)
            writer = SightingWriter(self.folder, source.feed(head), packed[:16])
            tally = Tally(export.shown)
            filing = self._filing(head, writer)
            try:
                with _no_cycles():
                    _read(content, head, source, writer, filing, tally, self._workers(export))
                if content.broken is not None:
                    tally.add(SkipReason.TRUNCATED, content.broken)
                digest = content.digest
                if writer.rows == 0:
                    recognised = source.recognises(head)
                    digest = packed = write_nothing(writer, content, filing.date, tally, recognised=recognised)
                known = self.manifest.find(digest=digest)
                if known is not None:
                    writer.abandon()
                    return Outcome(export.shown, known=known)
                files, moves = writer.close()
            except BaseException:
                writer.abandon()
                raise
        added = Added(
            name=export.shown,
            digest=digest,
            file_digest=packed,
            source=writer.source,
            added=self.options.now,
            records=writer.rows,
            skipped=tally.skipped(),
            partial=content.broken,
            files=files,
        )
        self.folder.publish(moves)
        earlier = [each for each in self.manifest.added if added.reissues(each)]
        replaced = tuple(each for each in earlier if self._replaces(added, each))
        kept = tuple(each for each in self.manifest.added if each not in replaced)
        self._commit(added=(*kept, added), refused=self._refused_but(export.shown))
        with connected(self.folder, "400MB") as connection:
            for file in files:
                keep_evidence(self.folder, file, connection)
        beside = tuple(each for each in earlier if each not in replaced)
        return Outcome(export.shown, added=added, earlier=beside, replaced=replaced)

    def _replaces(self, added: Added, earlier: Added) -> bool:
        return self.options.replace and earlier in self.before and added.covers(earlier)

    def _filing(self, head: Head, writer: SightingWriter) -> Filing:
        options = self.options
        day = options.date or day_in_name(head.name, options.now.date())
        return Filing(writer.source, day, options.latest, options.product)

    def _workers(self, export: Export) -> int:
        return self.options.workers if export.packed_size >= SPREAD_BYTES else 1

    def _refused_but(self, name: str) -> tuple[Refused, ...]:
        return tuple(each for each in self.manifest.refused if each.name != name)

    def _commit(self, **changes: tuple[Added, ...] | tuple[Refused, ...]) -> None:
        manifest = self.manifest.model_copy(update=changes)
        # As long as either may be the one on disk, nothing that one of them names may be cleaned away.
        self.manifest = manifest.model_copy(update={"added": (*self.manifest.added, *manifest.added)})
        try:
            self.folder.put_manifest(manifest)
        except BaseException:
            self.manifest = self.folder.manifest()
            raise
        self.manifest = manifest


def _read(
    content: Content, head: Head, source: Source, writer: SightingWriter, filing: Filing, tally: Tally, workers: int
) -> None:
    """Reads here, and checks and writes in a second thread, which works without the interpreter's lock for the most."""
    checked = Tally(tally.source)
    if workers > 1 and isinstance(source, LineSource):
        spread(content, source, filing, (tally, checked), writer.write, workers)
        tally.merge(checked)
        return

    def keep(raw: pl.DataFrame) -> None:
        writer.write(normalise(raw, filing, checked))

    write_behind(source.read(content, head, tally), keep)
    tally.merge(checked)


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Reading makes millions of short-lived objects without cycles; the collector only costs a third of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
