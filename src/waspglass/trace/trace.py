"""The core of `trace`: samples and shared programs in, one frozen result out; no files, no clock, no chance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from waspglass.model.skip import Skipped
from waspglass.trace.calibration import Calibration
from waspglass.trace.commons import Commons
from waspglass.trace.comparison import COMMON_SOURCE_AT, Comparing, one_in
from waspglass.trace.detail import direction_of, parts_in_common, regions_of, shown_text
from waspglass.trace.elsewhere import from_elsewhere, hedged
from waspglass.trace.lineage import Lineage
from waspglass.trace.lineage_measured import LineageMeasured
from waspglass.trace.pairing import Background
from waspglass.trace.parts import part_evidence
from waspglass.trace.program import Program, Reading, Source
from waspglass.trace.reader import Grounds, Reader
from waspglass.trace.result import Comparison, Direction, Input, Text, TraceResult
from waspglass.trace.unpack import unpack
from waspglass.trace.verdict import Verdict

__all__ = ["DETAILED", "LISTED", "trace"]

DETAILED = 12
LISTED = 200
RELATIVES = 4
"""Other copies, and other samples, that a comparison is contrasted with."""
LAYER = " > "
"""Stands between the name of a source and how what is in it was packed."""
_LITTLE = {"small", "repeats"}
_RANK = {Verdict.DERIVED: 2, Verdict.CANNOT_TELL: 1, Verdict.INDEPENDENT: 0}


def trace(
    samples: Sequence[Source],
    shared: Sequence[Source],
    background: Sequence[Source] = (),
    base: Sequence[Source] = (),
    *,
    calibration: Calibration,
    commons: Commons,
    skipped: Sequence[Skipped] = (),
    skipped_besides: Sequence[Skipped] = (),
    shared_besides: Sequence[str] = (),
    lineage: LineageMeasured | None = None,
) -> TraceResult:
    """Compares every sample, and every layer packed in it, with every shared program.

    Args:
        samples: What was found.
        shared: The reference copies; one or many (also many copies of one document: rarity does not suffer).
        background: Independent programs that solve the same task; what a match is measured against.
        base: Code that was given to everybody and must not count.
        calibration: From scores to answers.
        commons: What is common in programs at large.
        skipped: What could not be read of samples and shared programs; with some the answer is not *independent*.
        skipped_besides: The same of background and base.
        shared_besides: Names of what was shared and is not compared: an index holds more than candidates.
        lineage: What answers about copies and direction were seen to reach.

    Returns:
        The result; the first comparisons, by likeness, with regions, parts and direction.
    """
    reader = Reader()
    grounds = Grounds(reader, _by_content(background), base, commons)
    found = _layers_of(_distinct(samples))
    copies = _distinct(shared, [layer for layer in found.layers if layer not in shared])
    compare = Comparing(reader, grounds, calibration).compare
    others = from_elsewhere(copies, shared_besides)
    drafts = sorted((hedged(compare(one, copy), others) for one in found.layers for copy in copies), key=found.order)
    by_name = {source.name: source for source in (*found.layers, *copies)}
    detailing = _Detailing(by_name, reader, grounds, calibration, drafts[:LISTED], Lineage(reader))
    detailed = [hedged(detailing.detail(draft), others) for draft in drafts[:DETAILED]]
    listed = sorted(detailed, key=found.order) + drafts[DETAILED:LISTED]
    return TraceResult(
        verdict=_limited(found.verdict(listed), whole=not skipped and not found.remarks),
        samples=tuple(_input(reader.program(s), calibration, found.remarks.get(s.name, ())) for s in found.layers),
        shared=tuple(_input(reader.program(source), calibration) for source in copies),
        background=len(background),
        base=len(base),
        comparisons=tuple(listed),
        detailed=len(detailed),
        left_out=max(0, len(drafts) - LISTED),
        skipped=(*skipped, *skipped_besides),
        derived_at=calibration.derived_at,
        independent_at=calibration.independent_at,
        least_tokens=calibration.enough_tokens(len(background) + 2),
        measured=calibration.regime(len(background) + 2).measured,
        measured_parts=calibration.part.measured,
        measured_lineage=lineage,
        trained_on=calibration.trained_on,
        texts=_texts(detailed, by_name),
    )


def _texts(shown: Sequence[Comparison], by_name: Mapping[str, Source]) -> dict[str, Text]:
    names = {name for one in shown for name in (one.sample, one.shared)}
    return {name: shown_text(by_name[name]) for name in sorted(names)}


def _limited(verdict: Verdict, *, whole: bool) -> Verdict:
    """The answer as it may be given if not the whole of all samples and shared programs was read and unpacked."""
    return verdict if whole or verdict is not Verdict.INDEPENDENT else Verdict.CANNOT_TELL


def _by_content(sources: Sequence[Source]) -> list[Source]:
    """In an order that names do not decide: of many background programs every so many-th is looked at."""
    return sorted(sources, key=lambda source: source.raw)


def _distinct(sources: Sequence[Source], taken: Sequence[Source] = ()) -> tuple[Source, ...]:
    """The sources, each once, by names that can be written, with a number where others of that name differ."""
    names = {source.name for source in taken}
    kept: list[Source] = []
    for source in dict.fromkeys(sources):
        written = source.name.encode("utf-8", "backslashreplace").decode()
        name, number = written, 1
        while name in names:
            number += 1
            name = f"{written} ({number})"
        names.add(name)
        kept.append(source if name == source.name else replace(source, name=name))
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class _Found:
    """The samples, each followed by what is packed in it.

    Attributes:
        remarks: By name, where not all of a sample was unpacked.
        nested: Names of the sources that hold others or are held by one.
    """

    layers: tuple[Source, ...]
    remarks: dict[str, tuple[str, ...]]
    nested: frozenset[str]

    def _decides(self, one: Comparison) -> bool:
        """An empty file says nothing; nor does it that a wrapper, or a scrap in one, is too small to tell."""
        return one.reasons[0] != "empty" and (one.reasons[0] not in _LITTLE or one.sample not in self.nested)

    def order(self, one: Comparison) -> tuple[bool, int, float, float, bool, str, str]:
        """Sorts the strongest first, parts like wholes; among equals what is the same byte for byte."""
        llr = max(one.llr, *(part.llr for part in one.parts), -math.inf)
        weak = not self._decides(one)
        return weak, -_RANK[one.verdict], -llr, -one.score, not one.identical, one.sample, one.shared

    def verdict(self, listed: Sequence[Comparison]) -> Verdict:
        """The strongest answer."""
        answers = [one.verdict for one in listed if self._decides(one)]
        return max(answers, key=lambda answer: _RANK[answer], default=Verdict.CANNOT_TELL)


def _layers_of(samples: Sequence[Source]) -> _Found:
    layers: list[Source] = []
    remarks: dict[str, tuple[str, ...]] = {}
    for sample in samples:
        unpacked = unpack(sample)
        layers += [sample, *unpacked.layers]
        limits = (
            ("layers_bounded", unpacked.bounded), ("layers_unread", unpacked.unread), ("disguised", unpacked.disguised),
        )  # fmt: skip
        if any(holds for _, holds in limits):
            remarks[sample.name] = tuple(key for key, holds in limits if holds)
    distinct = _distinct(layers)
    inner = {layer.name for layer in distinct if LAYER in layer.name}
    return _Found(distinct, remarks, frozenset(inner | {name.partition(LAYER)[0] for name in inner}))


def _input(program: Program, calibration: Calibration, more: tuple[str, ...] = ()) -> Input:
    small = ("small",) if 0 < program.tokens < calibration.least_tokens else ()
    return Input(
        name=program.name, sha256=program.sha256, language=program.language, reading=program.reading.value,
        tokens=program.tokens, remarks=(*program.remarks, *small, *more),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Detailing:
    """Adds to comparisons what is worked out for the first of them only."""

    by_name: dict[str, Source]
    reader: Reader
    grounds: Grounds
    calibration: Calibration
    drafts: Sequence[Comparison]
    lineage: Lineage

    def detail(self, draft: Comparison) -> Comparison:
        """The same comparison with regions, parts and direction; a part can make it *derived*."""
        sample, reference = self.reader.together(self.by_name[draft.sample], self.by_name[draft.shared])
        against = self.grounds.of(sample)
        regions, covered = regions_of(sample, reference, self.reader, against)
        draft = self._by_structure(draft, sample, reference, against)
        whole = draft.verdict is Verdict.DERIVED
        parts = () if whole else parts_in_common(sample, reference, self.reader, against, self.calibration)
        verdict, reasons = draft.verdict, draft.reasons
        if any(part.verdict is Verdict.DERIVED for part in parts):
            verdict, reasons = Verdict.DERIVED, ("part", *draft.reasons[1:])
        elif any(part.llr > max(0.0, draft.llr) for part in parts) and reasons[0] in {
            "unlike",
            "unclear",
            "between",
            "structure_open",
        }:
            verdict, reasons = Verdict.CANNOT_TELL, ("part_between", *draft.reasons[1:])
        return draft.model_copy(update={
            "verdict": verdict, "reasons": reasons, "regions": regions, "parts": parts,
            "direction": self._direction(draft, covered),
        })  # fmt: skip

    def _by_structure(self, draft: Comparison, sample: Source, reference: Source, against: Background) -> Comparison:
        """The same comparison, derived if the wholes are enough for that where only what renaming keeps is compared.

        Generators and templates leave just that. So it takes a background to call it derived, which would show them.
        """
        beside = draft.hypotheses.against_common_source
        programs = self.reader.program(sample), self.reader.program(reference)
        by_grammar = all(program.reading is Reading.SYNTAX for program in programs)
        explained = beside is not None and beside < COMMON_SOURCE_AT
        if draft.reasons[0] not in {"unclear", "between"} or explained or not by_grammar:
            return draft
        _, llr, derived = part_evidence(*programs, against, self.calibration, 1)
        if not derived or llr <= draft.llr:
            return draft
        if len(against) + 2 < self.calibration.alone_below:
            return draft.model_copy(update={"reasons": ("structure_open", *draft.reasons[1:])})
        hypotheses = draft.hypotheses.model_copy(update={"against_independent": round(llr, 4), "one_in": one_in(llr)})
        return draft.model_copy(update={
            "verdict": Verdict.DERIVED, "reasons": ("structure", *draft.reasons[1:]), "llr": round(llr, 4),
            "hypotheses": hypotheses,
        })  # fmt: skip

    def _direction(self, draft: Comparison, covered: tuple[float, float]) -> Direction:
        """Coverage of both sides, and the place of this copy among the others and among the other samples."""
        nearest = not any(one.sample == draft.sample and one.score > draft.score for one in self.drafts)
        others = [self.by_name[name] for name in self._relatives(draft)]
        contrasts = self.lineage.contrasts(self.by_name[draft.sample], self.by_name[draft.shared], others)
        between = max((one for one in contrasts if one.fits == "other"), key=lambda one: one.there_tokens, default=None)
        place = None if between is None else ("between" if between.other_beyond_sample else "open")
        through = None if between is None else between.other
        return direction_of(covered, nearest=nearest, through=through).model_copy(
            update={"contrasts": contrasts, "through_place": place}
        )

    def _relatives(self, draft: Comparison) -> list[str]:
        """Other copies that are like the sample, and other samples that are like the copy, most alike first.

        The layers of one sample are not other samples. What is no more alike than independent programs is no copy.
        """
        if draft.llr <= 0:
            return []
        alike = [one for one in self.drafts if one.llr > 0]
        copies = [one.shared for one in alike if one.sample == draft.sample and one.shared != draft.shared]
        own = draft.sample.partition(LAYER)[0]
        samples = [one.sample for one in alike if one.shared == draft.shared and one.sample.partition(LAYER)[0] != own]
        return [name for name in dict.fromkeys((*copies[:RELATIVES], *samples[:RELATIVES])) if name != draft.sample]
