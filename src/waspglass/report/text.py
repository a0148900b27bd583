"""The report for a terminal: the verdict sentence first, then why, what to do, and what could not be seen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.table import Column, Table
from rich.text import Text
from rich.tree import Tree

from waspglass.model.assessment import Assessment, EvidenceNode, Verdict
from waspglass.model.finding import Finding
from waspglass.report.phrases import Phrases
from waspglass.report.summary import data_facts, findings_by_id, summarise, wasp_facts
from waspglass.report.text_lists import addresses_block, indicators_block, review_block
from waspglass.report.text_places import Places
from waspglass.report.text_seen import coverage_block, limits_block, skips_block
from waspglass.report.visible import place, prose, visible

__all__ = ["render_text"]

_VERDICT_STYLE = {
    Verdict.CLEAN: "bold green",
    Verdict.ATTEMPTED: "bold yellow",
    Verdict.COMPROMISED: "bold red",
    Verdict.OCCUPIED: "bold white on red",
    Verdict.CANNOT_TELL: "bold magenta",
}
_PRIORITY_STYLE = {1: "bold red", 2: "bold yellow", 3: "bold"}
_LEAVES = 4
_CHILDREN = 15
_MARK = {True: ("✔", "green"), False: ("✘", "dim"), None: ("?", "magenta")}
_SHORT_PLACE = 50
_PADDING = re.compile(r" +(?=(?:\x1b\[[\d;]*m)*$)", re.MULTILINE)
"""Blanks up to the end of a line, which rich gives the colour of a cell. A place in that line would push them below."""


def render_text(assessment: Assessment, *, colour: bool, width: int) -> str:
    """The whole report, in the language of the assessment, as lines of at most `width` columns, ending in a line break.

    The place of a finding or skip, and the line of an indicator, are never broken, even if they become longer than
    that: they are there to be copied, and to be found with `grep`.

    Args:
        assessment: The result to show.
        colour: With ANSI colours; without, the text holds no escape sequence at all.
        width: Columns of the terminal; less than 40 is taken as 40.
    """
    phrases = Phrases(assessment.language)
    out = StringIO()
    places = Places()
    summary = summarise(assessment)
    console = Console(
        file=out,
        width=max(width, 40),
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
        _environ={},
    )
    for block in (
        _opening(assessment, phrases),
        _section(phrases.text("section.why"), _why(assessment, phrases, places)),
        _section(phrases.text("section.do"), _advice(assessment, phrases)),
        _section(phrases.text("section.clocks"), _clocks(assessment, phrases)),
        _section(phrases.text("section.limits"), limits_block(assessment, phrases)),
        _section(phrases.text("section.coverage"), coverage_block(summary, phrases)),
        _section(phrases.text("section.skipped"), skips_block(summary.skips, phrases, places)),
        _section(phrases.text("html.addresses"), addresses_block(assessment, phrases)),
        _section(phrases.text("section.indicators"), indicators_block(assessment, phrases, places)),
        _section(phrases.text("section.review"), review_block(assessment, phrases, places)),
        Text("\n" + _footer(assessment, phrases), style="dim"),
    ):
        if block is not None:
            console.print(block)
    return places.put_back(_PADDING.sub("", out.getvalue()))


def _section(title: str, body: RenderableType | None) -> RenderableType | None:
    return None if body is None else Group(Text(f"\n{title.upper()}", style="bold"), body)


def _opening(assessment: Assessment, phrases: Phrases) -> RenderableType:
    lines = Table.grid(Column(style="bold", no_wrap=True), Column(overflow="fold"), padding=(0, 2))
    lines.add_row(phrases.text("section.verdict"), visible(phrases.headline(assessment)))
    lid = f"{phrases.lid(assessment)}. {prose(assessment.lid.reason)}".strip()
    lines.add_row(phrases.text("axis.lid"), lid)
    lines.add_row(phrases.text("axis.wasp"), " · ".join(wasp_facts(assessment, phrases)))
    if data := data_facts(assessment, phrases):
        lines.add_row(phrases.text("axis.data"), prose(" ".join(data)))
    lines.add_row(phrases.text("section.host"), _host_line(assessment, phrases))
    lines.add_row(phrases.text("html.pack_row"), prose(assessment.pack.title))
    sentence = Text(prose(assessment.sentence), style=_VERDICT_STYLE[assessment.verdict])
    return Group(sentence, Text(""), lines)


def _host_line(assessment: Assessment, phrases: Phrases) -> str:
    """Whose evidence it is and when it was collected."""
    host = assessment.host
    parts = [phrases.host(assessment)]
    if host.collected_at:
        parts.append(phrases.text("text.collected", time=phrases.minute(host.collected_at)))
    return " · ".join((*parts, phrases.text("text.evidence", path=visible(host.evidence))))


def _why(assessment: Assessment, phrases: Phrases, places: Places) -> RenderableType:
    root = Tree(_claim(assessment.why), guide_style="dim")
    _Grower(findings_by_id(assessment), phrases, places).grow(root, assessment.why)
    notes = f"{phrases.text('text.marks')}\n{phrases.text('html.all_times')}"
    return Group(root, Text(notes, style="dim"))


@dataclass(slots=True)
class _Grower:
    """Grows the evidence tree; a raw record is shown where its finding is cited first, and only there."""

    findings: dict[str, Finding]
    phrases: Phrases
    places: Places
    shown: set[str] = field(default_factory=set)

    def grow(self, branch: Tree, node: EvidenceNode) -> None:
        """Adds the claims and findings below a node, a bounded number of each."""
        for child in node.children[:_CHILDREN]:
            self.grow(branch.add(_claim(child)), child)
        known = [self.findings[name] for name in node.findings if name in self.findings]
        for number, finding in enumerate(known[:_LEAVES]):
            title = prose(finding.title)
            said = title == prose(node.claim)
            with_excerpt = number == 0 and finding.id not in self.shown
            branch.add(self._leaf(finding, "" if said else title, with_excerpt=with_excerpt))
            self.shown.add(finding.id)
        more = max(0, len(known) - _LEAVES) + max(0, len(node.children) - _CHILDREN)
        if more:
            branch.add(Text(self.phrases.text("text.more_leaves", n=self.phrases.number(more)), style="dim"))

    def _leaf(self, finding: Finding, title: str, *, with_excerpt: bool) -> RenderableType:
        """Time and title, the place on a line of its own (or beside the time if short and the claim is the title)."""
        when = Text.assemble((self.phrases.moment(finding.time), "dim"), overflow="fold")
        full = place(finding)
        where = Text(self.places.stand_in(full), style="cyan")
        if title or len(full) > _SHORT_PLACE:
            lines = [when.append(f"  {title}" if title else ""), where]
        else:
            lines = [when.append("  ").append_text(where)]
        if with_excerpt and finding.excerpt:
            lines.append(Text(visible(finding.excerpt[:1000]), style="dim", no_wrap=True, overflow="ellipsis"))
        return Group(*lines)


def _claim(node: EvidenceNode) -> Text:
    mark, style = _MARK[node.holds]
    return Text.assemble((f"{mark} ", style), prose(node.claim))


def _advice(assessment: Assessment, phrases: Phrases) -> RenderableType:
    if not assessment.advice:
        return Text(phrases.text("text.no_advice"))
    steps = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2))
    for number, advice in enumerate(sorted(assessment.advice, key=lambda advice: advice.priority), start=1):
        word = Text(phrases.text(f"priority.{advice.priority}"), style=_PRIORITY_STYLE[advice.priority])
        steps.add_row(word, Text(f"{number}. {prose(advice.title)}", style="bold"))
        steps.add_row("", prose(advice.text))
    return steps


def _clocks(assessment: Assessment, phrases: Phrases) -> RenderableType | None:
    if not assessment.clocks:
        return None
    term = Column(no_wrap=True, justify="right", style="bold")
    clocks = Table.grid(term, Column(overflow="fold"), padding=(0, 2))
    for clock in sorted(assessment.clocks, key=lambda clock: (clock.months, clock.hours)):
        due = phrases.text("clock.due", due=phrases.minute(clock.due(assessment.created)))
        clocks.add_row(phrases.deadline(clock.hours, clock.months), Text(prose(clock.title), style="bold"))
        clocks.add_row("", f"{due} ({prose(clock.law)})")
        clocks.add_row("", Text(prose(clock.text), style="dim"))
    aware = Text(phrases.text("clock.aware", aware=phrases.minute(assessment.created)))
    return Group(aware, clocks, Text(phrases.text("clock.example"), style="dim"))


def _footer(assessment: Assessment, phrases: Phrases) -> str:
    pack = assessment.pack
    footer = phrases.text(
        "text.footer",
        headline=visible(phrases.headline(assessment)),
        generator=visible(assessment.generator),
        pack=visible(pack.id),
        version=visible(pack.version),
        created=phrases.minute(assessment.created),
    )
    return f"{footer} · {phrases.count('rule', pack.added_rules)}" if pack.added_rules else footer
