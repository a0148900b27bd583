"""What `trace` found, as one frozen document; every report reads only this."""

from __future__ import annotations

from typing import Literal

from waspglass.model.document import Document
from waspglass.model.skip import Skipped
from waspglass.trace.calibration import Measured
from waspglass.trace.lineage_measured import LineageMeasured
from waspglass.trace.verdict import Verdict

__all__ = ["Comparison", "Contrast", "Direction", "Hypotheses", "Input", "PartMatch", "Region", "Text", "TraceResult"]


class Input(Document):
    """One program that took part.

    Attributes:
        name: Path, with ` > ` and the kind of packing for each layer that was unpacked.
        sha256: Of its bytes.
        language: As it was read.
        reading: `syntax`, `tokens` or `bytes`.
        tokens: Without comments.
        remarks: Keys of what limits the comparison: `tokens_only`, `broken`, `cut`, `binary`, `empty`, `small`,
            `layers_bounded`, `layers_unread`, `disguised`.
    """

    name: str
    sha256: str
    language: str
    reading: str
    tokens: int
    remarks: tuple[str, ...] = ()


class Span(Document):
    """Lines, 1-based, both ends included."""

    first: int
    last: int


class Region(Document):
    """A run that matches on both sides.

    Attributes:
        sample, shared: Where.
        tokens: Tokens that are equal in shape.
        renamed: Of these, written differently.
        rarity: Mean rarity of what the run consists of, in nats; 0 is code that everybody writes.
        known: Share of it that the background or programs at large have too.
    """

    sample: Span
    shared: Span
    tokens: int
    renamed: int
    rarity: float
    known: float


class PartMatch(Document):
    """A part of the sample that is like a part of the shared program.

    Attributes:
        llr: Natural log; that it is the best of many pairs of parts is in the numbers that it was worked out with.
    """

    sample: Span
    shared: Span
    tokens: int
    score: float
    llr: float
    verdict: Verdict


class Hypotheses(Document):
    """Three explanations, as natural-log likelihood ratios of *derived* against the two others.

    Attributes:
        against_independent: Both were written on their own.
        against_common_source: Both come from a third source; None if nothing is known that could be that source
            (neither background nor base was given, and nothing in common is common in programs at large).
        one_in: Of independent pairs at most one in so many looks like this; bounded by what was measured.
        background_as_alike, background_pairs: How many of the pairs with a background program reach this score.
    """

    against_independent: float
    against_common_source: float | None
    one_in: int
    background_as_alike: int
    background_pairs: int


class Contrast(Document):
    """How a sample tells this copy from another: by places that match one of the two and not the other.

    Attributes:
        other: The other shared copy, or another sample.
        fits: Which of the two the sample fits; `both` if it has places of each that the other lacks.
        here, here_tokens: Places of the sample, and tokens in them, that match this copy and not the other.
        there, there_tokens: The reverse.
        spans: Lines of the sample with the longest of the places that speak for the copy it fits.
        this_beyond_sample: This copy has places of the other that the sample lacks (names count too): it was not made
            from the sample, unless the other was made from it.
        other_beyond_sample: The same for the other.
    """

    other: str
    fits: Literal["this", "other", "both", "not separable"]
    here: int
    here_tokens: int
    there: int
    there_tokens: int
    spans: tuple[Span, ...]
    this_beyond_sample: bool
    other_beyond_sample: bool


class Direction(Document):
    """Who may have taken from whom; text alone seldom tells, and times of files are not used.

    Attributes:
        sample_covered, shared_covered: Share of the tokens of each side that lie in matched regions.
        hint: `sample holds more`, `shared holds more`, `none`.
        nearest: Whether no other shared copy is closer to the sample.
        through: The copy or sample that holds all that the sample shares with this one and more, if there is one.
        through_place: `between` if that one has places of this copy that the sample lacks, so that it lies between the
            two; `open` if the sample may as well lie between. Neither says which of the three is the oldest.
        contrasts: Other copies that are like the sample, and other samples that are like this copy.
    """

    sample_covered: float
    shared_covered: float
    hint: Literal["sample holds more", "shared holds more", "none"]
    nearest: bool = True
    through: str | None = None
    through_place: Literal["between", "open"] | None = None
    contrasts: tuple[Contrast, ...] = ()


class Comparison(Document):
    """One sample (or layer of it) against one shared program.

    Attributes:
        reasons: Keys: first what decided the answer (`alike`, `structure`, `part`, `unlike`, `unclear`, `between`,
            `part_between`, `structure_open`, `small`, `repeats`, `given`, `empty`, `cut`, `binary`, `common_source`,
            `common_open`, `elsewhere`), then `identical` (byte for byte) and `as_tokens` (they could not both be
            read by one grammar).
        score: Likeness, 0 to 1.
        llr: Natural-log likelihood ratio derived : independent; for `structure`, of what renaming does not change.
        views: Likeness in each view.
        baseline: What independent programs score here.
    """

    sample: str
    shared: str
    verdict: Verdict
    reasons: tuple[str, ...]
    score: float
    llr: float
    views: dict[str, float]
    baseline: float
    hypotheses: Hypotheses
    regions: tuple[Region, ...] = ()
    parts: tuple[PartMatch, ...] = ()
    direction: Direction | None = None
    identical: bool = False

    def withheld(self, reason: str) -> Comparison:
        """The same comparison with the answer *cannot tell* for this reason, also of its parts."""
        parts = tuple(part.model_copy(update={"verdict": Verdict.CANNOT_TELL}) for part in self.parts)
        reasons = (reason, *self.reasons[1:])
        return self.model_copy(update={"verdict": Verdict.CANNOT_TELL, "reasons": reasons, "parts": parts})


class Text(Document):
    """The lines of a program, for showing them; `cut` if there were more."""

    lines: tuple[str, ...]
    cut: bool = False


class TraceResult(Document):
    """The answer to: are these samples derived from what was shared?

    Attributes:
        verdict: The strongest answer over all comparisons.
        samples, shared, background, base: What took part (background and base as counts).
        comparisons: Most alike first; regions and parts are worked out for the first `detailed` only.
        left_out: Comparisons that were made but are not listed, all less alike.
        skipped: What could not be read.
        derived_at, independent_at: Log likelihood ratios at which the answers are given.
        measured: What the calibration in use reached on sets that it was not fitted on, with whole programs.
        measured_parts: The same with the best pairs of parts; derived are synthetic copies of functions.
        measured_lineage: What answers about copies and direction reached on versions whose order is known.
        trained_on: Public sets that it was fitted on.
        texts: By name, for the compared programs that are shown.
    """

    schema_name: Literal["waspglass/trace/1"] = "waspglass/trace/1"
    verdict: Verdict
    samples: tuple[Input, ...]
    shared: tuple[Input, ...]
    background: int
    base: int
    comparisons: tuple[Comparison, ...]
    detailed: int
    left_out: int
    skipped: tuple[Skipped, ...] = ()
    derived_at: float
    independent_at: float
    least_tokens: int
    measured: Measured | None
    measured_parts: Measured | None = None
    measured_lineage: LineageMeasured | None = None
    trained_on: tuple[str, ...]
    texts: dict[str, Text]
