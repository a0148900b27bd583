"""YARA over web files: a match is a finding about the file, and a field of its record."""

from __future__ import annotations

import hashlib

import pytest
import yara_x

from tests.hunt.evidence import artefact, pack, sigma
from waspglass.evidence.readers.registry import record_readers
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules.load import load_rules
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.skip import SkipReason
from waspglass.packs.pack import RuleSource

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


def test_a_scan_that_fails_is_a_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def set_timeout(self, seconds: int) -> None: ...
        def set_global(self, name: str, value: str) -> None: ...
        def scan(self, content: bytes) -> None:
            raise yara_x.ScanError("out of memory")

    monkeypatch.setattr("waspglass.hunt.scan.yara_rules.yara_x.Scanner", lambda _rules: Failing())
    result = hunt([artefact("webfile", PAGE, PATH)], RULES, readers=record_readers(None))
    assert result.findings == ()
    assert [(one.source, one.reason) for one in result.skipped] == [(PATH, SkipReason.UNDECIDED)]
    assert "out of memory" in (result.skipped[0].detail or "")


def test_a_page_that_does_not_match_is_nothing() -> None:
    assert found(b"<p>hello</p>") == ()


def added(text: str, content: bytes = PAGE) -> tuple[list[str], list[str]]:
    """Rules that match the page, and what is told of those that do not compile."""
    rules = load_rules(pack(), [RuleSource(path="u.yar", text=text, origin="user")])
    result = hunt([artefact("webfile", content, PATH)], rules, readers=record_readers(None))
    return [one.rule for one in result.findings], [one.detail or "" for one in result.skipped]


def test_a_rule_that_does_not_compile_takes_no_other_along() -> None:
    broken = "rule bad { condition: nowhere }\nrule good { condition: filesize > 0 }\nrule worse { condition: $a }"
    rules, told = added(broken)
    assert rules == ["yara:good"]
    assert ["nowhere" in told[0], "$a" in told[1], len(told)] == [True, True, 2]


@pytest.mark.parametrize(
    "head", ["rule t // why\n{", "rule t : a /* b */ c\n{", "private\nglobal rule g { condition: true } rule t {"]
)
def test_rules_are_known_whatever_stands_in_their_heads(head: str) -> None:
    assert added(f"{head} condition: filesize > 0 }}") == (["yara:t"], [])


def test_a_title_with_quotes_is_shown_as_it_is_meant() -> None:
    text = 'rule t { meta: description = "a \\"page\\" with ü" condition: true }'
    rules = load_rules(pack(), [RuleSource(path="u.yar", text=text, origin="user")])
    (one,) = hunt([artefact("webfile", PAGE, PATH)], rules, readers=record_readers(None)).findings
    assert one.title == 'a "page" with ü'


@pytest.mark.parametrize("what", ['include "x.yar"', 'import "nosuchmodule"', 'rule cut { strings: $a = "x'])
def test_what_cannot_be_compiled_is_told(what: str) -> None:
    rules, told = added(f"rule fine {{ condition: false }}\n{what}\n")
    assert rules == []
    assert told


def test_rules_may_ask_for_the_name_of_the_file_as_public_collections_do() -> None:
    asked = (
        r'filename == "page.aspx" and extension == ".aspx" and filepath matches /\\aspnet_client$/ and md5 == "" '
        r'and owner == "" and filetype == ""'
    )
    assert added("\ufeffrule named { condition: " + asked + " }") == (["yara:named"], [])


def test_the_excerpt_of_a_file_is_readable() -> None:
    (one,) = (one for one in found(PAGE) if one.rule == "yara:code")
    assert f"; path={PATH.replace(chr(92), chr(92) * 2)}; " in one.excerpt
