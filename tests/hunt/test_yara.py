"""YARA over web files: a match is a finding about the file, and a field of its record."""

from __future__ import annotations

import hashlib

from tests.hunt.evidence import artefact, pack, sigma
from waspglass.evidence.readers.registry import record_readers
from waspglass.hunt.hunting import hunt
from waspglass.hunt.load import load_rules
from waspglass.model.finding import Effect, Finding, Rung

PAGE = b"<%-- SAMPLE: no code --%><script runat='server'></script>"
PATH = r"C:\inetpub\wwwroot\aspnet_client\page.aspx"
RULE = 'rule code { meta: rung = "implanted" title = "Page with code" strings: $a = "runat=" condition: $a }'
NAMED = sigma(
    "s: {yara|contains: code}\ncondition: s",
    title="named",
    logsource="product: windows, category: file_web",
    extra="waspglass: {rung: implanted, capture: {implant: {field: path}}, subject: implant}",
)


RULES = load_rules(pack(NAMED, yara=[RULE]))


def found(content: bytes) -> tuple[Finding, ...]:
    return hunt([artefact("webfile", content, PATH)], RULES, readers=record_readers(None)).findings


def test_a_match_names_the_page_and_its_digest() -> None:
    digest = hashlib.sha256(PAGE).hexdigest()
    findings = found(PAGE)
    assert {one.rule for one in findings} == {"yara:code", "named"}
    for one in findings:
        assert (one.rung, one.effect, one.subject) == (Rung.IMPLANTED, Effect.SHOWS, "/aspnet_client/page.aspx")
        assert one.fields["sha256"] == digest
        assert digest in one.excerpt


def test_a_page_that_does_not_match_is_nothing() -> None:
    assert found(b"<p>hello</p>") == ()
