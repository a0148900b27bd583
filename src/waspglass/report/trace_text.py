"""The results of `trace` for a terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence

from waspglass.model.language import load_catalogue
from waspglass.model.skip import Skipped
from waspglass.report.numbers import counted
from waspglass.report.trace_regions import excerpt
from waspglass.report.trace_samples import each_sample
from waspglass.report.trace_sentences import Sentences
from waspglass.report.visible import visible
from waspglass.trace.matrix import PairTable
from waspglass.trace.program import Program
from waspglass.trace.result import Comparison, Text, TraceResult

__all__ = ["index_text", "matrix_text", "trace_text"]

WIDTH = 110
LEAST_WIDTH = 40
SHOWN = 3
SAMPLES_SHOWN = 100
OTHERS_SHOWN = 20
REGIONS_SHOWN = 12
SIDE_BY_SIDE = 3
"""Regions of a comparison of which lines are shown."""
SIDE_BY_SIDE_INDENT = " " * 6


def matrix_text(programs: Sequence[Program], best: PairTable, pairs: int, skipped: Sequence[Skipped]) -> str:
    """The best pairs, one a line: score, decimal log likelihood ratio, answer, names."""
    answers = load_catalogue("waspglass.report", "trace", "en")
    lines = [
        f"{counted(len(programs), 'program')}, {counted(pairs, 'pair')}",
        "score  log10 LR  answer        programs",
    ]
    for row, word in enumerate(best.words()):
        first, second = (visible(programs[side[row]].name) for side in (best.first, best.second))
        llr = best.llr[row] / math.log(10)
        answer = answers.text(f"verdict.{word.value}")
        lines.append(f"{best.score[row]:5.3f}  {llr:8.1f}  {answer:12}  {first}  {second}")
    lines += [f"not compared: {visible(skip.source)}: {skip.reason.value} ({skip.count})" for skip in skipped]
    return "\n".join(lines)


def index_text(files: int, place: str, skipped: Sequence[Skipped]) -> str:
    """How many files are in an index, and for each reason how many are not, with the first of them."""
    lines = [f"{counted(files, 'file')} indexed in {visible(place)}"]
    for reason in sorted({skip.reason for skip in skipped}):
        same = [skip for skip in skipped if skip.reason is reason]
        lines.append(f"not indexed: {sum(skip.count for skip in same)} {reason.value}, first {visible(same[0].source)}")
    return "\n".join(lines)


def trace_text(result: TraceResult, language: str, width: int = WIDTH) -> str:
    """The answer first, then why, then what else could explain it, then the numbers behind it.

    Sentences are broken into lines of `width` characters, and lines of programs cut; lists of files, skips and hashes
    are whole.
    """
    say = Sentences(result, language)
    lines = _wrapped([f"{say.verdict(result.verdict).upper()}: {say.answer()}", *say.strength()], "", width)
    if samples := each_sample(result):
        lines += ["", f"{say.text('label.each_sample')}:", f"  {say.tally(samples)}"]
        lines += [f"  {row}" for row in _rows([one for _, one in samples], SAMPLES_SHOWN, say)]
        lines += _wrapped(say.of_samples(samples), "  ", width)
    for one in result.comparisons[:SHOWN]:
        lines += ["", f"{say.verdict(one.verdict)}: {visible(one.sample)}  <->  {visible(one.shared)}"]
        lines += _wrapped((*say.reasons(one), *say.hypotheses(one)), "  ", width)
        if one.parts:
            lines += [f"  {say.text('label.parts')}:", *_wrapped(map(say.part, one.parts), "    ", width)]
        if one.regions:
            lines += [f"  {say.text('label.regions')}:", *_regions(result, one, say, width)]
        if direction := say.direction(one):
            lines += [f"  {say.text('label.direction')}:", *_wrapped(direction, "    ", width)]
    lines += _section(say.text("label.others"), _rows(result.comparisons[SHOWN:], OTHERS_SHOWN, say))
    lines += ["", f"{say.text('label.rivals')}:"]
    lines += _wrapped((f"- {rival}" for rival in say.rivals()), "  ", width)
    lines += ["", f"{say.text('label.calibration')}:", *_wrapped(say.calibration(), "  ", width)]
    lines += ["", f"{say.text('label.inputs')}:"]
    for title, inputs in say.inputs(SHOWN):
        lines += _section(title, inputs)
    lines.append(f"  {say.besides()}")
    if remarks := say.remarks():
        lines += [f"  {say.text('label.remarks')}:", *_wrapped(remarks, "    ", width)]
    lines += _section(say.text("label.skipped"), say.skipped())
    return "\n".join(lines)


def _rows(comparisons: Sequence[Comparison], most: int, say: Sentences) -> list[str]:
    """A comparison a line: answer, decimal log likelihood ratio, names; then how many more there are."""
    rows = [
        f"{say.verdict(one.verdict):14} {say.decimal(one.llr):>6}  {visible(one.sample)}  <->  {visible(one.shared)}"
        for one in comparisons[:most]
    ]
    more = len(comparisons) - most
    return [*rows, say.text("label.more", count=say.number(more))] if more > 0 else rows


def _wrapped(texts: Iterable[str], indent: str, width: int) -> list[str]:
    """Each text from `indent` on, with what does not fit into its line below it; a word is never torn."""
    below = f"{indent}  " if indent else ""
    return [
        line
        for text in texts
        for line in textwrap.wrap(
            text, width, initial_indent=indent, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
        )
    ]


def _section(title: str, rows: Sequence[str]) -> list[str]:
    return [f"  {title}:", *(f"    {row}" for row in rows)] if rows else []


def _regions(result: TraceResult, one: Comparison, say: Sentences, width: int) -> list[str]:
    """The regions that weigh most, in the order of the sample; the first lines of the weightiest side by side."""
    weighty = sorted(one.regions, key=lambda region: -region.rarity * region.tokens)[:REGIONS_SHOWN]
    sample, shared = result.texts.get(one.sample, Text(lines=())), result.texts.get(one.shared, Text(lines=()))
    column = (max(width, LEAST_WIDTH) - len(f"{SIDE_BY_SIDE_INDENT} | ")) // 2
    rows: list[str] = []
    for region in sorted(weighty, key=lambda region: region.sample.first):
        rows += _wrapped([say.region(region)], "    ", width)
        if region in weighty[:SIDE_BY_SIDE]:
            rows += [f"{SIDE_BY_SIDE_INDENT}{row}" for row in excerpt(region, sample, shared, column)]
    return rows
