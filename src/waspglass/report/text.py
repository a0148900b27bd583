"""The report for a terminal: the verdict sentence first, then why, what to do, and what could not be seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from waspglass.model.assessment import Assessment, EvidenceNode, Verdict
from waspglass.model.coverage import Coverage, Span
from waspglass.model.finding import Finding
from waspglass.report.phrases import Phrases
from waspglass.report.summary import Summary, findings_by_id, summarise, wasp_facts
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
_SPANS = 3
_SKIPPED = 2
_MARK = {True: ("✔", "green"), False: ("✘", "dim"), None: ("?", "magenta")}
_SHORT_PLACE = 50
_STAND_IN = 0xF0000
_MOST_STAND_INS = 0xFFFD
"""The private characters of plane 15. None comes from evidence: `visible` shows those as escapes."""


def render_text(assessment: Assessment, *, colour: bool, width: int, language: str | None = None) -> str:
    """The whole report as lines of at most `width` columns, ending in a line break.

    The place of a finding or skip is never broken, even if its line becomes longer than that: it is there to be
    copied, and to be found with `grep`.

    Args:
        assessment: The result to show.
        colour: With ANSI colours; without, the text holds no escape sequence at all.
        width: Columns of the terminal; less than 40 is taken as 40.
        language: Of the report's own words; None takes the assessment's.
    """
    phrases = Phrases(language or assessment.language)
    summary = summarise(assessment)
    out = StringIO()
    places = _Places()
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
        _opening(assessment, summary, phrases),
        _section(phrases.text("section.why"), _why(assessment, phrases, places)),
        _section(phrases.text("section.do"), _advice(assessment, phrases)),
        _section(phrases.text("section.clocks"), _clocks(assessment, phrases)) if assessment.clocks else None,
        _section(phrases.text("section.limits"), _limits(assessment, phrases)),
        _section(phrases.text("section.coverage"), _coverage(assessment, phrases)) if assessment.coverage else None,
        _section(phrases.text("section.skipped"), _skips(summary, phrases, places)) if summary.skips else None,
        Text("\n" + _footer(assessment, phrases), style="dim"),
    ):
        if block is not None:
            console.print(block)
    return places.put_back("".join(f"{line.rstrip()}\n" for line in out.getvalue().split("\n")[:-1]))


def _section(title: str, body: RenderableType) -> RenderableType:
    return Group(Text(f"\n{title.upper()}", style="bold"), body)


def _opening(assessment: Assessment, summary: Summary, phrases: Phrases) -> RenderableType:
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="bold", no_wrap=True)
    lines.add_column()
    lines.add_row(phrases.text("section.verdict"), visible(phrases.headline(assessment)))
    lid = f"{phrases.lid(assessment)}. {prose(assessment.lid.reason)}".strip()
    lines.add_row(phrases.text("section.lid"), lid)
    lines.add_row(phrases.text("section.wasp"), " · ".join(wasp_facts(summary, phrases)))
    lines.add_row(phrases.text("section.host"), _host_line(assessment, phrases))
    sentence = Text(prose(assessment.sentence), style=_VERDICT_STYLE[assessment.verdict])
    return Group(sentence, Text(""), lines)


def _host_line(assessment: Assessment, phrases: Phrases) -> str:
    """Whose evidence it is and when it was collected."""
    host = assessment.host
    parts = [visible(host.name) if host.name else phrases.text("text.unnamed")]
    if host.collected_at:
        parts.append(phrases.text("text.collected", time=phrases.minute(host.collected_at)))
    return " · ".join((*parts, phrases.text("text.evidence", path=visible(host.evidence))))


@dataclass(slots=True)
class _Places:
    """Places of findings stand as one character each while lines are broken."""

    texts: list[str] = field(default_factory=list)

    def stand_in(self, text: str) -> str:
        """The character for a place; the place itself where there are no more of them."""
        if len(self.texts) == _MOST_STAND_INS:
            return text
        self.texts.append(text)
        return chr(_STAND_IN + len(self.texts) - 1)

    def put_back(self, rendered: str) -> str:
        """The rendered lines with every place in them."""
        return rendered.translate({_STAND_IN + number: text for number, text in enumerate(self.texts)})


def _why(assessment: Assessment, phrases: Phrases, places: _Places) -> RenderableType:
    root = Tree(_claim(assessment.why), guide_style="dim")
    _Grower(findings_by_id(assessment), phrases, places).grow(root, assessment.why)
    blocks: list[RenderableType] = [root, Text(phrases.text("html.all_times"), style="dim")]
    if assessment.review:
        note = phrases.text("text.review_note", n=phrases.count("finding", len(assessment.review)))
        blocks.append(Text(note, style="dim"))
    return Group(*blocks)


@dataclass(slots=True)
class _Grower:
    """Grows the evidence tree; a raw record is shown where its finding is cited first, and only there."""

    findings: dict[str, Finding]
    phrases: Phrases
    places: _Places
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
    steps = Table.grid(padding=(0, 2))
    steps.add_column(no_wrap=True)
    steps.add_column()
    for number, advice in enumerate(sorted(assessment.advice, key=lambda advice: advice.priority), start=1):
        word = Text(phrases.text(f"priority.{advice.priority}"), style=_PRIORITY_STYLE[advice.priority])
        steps.add_row(word, Text(f"{number}. {prose(advice.title)}", style="bold"))
        steps.add_row("", prose(advice.text))
    return steps


def _clocks(assessment: Assessment, phrases: Phrases) -> RenderableType:
    clocks = Table.grid(padding=(0, 2))
    clocks.add_column(no_wrap=True, justify="right", style="bold")
    clocks.add_column()
    for clock in sorted(assessment.clocks, key=lambda clock: (clock.months, clock.hours)):
        due = phrases.text("clock.due", due=phrases.minute(clock.due(assessment.created)))
        clocks.add_row(phrases.deadline(clock.hours, clock.months), Text(prose(clock.title), style="bold"))
        clocks.add_row("", f"{due} ({prose(clock.law)})")
        clocks.add_row("", Text(prose(clock.text), style="dim"))
    aware = Text(phrases.text("clock.aware", aware=phrases.minute(assessment.created)))
    return Group(aware, clocks, Text(phrases.text("clock.example"), style="dim"))


def _limits(assessment: Assessment, phrases: Phrases) -> RenderableType:
    if not assessment.limits:
        return Text(phrases.text("text.no_limits"))
    lines = Table.grid(padding=(0, 1))
    lines.add_column(no_wrap=True)
    lines.add_column()
    for limit in assessment.limits:
        mark = f" ({phrases.text('text.decisive')})" if limit.decisive else ""
        lines.add_row("•", f"{prose(limit.text)}{mark}")
        for line in _span_lines(limit.spans, phrases):
            lines.add_row("", Text(line, style="dim"))
        if limit.remedy:
            lines.add_row("", phrases.text("text.remedy", text=prose(limit.remedy)))
    return lines


def _span_lines(spans: tuple[Span, ...], phrases: Phrases) -> list[str]:
    lines = [_span(span, phrases) for span in spans[:_SPANS]]
    return [*lines, phrases.count("more", len(spans) - _SPANS)] if len(spans) > _SPANS else lines


def _span(span: Span, phrases: Phrases) -> str:
    text = phrases.text("text.to", start=phrases.minute(span.from_), end=phrases.minute(span.to))
    return f"{text} ({phrases.duration(span.hours)})"


def _coverage(assessment: Assessment, phrases: Phrases) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for key in ("kind", "span", "gaps", "volume"):
        table.add_column(phrases.text(f"coverage.{key}"), justify="right" if key == "volume" else "left")
    listed = [coverage for coverage in assessment.coverage if coverage.files or coverage.entry]
    for coverage in listed:
        name = visible(coverage.title or coverage.kind)
        kind = Text(f"{name} *" if coverage.entry else name, style="" if coverage.files else "dim")
        table.add_row(kind, _covered(coverage, phrases), _gaps(coverage, phrases), _volume(coverage, phrases))
    notes = [f"* {phrases.text('coverage.entry')}"]
    missing = [visible(coverage.title or coverage.kind) for coverage in assessment.coverage if coverage not in listed]
    if missing:
        notes.append(phrases.text("coverage.missing", kinds=", ".join(missing)))
    return Group(table, *(Text(note, style="dim") for note in notes))


def _covered(coverage: Coverage, phrases: Phrases) -> str:
    if coverage.from_ and coverage.to:
        return phrases.text("text.to", start=phrases.minute(coverage.from_)[:10], end=phrases.minute(coverage.to)[:10])
    return phrases.text("coverage.undated" if coverage.files else "coverage.none")


def _gaps(coverage: Coverage, phrases: Phrases) -> str:
    if not coverage.files:
        return "-"
    if not coverage.gaps:
        return phrases.text("coverage.no_gaps")
    hours = sum(span.hours for span in coverage.gaps)
    return f"{phrases.count('gap', len(coverage.gaps))}, {phrases.duration(hours)}"


def _volume(coverage: Coverage, phrases: Phrases) -> str:
    return f"{phrases.count('file', coverage.files)}, {phrases.size(coverage.bytes)}" if coverage.files else "-"


def _skips(summary: Summary, phrases: Phrases, places: _Places) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for skip in summary.skips:
        table.add_row(phrases.number(skip.count), phrases.word("skip", skip.reason))
        for source in skip.examples[:_SKIPPED]:
            table.add_row("", Text(places.stand_in(visible(source)), style="dim"))
        if skip.sources > _SKIPPED:
            table.add_row("", Text(phrases.count("more", skip.sources - _SKIPPED), style="dim"))
    return table


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
