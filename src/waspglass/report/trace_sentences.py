"""The sentences of a trace report, the same for every format."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from waspglass.model.language import Catalogue, load_catalogue
from waspglass.model.skip import Skipped, detail_words, skip_words
from waspglass.report.numbers import in_language
from waspglass.report.trace_samples import file_of
from waspglass.report.visible import visible
from waspglass.trace.result import Comparison, Contrast, Input, PartMatch, Region, TraceResult
from waspglass.trace.verdict import Verdict

__all__ = ["Sentences"]

RIVALS = ("independent", "common", "author", "leak", "direction")
HIDDEN = ("rewritten",)
MANY = 20
"""Pairs from which on it is said how many of so many may look like the one that is shown."""
NEAR_COPY = 0.2
"""Share of the sample in places that speak for one of two copies, up to which these are near copies: at most .13 for
copies with marks in synthetic cases, .25 or more for two programs."""


class Sentences:
    """Puts the parts of a result into words of one language."""

    def __init__(self, result: TraceResult, language: str) -> None:
        self.result = result
        self.catalogue: Catalogue = load_catalogue("waspglass.report", "trace", language)
        self._language = language

    def text(self, key: str, **values: object) -> str:
        """A message of the catalogue."""
        return self.catalogue.text(key, **values)

    def number(self, value: float, digits: int = 0) -> str:
        """A number with so many digits behind the point."""
        return in_language(f"{value:,.{digits}f}", self._language)

    def decimal(self, llr: float) -> str:
        """A natural-log ratio as a decimal logarithm with its sign."""
        return in_language(f"{llr / math.log(10):+.1f}", self._language)

    def verdict(self, verdict: Verdict) -> str:
        """The word for an answer."""
        return self.text(f"verdict.{verdict.value}")

    def answer(self) -> str:
        """The one sentence that comes first."""
        if not self.result.comparisons:
            return self.text("answer.none")
        best = self.result.comparisons[0]
        key = "part" if "part" in best.reasons else best.verdict.value
        if best.verdict is Verdict.INDEPENDENT and self.result.verdict is not Verdict.INDEPENDENT:
            key = "unread"
        named = {"sample": visible(best.sample), "shared": visible(best.shared)}
        if best.verdict is Verdict.DERIVED and (others := self._also_fit(best)):
            return self.text(f"answer.{key}_open", count=self.number(others), **named)
        return self.text(f"answer.{key}", **named)

    def strength(self) -> list[str]:
        """What the ratio of the answer means to somebody who has never seen one; nothing where there is no answer."""
        if not self.result.comparisons or self.result.comparisons[0].verdict is Verdict.CANNOT_TELL:
            return []
        best = self.result.comparisons[0]
        llr = max(part.llr for part in best.parts) if "part" in best.reasons and best.parts else best.llr
        times = self.number(float(f"{math.exp(abs(llr)):.1e}"))
        return [self.text(f"strength.{'for' if llr > 0 else 'against'}", times=times), self.text("strength.limits")]

    def rivals(self) -> list[str]:
        """What else could explain the answer: what looks like derivation, or, where nothing does, what hides it."""
        keys = HIDDEN if self.result.verdict is Verdict.INDEPENDENT else RIVALS
        return [self.text(f"rival.{key}") for key in keys]

    def tally(self, listed: Sequence[tuple[int, Comparison]]) -> str:
        """How many of the samples have which answer, the strongest first."""
        counted = Counter(one.verdict for _, one in listed)
        answers = (Verdict.DERIVED, Verdict.CANNOT_TELL, Verdict.INDEPENDENT)
        return " · ".join(f"{self.verdict(one)}: {self.number(counted[one])}" for one in answers if counted[one])

    def of_samples(self, listed: Sequence[tuple[int, Comparison]]) -> list[str]:
        """What the answers for each sample leave open: samples without one, and what was not looked for."""
        without = {file_of(each.name) for each in self.result.samples} - {file_of(one.sample) for _, one in listed}
        lines = [self.text("label.samples_left_out", count=self.number(len(without)))] if without else []
        if any(place >= self.result.detailed for place, _ in listed):
            lines.append(self.text("label.samples_whole", count=self.number(self.result.detailed)))
        return lines

    def inputs(self, number: int) -> list[tuple[str, list[str]]]:
        """Under their headings, what the first comparisons compare: how each was read, and its hash.

        Of what was unpacked, the file that holds it is there, too.
        """
        first = self.result.comparisons[:number]
        sides = (
            ("sample", self.result.samples, {one.sample for one in first}),
            ("shared", self.result.shared, {one.shared for one in first}),
        )
        return [
            (
                self.text(f"label.{side}"),
                [self._input(each) for each in inputs if each.name in names | {*map(file_of, names)}],
            )
            for side, inputs, names in sides
        ]

    def _input(self, each: Input) -> str:
        return self.text(
            "label.input", name=visible(each.name), language=each.language, tokens=self.number(each.tokens),
            sha256=each.sha256,
        )  # fmt: skip

    def besides(self) -> str:
        """How many programs the comparison was measured on, and how many did not count."""
        return self.text(
            "label.besides", background=self.number(self.result.background), base=self.number(self.result.base)
        )

    def _also_fit(self, best: Comparison) -> int:
        """Other copies that the sample is as well derived from, unless it was shown to fit the best one rather.

        A near copy of the best one counts also where its own ratio is just below the bound: a bound that lies between
        two copies does not tell them apart. A copy that is the same byte for byte is set apart from those that are not;
        what stands in the best one, or holds it, is the same copy.
        """
        contrasts = best.direction.contrasts if best.direction else ()
        apart = {contrast.other for contrast in contrasts if contrast.fits == "this"}
        tokens = next((each.tokens for each in self.result.samples if each.name == best.sample), 0)
        near = {contrast.other for contrast in contrasts if contrast.here_tokens <= NEAR_COPY * tokens}
        file = file_of(best.shared)
        copies = [one for one in self.result.comparisons if one.sample == best.sample and file_of(one.shared) != file]
        alike = [one for one in copies if one.verdict is Verdict.DERIVED or one.shared in near]
        return sum(1 for one in alike if one.shared not in apart and (one.identical or not best.identical))

    def reasons(self, one: Comparison) -> list[str]:
        """Why this answer."""
        return [self.text(f"reason.{reason}", least=self.result.least_tokens) for reason in one.reasons]

    def hypotheses(self, one: Comparison) -> list[str]:
        """The ratios and what they mean without any prior."""
        common = one.hypotheses.against_common_source
        ratio, source = (self.text(f"label.{key}_whole" if one.parts else f"label.{key}") for key in ("llr", "common"))
        lines = [
            f"{ratio}: {self.decimal(one.llr)}",
            f"{source}: {self.text('label.no_common') if common is None else self.decimal(common)}",
            *self._rareness(one),
        ]
        if one.hypotheses.background_pairs:
            pairs, alike = one.hypotheses.background_pairs, one.hypotheses.background_as_alike
            lines.append(self.text("label.background", pairs=self.number(pairs), alike=self.number(alike)))
        else:
            lines.append(self.text("label.no_background"))
        likeness, usual = self.text("label.score"), self.text("label.baseline", value=self.number(one.baseline, 3))
        return [*lines, f"{likeness}: {self.number(one.score, 3)} ({usual})"]

    def _rareness(self, one: Comparison) -> list[str]:
        """How many independent pairs look like this one, or have a part like that of this one which says more."""
        of_part = max((part.llr for part in one.parts), default=-math.inf)
        one_in = max(one.hypotheses.one_in, int(math.exp(max(0.0, of_part))))
        if one_in < 2:  # one in one says nothing
            return []
        key = "one_in_part" if of_part > one.llr else "one_in"
        lines = [self.text(f"label.{key}", count=self.number(one_in))]
        pairs = len(self.result.comparisons) + self.result.left_out
        if pairs >= MANY:
            most = math.ceil(100 * pairs / one_in) / 100
            lines.append(self.text("label.many", pairs=self.number(pairs), count=self.number(most, 2)))
        return lines

    def region(self, region: Region) -> str:
        """Where a run matches and how rare it is."""
        return self.text(
            "label.region", a1=region.sample.first, a2=region.sample.last, b1=region.shared.first,
            b2=region.shared.last, tokens=region.tokens, renamed=region.renamed, rarity=self.number(region.rarity, 1),
            known=round(100 * region.known),
        )  # fmt: skip

    def part(self, part: PartMatch) -> str:
        """Which part comes from which."""
        return self.text(
            "label.part", a1=part.sample.first, a2=part.sample.last, b1=part.shared.first, b2=part.shared.last,
            tokens=part.tokens, llr=self.decimal(part.llr), verdict=self.verdict(part.verdict),
        )  # fmt: skip

    def direction(self, one: Comparison) -> list[str]:
        """What can be said of who took from whom."""
        if one.direction is None:
            return []
        hint = {"sample holds more": "sample", "shared holds more": "shared", "none": "none"}[one.direction.hint]
        covered = self.text(
            "label.covered",
            sample=round(100 * one.direction.sample_covered),
            shared=round(100 * one.direction.shared_covered),
        )
        lines = [self.text(f"label.direction_{hint}"), *self._reached_by_size(hint), covered]
        if one.direction.contrasts and one.verdict is not Verdict.DERIVED:
            lines.append(self.text("label.if_derived"))
        if (through := one.direction.through) is not None:
            key = "label.through_between" if one.direction.through_place == "between" else "label.through"
            lines.append(self.text(key, kind=self._kind(through), name=visible(through)))
        contrasts = one.direction.contrasts
        compared = [line for contrast in contrasts for line in self.contrast(contrast)]
        return [*lines, *compared, *self._reached(contrasts)]

    def _kind(self, name: str) -> str:
        """Whether a program that lies beside a sample and a copy is another copy or another sample."""
        copy = any(one.name == name for one in self.result.shared)
        return self.text("label.other_copy" if copy else "label.other_sample")

    def contrast(self, contrast: Contrast) -> list[str]:
        """Which of two copies the sample fits, and what follows for their order."""
        other = visible(contrast.other)
        places = ", ".join(f"{span.first}-{span.last}" for span in contrast.spans)
        lines = [
            self.text(
                f"label.fits_{contrast.fits.replace(' ', '_')}", kind=self._kind(contrast.other), other=other,
                here=contrast.here, here_tokens=contrast.here_tokens, there=contrast.there,
                there_tokens=contrast.there_tokens, places=places,
            )
        ]  # fmt: skip
        if contrast.this_beyond_sample and contrast.fits == "this":
            lines.append(self.text("label.beyond_sample", other=other))
        return lines

    def _reached(self, contrasts: Sequence[Contrast]) -> list[str]:
        """How often a copy was named rightly, and wrongly, if one is named here."""
        measured = self.result.measured_lineage
        if measured is None or not any(contrast.fits in {"this", "other"} for contrast in contrasts):
            return []
        counts = {key: self.number(value) for key, value in measured.model_dump().items()}
        return [self.text("label.measured_copies", **counts)]

    def _reached_by_size(self, hint: str) -> list[str]:
        """How often the larger of two versions was the later one."""
        measured = self.result.measured_lineage
        if measured is None or hint == "none":
            return []
        larger, later = self.number(measured.larger), self.number(measured.larger_later)
        return [self.text("label.measured_larger", larger=larger, later=later)]

    def calibration(self) -> list[str]:
        """The thresholds, and what they were seen to reach."""
        thresholds = self.text(
            "label.thresholds",
            derived=self.decimal(self.result.derived_at),
            independent=self.decimal(self.result.independent_at),
        )
        measured = self.result.measured
        if measured is None:
            return [thresholds]
        reached = self.text(
            "label.measured", sets=measured.sets, derived=self.number(measured.derived),
            independent=self.number(measured.independent), cllr=self.number(measured.cllr, 2),
            min_cllr=self.number(measured.min_cllr, 2), worst=self.number(measured.worst_cllr, 2),
            found=self.number(100 * measured.derived_found), lost=self.number(1000 * measured.false_independent, 1),
            false=self.number(1000 * measured.false_derived, 2),
            worst_false=self.number(1000 * measured.worst_false_derived, 1),
        )  # fmt: skip
        parts = self.result.measured_parts
        if parts is None or not any(one.parts for one in self.result.comparisons):
            return [thresholds, reached]
        reached_by_parts = self.text(
            "label.measured_parts", derived=self.number(parts.derived), independent=self.number(parts.independent),
            found=self.number(100 * parts.derived_found), false=self.number(1000 * parts.false_derived, 2),
            worst_false=self.number(1000 * parts.worst_false_derived, 1),
        )  # fmt: skip
        return [thresholds, reached, reached_by_parts]

    def remarks(self) -> list[str]:
        """What limited the comparison of which file."""
        inputs = (*self.result.samples, *self.result.shared)
        return [f"{visible(one.name)}: {self.text(f'remark.{key}')}" for one in inputs for key in one.remarks]

    def _skip(self, skip: Skipped) -> str:
        count = f" ({self.number(skip.count)})" if skip.count > 1 else ""
        detail = f", {visible(detail_words(skip.detail, self._language))}" if skip.detail else ""
        return f"{visible(skip.source)}: {skip_words(skip.reason, self._language)}{count}{detail}"

    def skipped(self) -> list[str]:
        """What was not compared, and why."""
        lines = [self._skip(skip) for skip in self.result.skipped]
        if self.result.left_out:
            lines.append(self.text("label.left_out", count=self.number(self.result.left_out)))
        return lines
