"""Strings that an attacker would like a report to hold, and assessments that hold them everywhere."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from hypothesis import strategies as st

from tests.report.build import at, finding, minimal
from waspglass.model.assessment import (
    Advice,
    Assessment,
    Clock,
    EvidenceNode,
    Host,
    Implant,
    Lid,
    LidState,
    Limit,
    PackReference,
    TimelineEvent,
    Verdict,
)
from waspglass.model.coverage import Coverage, Span
from waspglass.model.facts import BuildSighting, Certainty
from waspglass.model.finding import Actor, Rung
from waspglass.model.skip import Skipped, SkipReason

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
STRINGS = (
    "<script>alert(1)</script>",
    "</style></script><img src=x onerror=alert(1)>",
    "\x1b[2J\x1b]8;;http://evil.example/\x07click\x1b]8;;\x07",
    "safe\u202egnp.exe",
    "=cmd|'/c calc'!A1",
    "nul\x00in\x9bside\x7f",
    "zero\u200bwidth\ufeff\U000e0041",
    "line\r\nbreak\u2028\u2029\x85",
    "[bold red]markup[/] :smile: {{7*7}} {0} %s",
    "\"'`&<>",
    "",
)


def texts() -> st.SearchStrategy[str]:
    """Any string that the model takes, and the known bad ones more often."""
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    return st.one_of(st.sampled_from(STRINGS), anything)


def hidden_characters(text: str, *, allowed: str = "\n") -> set[str]:
    """Characters of a text that no reader can see or that act on the display."""
    return {c for c in set(text) if unicodedata.category(c) in HIDDEN and c not in allowed}


def everywhere(text: str) -> Assessment:
    """An assessment that has the text in every field that takes one."""
    when = at("2021-03-03T04:12:31Z")
    span = Span(from_=when, to=at("2021-03-04T00:00:00Z"), reason=text)
    found = finding(
        1,
        rung=Rung.IMPLANTED,
        time=when,
        rule=text,
        title=text,
        source=text,
        excerpt=text,
        subject=text,
        actor=Actor(address=text, user_agent=text, account=text, session=text),
        techniques=(text, "T1190"),
        fields={text: text},
    )
    other = finding(2, id=text, rung=Rung.USED, title=text, actor=Actor(address="192.0.2.1"), line=None, record=1)
    return minimal(
        Verdict.OCCUPIED,
        generator=text,
        host=Host(name=text, timezone=text, collected_at=when, evidence=text, evidence_sha256=text),
        pack=PackReference(
            id=text, version=text, sha256=text, title=text, cves=(text, "CVE-2021-26855"), added_rules=1
        ),
        sentence=text,
        lid=Lid(
            state=LidState.PATCHED,
            since=when,
            reason=text,
            builds=(BuildSighting(build=text, at=when, source=text, certainty=Certainty.HINT),),
        ),
        rungs=(Rung.IMPLANTED, Rung.USED),
        window=span,
        why=EvidenceNode(
            claim=text, holds=None, children=(EvidenceNode(claim=text, holds=True, findings=("f00001", text)),)
        ),
        implants=(Implant(subject=text, written=when, present=True, findings=("f00001", text)),),
        findings=(found, other),
        context=(finding(3, rung=None, title=text, excerpt=text),),
        review=(finding(4, title=text, excerpt=text, source=text),),
        coverage=(
            Coverage(kind=text, title=text, from_=when, to=span.to, gaps=(span,), files=1, bytes=1, shows=(text,)),
            Coverage(kind=text),
        ),
        skipped=(Skipped(source=text, reason=SkipReason.DAMAGED, detail=text),),
        limits=(Limit(id=text, text=text, spans=(span,), remedy=text, decisive=True),),
        advice=(Advice(id=text, title=text, text=text, sources=(text, f"https://{text}")),),
        clocks=(Clock(id=text, title=text, law=text, hours=72, text=text),),
        campaign=(TimelineEvent(date=datetime(2021, 3, 2, tzinfo=UTC), text=text, kind=text, source=text),),
    )
