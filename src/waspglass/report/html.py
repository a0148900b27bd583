"""`report.html`: one file without any outside resource, for a manager and for an analyst, on screen and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from jinja2 import Environment
from markupsafe import Markup, escape

from waspglass.model.assessment import Assessment, EvidenceNode
from waspglass.model.finding import Finding, Rung
from waspglass.model.skip import detail_words, skip_words
from waspglass.report.finding_rows import rule_rows, rung_tables
from waspglass.report.indicators import address_rows, indicator_lines
from waspglass.report.page import asset, page_environment, policy_digest
from waspglass.report.phrases import Phrases
from waspglass.report.picture import draw, draw_detail
from waspglass.report.summary import data_facts, entry_open, findings_by_id, presence, presences, summarise, wasp_facts
from waspglass.report.visible import excerpt, place, prose

__all__ = ["render_html"]

_WEB_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~:/?#@!$&()*+,;=%-]*)?")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?(?: UTC)?)?\b")
_LEAVES = 6
_UNFOLDED = 10
"""With more findings than this, the tree shows its claims only, until one is opened; on paper it shows all."""
_CHILDREN = 60


def render_html(assessment: Assessment) -> str:
    """The report as one HTML document, in the language of the assessment.

    It has a content security policy that allows its own style and script by their digests and nothing else, so that
    even a string that slipped through the escaping could neither run nor load anything.
    """
    phrases = Phrases(assessment.language)
    cited = frozenset(_cited(assessment.why))
    tables = rung_tables(assessment, cited)
    anchors = {found.id: f"f{n}" for n, found in enumerate((f for table in tables for f in table.findings), start=1)}
    rules, more_rules = rule_rows(assessment.findings)
    addresses, more_addresses = address_rows(assessment)
    indicators, more_indicators = indicator_lines(assessment)
    summary = summarise(assessment)
    style, script = asset("assessment.css"), asset("assessment.js")
    return _environment().get_template("assessment.html.j2").render(
        a=assessment,
        p=phrases,
        summary=summary,
        entry_open=entry_open(assessment),
        picture=draw(assessment, phrases),
        detail=draw_detail(assessment, phrases),
        found=findings_by_id(assessment),
        presence=presence,
        presences=presences(assessment),
        tables=tables,
        anchors=anchors,
        rules=rules,
        more_rules=more_rules,
        addresses=addresses,
        more_addresses=more_addresses,
        indicators=indicators,
        more_indicators=more_indicators,
        leaves=_LEAVES,
        unfolded=len(cited) <= _UNFOLDED,
        children=_CHILDREN,
        wasp=wasp_facts(assessment, phrases),
        data=data_facts(assessment, phrases),
        skip_words=skip_words,
        detail_words=detail_words,
        rungs=tuple(Rung),
        rung_word=lambda word: phrases.word("rung", word) if word in set(Rung) else word,
        style=Markup(style),  # noqa: S704 (our own file)
        script=Markup(script),  # noqa: S704 (our own file)
        style_digest=policy_digest(style),
        script_digest=policy_digest(script),
    )  # fmt: skip


@cache
def _environment() -> Environment:
    environment = page_environment()
    environment.filters |= {"prose": prose, "words": _words, "place": _place, "excerpt": _cut}
    environment.tests |= {"web_address": lambda text: bool(_WEB_ADDRESS.fullmatch(text))}
    return environment


def _words(text: str) -> Markup:
    """`prose`, escaped, with dates that a line break may not tear apart."""
    whole = _DATE.sub(r'<span class="time">\g<0></span>', str(escape(prose(text))))
    return Markup(whole)  # noqa: S704 (escaped one line above; the pattern adds digits in a span)


def _cut(text: str, limit: int) -> str:
    """`excerpt`, shorter where a third are characters that HTML writes as five: they cannot swell the page."""
    return excerpt(text, limit // 3 if _grows(text[:limit], limit) else limit)


def _place(finding: Finding, limit: int) -> str:
    return place(finding, limit // 3 if _grows(finding.source, limit) else limit)


def _grows(text: str, limit: int) -> bool:
    return sum(text.count(character) for character in "<>&\"'") * 3 > limit


def _cited(node: EvidenceNode) -> Iterator[str]:
    yield from node.findings
    for child in node.children:
        yield from _cited(child)
