"""The parts of a program that can be reused alone: functions, or groups of statements where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from waspglass.trace.calibration import OWN_RANGE, Calibration, PartLikeness
from waspglass.trace.hashing import hash_text
from waspglass.trace.lines import newlines
from waspglass.trace.pairing import Background, Likeness
from waspglass.trace.program import Program, Source, analysed, syntax_of
from waspglass.trace.syntax import Reading, Syntax
from waspglass.trace.views import VIEWS, WEIGHTS, tokens_of, views_of

__all__ = [
    "ALL_WITH_PARTS",
    "BELOW_DERIVED",
    "LEAST_TOKENS",
    "LISTED_WITH_PARTS",
    "NAMELESS",
    "Part",
    "part_answers",
    "part_evidence",
    "part_likeness",
    "part_llr",
    "parts_of",
    "program_with_parts",
]

Floats = npt.NDArray[np.float64]

LEAST_TOKENS = 60
GROUP_TOKENS = 150
PART_LIMIT = 300
LISTED_WITH_PARTS, ALL_WITH_PARTS = 2000, 500
"""Most programs of a list of pairs, and of a folder of which all pairs are compared, that are read with their parts."""
_FUNCTION_KINDS = (
    "function_definition function_declaration method_declaration method_definition constructor_declaration "
    "function_statement class_method_definition local_function_statement function_expression arrow_function method "
    "singleton_method func_literal lambda_expression generator_function_declaration accessor_declaration function_item"
)
_FUNCTIONS = np.array([hash_text(kind) for kind in _FUNCTION_KINDS.split()], dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a program, read like a program of its own.

    Attributes:
        program: Its views; the name is that of the whole program.
        start, end: Byte offsets in the whole program.
    """

    program: Program
    start: int
    end: int


def _slice(syntax: Syntax, first: int, last: int) -> Syntax:
    place = slice(first, last)
    depth = syntax.depth[place] - syntax.depth[first]
    return Syntax(
        syntax.kind[place], syntax.role[place], syntax.text[place], depth,
        syntax.start[place], syntax.end[place], syntax.reading, syntax.truncated,
    )  # fmt: skip


def _laid_out(syntax: Syntax, raw: bytes) -> list[tuple[int, int]]:
    """Stretches of plain tokens that blank lines and the least indentation set apart, as people lay out functions."""
    ends = newlines(raw)
    line = np.searchsorted(ends, syntax.start[1:])
    column = syntax.start[1:] - np.r_[-1, ends][line] - 1
    apart = np.flatnonzero(np.diff(line, prepend=-2) >= 2)
    least = np.sort(column[apart])[1:2]
    begins = apart[column[apart] <= least[0]] + 1 if len(least) else apart[:0]
    return list(pairwise([*begins.tolist(), len(syntax.kind)]))


def _stretches(syntax: Syntax, raw: bytes) -> list[tuple[int, int]]:
    """First and past-last node of each part."""
    if syntax.reading is Reading.TOKENS:
        laid_out = _laid_out(syntax, raw)
        if len(laid_out) > 1:
            return laid_out
    count = len(syntax.kind)
    functions = np.flatnonzero(np.isin(syntax.kind, _FUNCTIONS))
    found = []
    for first in functions.tolist():
        after = np.flatnonzero(syntax.start[first + 1 :] >= syntax.end[first])
        found.append((first, first + 1 + int(after[0]) if len(after) else count))
    if found:
        return found
    top = [*np.flatnonzero(syntax.depth == 1).tolist(), count]
    begin = top[0] if top else 0
    for _, stop in pairwise(top):
        if len(tokens_of(_slice(syntax, begin, stop)).text) >= GROUP_TOKENS or stop == count:
            found.append((begin, stop))
            begin = stop
    return found


def parts_of(program: Program, syntax: Syntax, raw: bytes) -> tuple[Part, ...]:
    """The parts of at least `LEAST_TOKENS` tokens, at most `PART_LIMIT`, without the whole program itself."""
    parts: list[Part] = []
    if len(syntax.kind) > 200_000:
        return ()
    for first, last in _stretches(syntax, raw)[: 4 * PART_LIMIT]:
        piece = _slice(syntax, first, last)
        tokens = len(tokens_of(piece).text)
        if tokens < LEAST_TOKENS or tokens >= program.tokens * 0.95:
            continue
        own = Program(program.name, program.sha256, program.language, program.reading, tokens, views_of(piece, raw), ())
        parts.append(Part(own, int(piece.start[0]), int(piece.end.max())))
        if len(parts) >= PART_LIMIT:
            break
    return tuple(parts)


def program_with_parts(source: Source) -> Program:
    """A source read into its views, and so its parts."""
    text, syntax = syntax_of(source)
    program = analysed(source, text, syntax)
    return replace(program, parts=tuple(part.program for part in parts_of(program, syntax, text.compared)))


NAMELESS = ("shape", "flow", "uses", "tree", "operators", "literals")
"""The views that stay the same when all names are changed."""
OWN_SHARE, RENAMED_SHARE = 0.5, 0.6
"""Of the likeness of two parts, how much must be left of it over what nobody else is known to have; in all views, and
where only those count that names do not matter to."""
BELOW_DERIVED = 1.0
"""Nats below *derived* that the ratio of parts stays which are too short for it, or too much of which is known."""


def part_llr(written: PartLikeness, structure: PartLikeness, calibration: Calibration) -> Floats:
    """Natural-log likelihood ratios of pairs of parts, whether or not they are enough for an answer."""
    return _mixed(*calibration.part_llrs(written, structure))


def _mixed(written: Floats, renamed: Floats) -> Floats:
    """The ratio of copies of either kind, each as likely as the other."""
    return np.asarray(np.logaddexp(written, renamed) - np.log(2.0), dtype=np.float64)


def part_answers(
    written: PartLikeness, structure: PartLikeness, calibration: Calibration, tried: int = 1
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Natural-log likelihood ratios of pairs of parts, and which of them are called derived.

    Args:
        written: Of each pair, in all views.
        structure: The same in the views that names do not matter to.
        calibration: From scores to answers.
        tried: Pairs of parts that the two programs have.
    """
    regime, derived_at = calibration.part, calibration.derived_at
    bounds = (regime.least_own, OWN_SHARE), (regime.least_renamed, RENAMED_SHARE)
    bounded = []
    for llr, alike, (least, share) in zip(
        calibration.part_llrs(written, structure, tried), (written, structure), bounds, strict=True
    ):
        enough = (alike.own >= least) & (alike.exclusive >= share * alike.score)
        bounded.append(np.where(enough, llr, np.minimum(llr, derived_at - BELOW_DERIVED)))
    mixed = _mixed(*bounded)
    return mixed, mixed >= derived_at


def part_evidence(
    one: Program, other: Program, against: Background, calibration: Calibration, tried: int
) -> tuple[float, float, bool]:
    """Score, natural-log likelihood ratio and whether it is enough to call one of two parts derived from the other.

    Without a grammar functions are guessed from the layout, and the numbers were not measured: there the ratio is
    lowered for every pair that was tried. Of a public routine everybody may have all. Of what everybody has nothing
    speaks for copying, so that a ratio above 1 falls to 1 with the tokens that are a part's own.

    Args:
        one: A part of the sample.
        other: A part of the shared program.
        against: What they are measured against.
        calibration: From scores to answers.
        tried: Pairs of parts that the two programs have.
    """
    likeness = against.likeness(one, other)
    public = against.is_routine(one) or against.is_routine(other)
    tokens = 0.0 if public else min(one.telling, other.telling) * min(against.own_share(one), against.own_share(other))
    as_tokens = Reading.TOKENS in (one.reading, other.reading)
    counted = tried * calibration.part.tried if as_tokens else tried
    written, structure = (part_likeness(likeness, views, tokens) for views in (VIEWS, NAMELESS))
    llr, derived = part_answers(written, structure, calibration, counted)
    ratio = float(llr[0])
    if ratio > 0:  # of less own nothing was measured, and what others all have says nothing
        ratio *= min(1.0, float(max(written.own[0], structure.own[0])) / OWN_RANGE[0])
    return likeness.score, ratio, bool(derived[0])


def part_likeness(likeness: Likeness, views: Sequence[str], tokens: float) -> PartLikeness:
    """How alike two parts are in some views; of the smaller, so many tokens count."""
    informed, weight = sum(likeness.counts[view] for view in views), sum(WEIGHTS[view] for view in views)
    score = sum(likeness.counts[view] * likeness.views[view] for view in views) / max(informed, 1e-6)
    exclusive = sum(WEIGHTS[view] * likeness.exclusive_views[view] for view in views) / weight
    return PartLikeness(np.array([score]), np.array([exclusive * tokens]), np.array([exclusive]))
