"""Lists that the steps of the text report refer to: addresses and other indicators, and what a person should review."""

from __future__ import annotations

from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Column, Table
from rich.text import Text

from waspglass.model.assessment import Assessment
from waspglass.report.finding_rows import rule_rows
from waspglass.report.indicators import address_rows, indicator_lines
from waspglass.report.phrases import Phrases
from waspglass.report.text_places import Places
from waspglass.report.visible import excerpt, place, prose

__all__ = ["addresses_block", "indicators_block", "review_block"]

_RULES = 20
_PLACES = 3
_ADDRESS = 60


def addresses_block(assessment: Assessment, phrases: Phrases) -> RenderableType | None:
    """What came from each address, the highest rung first; None if no finding names one."""
    rows, more = address_rows(assessment)
    if not rows:
        return None
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for key in ("address", "rung", "records", "first", "last"):
        side: JustifyMethod = "right" if key == "records" else "left"
        table.add_column(phrases.text(f"html.{key}"), justify=side, overflow="fold", no_wrap=key == "address")
    for row in rows:
        times = phrases.minute(row.first), phrases.minute(row.last)
        address = Text(excerpt(row.value, _ADDRESS), no_wrap=False)  # whole while there is room: it is searched for
        table.add_row(address, phrases.word("rung", row.rung), phrases.number(row.records), *times)
    notes = [phrases.count("more", more)] if more else []
    notes.append(phrases.text("html.addresses_note"))
    return Group(table, *(Text(note, style="dim") for note in notes))


def indicators_block(assessment: Assessment, phrases: Phrases, places: Places) -> RenderableType | None:
    """What to hand on, as lines of CSV that are never broken; None if there is nothing."""
    lines, more = indicator_lines(assessment)
    if not lines:
        return None
    notes = [phrases.count("more", more)] if more else []
    notes.append(phrases.text("html.indicators_note"))
    return Group(*(Text(places.stand_in(line)) for line in lines), *(Text(note, style="dim") for note in notes))


def review_block(assessment: Assessment, phrases: Phrases, places: Places) -> RenderableType | None:
    """The hints by rule, each with the places where it was seen first; None if there are none."""
    if not assessment.review:
        return None
    rows, more = rule_rows(assessment.review, most=_RULES)
    table = Table.grid(Column(justify="right", no_wrap=True), Column(overflow="fold"), padding=(0, 2))
    for row in rows:
        when, last = phrases.minute(row.first), phrases.minute(row.last)
        if last != when:
            when = phrases.text("text.to", start=when, end=last)
        table.add_row(phrases.number(row.count), Text.assemble(prose(row.title), (f"  {when}", "dim")))
        for finding in row.findings[:_PLACES]:
            table.add_row("", Text(places.stand_in(place(finding)), style="cyan"))
        if row.count > _PLACES:
            table.add_row("", Text(phrases.count("more", row.count - _PLACES), style="dim"))
    if more:
        table.add_row("", Text(phrases.count("more", more), style="dim"))
    note = phrases.text("text.review_note", n=phrases.count("finding", len(assessment.review)))
    return Group(Text(note, style="dim"), table)
