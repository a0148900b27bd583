"""The core of `trace`: samples and shared programs in, one frozen result out; no files, no clock, no chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from waspglass.model.skip import Skipped
from waspglass.trace.calibration import Calibration
from waspglass.trace.commons import Commons
from waspglass.trace.comparison import COMMON_SOURCE_AT, Comparing, one_in
from waspglass.trace.detail import direction_of, parts_in_common, regions_of, shown_text
from waspglass.trace.elsewhere import from_elsewhere, hedged
from waspglass.trace.layers import Layers, layers_of
from waspglass.trace.lineage import Lineage
from waspglass.trace.lineage_measured import LineageMeasured
from waspglass.trace.pairing import Background
from waspglass.trace.parts import part_evidence
from waspglass.trace.program import Program, Reading, Source
from waspglass.trace.reader import Grounds, Reader
from waspglass.trace.result import Comparison, Direction, Input, Text, TraceResult
from waspglass.trace.screening import LISTED, Ranking, listed
from waspglass.trace.template import one_template
from waspglass.trace.verdict import Verdict

__all__ = ["DETAILED", "trace"]

DETAILED = 12
RELATIVES = 4
"""Other copies, and other samples, that a comparison is contrasted with."""
_OPEN = frozenset({"unlike", "unclear", "between", "structure_open"})
"""Reasons of answers that a part may change."""
_BY_STRUCTURE = frozenset({"between", "part", "part_between"})
"""Reasons that a template which was filled in twice gives as well."""


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
        background: Independent programs that solve the same task; what a match is measured against. Of equal
            ones one counts.
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
    found = layers_of(samples)
    copies = layers_of(shared, found.sources, programs=True)
    given = layers_of(base, programs=True).sources
    independent = _by_content(background)
    reader, least = Reader(), calibration.enough_tokens(len(independent) + 2)
    grounds = Grounds(reader, independent, given, commons)
    others = from_elsewhere(copies, shared_besides)
    rank = Ranking.of((found, copies), reader, least)
    comparing = Comparing(reader, grounds, calibration)
    inputs: list[Input] = []
    one_by_one = _one_by_one(found, comparing, reader, calibration, inputs)
    drafts = listed(one_by_one, copies.sources, comparing, others, rank)
    detailing = _Detailing(found, copies, reader, grounds, calibration, drafts, Lineage(reader))
    detailed = [hedged(detailing.detail(draft), others) for draft in drafts[:DETAILED]]
    comparisons = rank.strongest_first(detailed) + drafts[DETAILED:]
    whole = not (skipped or found.remarks or copies.remarks)
    return TraceResult(
        verdict=_limited(rank.verdict(comparisons), whole=whole),
        samples=tuple(inputs),
        shared=tuple(_input(reader.program(source), calibration, copies.remarks) for source in copies.sources),
        background=len(independent), base=len(base), comparisons=tuple(comparisons), detailed=len(detailed),
        left_out=len(found.sources) * len(copies.sources) - len(comparisons),
        skipped=(*skipped, *skipped_besides),
        derived_at=calibration.derived_at, independent_at=calibration.independent_at, least_tokens=least,
        measured=calibration.regime(len(independent) + 2).measured, measured_parts=calibration.part.measured,
        measured_lineage=lineage, trained_on=calibration.trained_on, texts=detailing.texts(detailed),
    )  # fmt: skip


def _one_by_one(
    found: Layers, comparing: Comparing, reader: Reader, calibration: Calibration, inputs: list[Input]
) -> Iterator[Source]:
    """The samples; of each that was compared, what is told of it is added to `inputs`."""
    for sample in found.sources:
        yield sample
        inputs.append(_input(reader.program(sample), calibration, found.remarks))
        if len(found.sources) > LISTED:  # few are needed again
            comparing.forget(sample)


def _limited(verdict: Verdict, *, whole: bool) -> Verdict:
    """The answer as it may be given if not the whole of all samples and shared programs was read and unpacked."""
    return verdict if whole or verdict is not Verdict.INDEPENDENT else Verdict.CANNOT_TELL


def _by_content(sources: Sequence[Source]) -> list[Source]:
    """Each text once, for a folder beside its own archive shows no more of what is usual than the folder alone.

    In an order that names do not decide: of many background programs every so many-th is looked at.
    """
    each = {source.raw: source for source in sorted(sources, key=lambda source: source.name)}
    return [each[raw] for raw in sorted(each)]


def _input(program: Program, calibration: Calibration, more: Mapping[str, tuple[str, ...]]) -> Input:
    small = ("small",) if 0 < program.tokens < calibration.least_tokens else ()
    return Input(
        name=program.name, sha256=program.sha256, language=program.language, reading=program.reading.value,
        tokens=program.tokens, remarks=(*program.remarks, *small, *more.get(program.name, ())),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Detailing:
    """Adds to comparisons what is worked out for the first of them only."""

    samples: Layers
    copies: Layers
    reader: Reader
    grounds: Grounds
    calibration: Calibration
    drafts: Sequence[Comparison]
    lineage: Lineage

    def texts(self, shown: Sequence[Comparison]) -> dict[str, Text]:
        """The texts of the comparisons, by name."""
        names = {name for one in shown for name in (one.sample, one.shared)}
        return {name: shown_text(self._source(name)) for name in sorted(names)}

    def _source(self, name: str) -> Source:
        known = self.samples.by_name.get(name)
        return self.copies.by_name[name] if known is None else known

    def detail(self, draft: Comparison) -> Comparison:
        """The same comparison with regions, parts and direction; a part can make it *derived*."""
        sample, reference = self.reader.together(self._source(draft.sample), self._source(draft.shared))
        against = self.grounds.of(sample)
        regions, covered = regions_of(sample, reference, self.reader, against)
        draft = self._by_structure(draft, sample, reference, against)
        whole = draft.verdict is Verdict.DERIVED
        parts = () if whole else parts_in_common(sample, reference, self.reader, against, self.calibration)
        verdict, reasons = draft.verdict, draft.reasons
        if any(part.verdict is Verdict.DERIVED for part in parts):
            verdict, reasons = Verdict.DERIVED, ("part", *draft.reasons[1:])
        elif any(part.llr > max(0.0, draft.llr) for part in parts) and reasons[0] in _OPEN:
            verdict, reasons = Verdict.CANNOT_TELL, ("part_between", *draft.reasons[1:])
        detailed = draft.model_copy(update={
            "verdict": verdict, "reasons": reasons, "regions": regions, "parts": parts,
            "direction": self._direction(draft, covered),
        })  # fmt: skip
        template = detailed.reasons[0] in _BY_STRUCTURE and self._one_template(draft, sample, reference)
        return detailed.withheld("structure_open") if template else detailed

    def _one_template(self, draft: Comparison, sample: Source, reference: Source) -> bool:
        """Whether both may be one template that was filled in; a background would show that."""
        alone = len(self.grounds.of(sample)) + 2 < self.calibration.alone_below
        return alone and not draft.identical and one_template(sample, reference, self.reader, draft.views["shape"])

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
        others = [self._source(name) for name in self._relatives(draft)]
        contrasts = self.lineage.contrasts(self._source(draft.sample), self._source(draft.shared), others)
        between = max((one for one in contrasts if one.fits == "other"), key=lambda one: one.there_tokens, default=None)
        place = None if between is None else ("between" if between.other_beyond_sample else "open")
        through = None if between is None else between.other
        return direction_of(covered, nearest=nearest, through=through).model_copy(
            update={"contrasts": contrasts, "through_place": place}
        )

    def _relatives(self, draft: Comparison) -> list[str]:
        """Other copies that are like the sample, and other samples that are like the copy, most alike first.

        The layers of one file are not other samples, nor other copies. What is no more alike than
        independent programs is no copy.
        """
        if draft.llr <= 0:
            return []
        alike = [one for one in self.drafts if one.llr > 0]
        sample, copy = self.samples.file_of(draft.sample), self.copies.file_of(draft.shared)
        copies = [one.shared for one in alike if one.sample == draft.sample and self.copies.file_of(one.shared) != copy]
        samples = [
            one.sample for one in alike if one.shared == draft.shared and self.samples.file_of(one.sample) != sample
        ]
        return [name for name in dict.fromkeys((*copies[:RELATIVES], *samples[:RELATIVES])) if name != draft.sample]
