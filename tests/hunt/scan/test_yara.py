"""YARA over web files: a match is a finding about the file, and a field of its record."""

from __future__ import annotations

import gc
import hashlib
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import yara_x

from tests.hunt.evidence import artefact, iis, pack, row, sigma
from waspglass.evidence.readers.registry import record_readers
from waspglass.hunt.cache import Cache
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules.load import load_rules, read_rule_sources
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.skip import SkipReason
from waspglass.packs import yara_source
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


def test_a_hunt_in_a_thread_leaves_nothing_that_only_this_thread_may_free(monkeypatch: pytest.MonkeyPatch) -> None:
    complaints: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    rules = load_rules(pack(NAMED, sigma("s: {cs-method: POST}\ncondition: s"), yara=[RULE]))
    files = [artefact("webfile", PAGE, PATH), iis(row("/ecp/y.js", method="POST"))]
    gc.disable()  # what the hunt leaves is freed below, in this thread
    try:
        with ThreadPoolExecutor(1) as threads:
            found = threads.submit(hunt, files, rules, readers=record_readers(None)).result().findings
    finally:
        gc.enable()
    gc.collect()
    assert {one.rule for one in found} >= {"yara:code", "named"}
    assert complaints == []


def test_a_scan_that_fails_is_a_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def set_timeout(self, seconds: int) -> None: ...
        def max_matches_per_pattern(self, matches: int) -> None: ...
        def set_global(self, name: str, value: str) -> None: ...
        def scan(self, content: bytes) -> None:
            raise yara_x.ScanError("out of memory")

    monkeypatch.setattr("waspglass.hunt.scan.yara_rules.yara_x.Scanner", lambda _rules: Failing())
    result = hunt([artefact("webfile", PAGE, PATH)], RULES, readers=record_readers(None))
    assert result.findings == ()
    assert [(one.source, one.reason) for one in result.skipped] == [(PATH, SkipReason.UNDECIDED)]
    assert "out of memory" in (result.skipped[0].detail or "")


def test_a_file_that_is_too_large_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waspglass.hunt.scan.yara_rules._LARGEST", len(PAGE))
    files = [artefact("webfile", PAGE + b" ", PATH), artefact("webfile", PAGE, r"C:\inetpub\wwwroot\second.aspx")]
    result = hunt(files, RULES, readers=record_readers(None))
    assert {one.source for one in result.findings} == {files[1].file.path}
    assert [(one.source, one.reason) for one in result.skipped] == [(PATH, SkipReason.TOO_LARGE)]


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
    "head",
    [
        "rule t // why\n{",
        'import "pe" import "math" rule t {',
        "rule t : a /* b */ c\n{",
        "private\nglobal rule g { condition: true } rule t {",
    ],
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


def brought(*texts: str, cache: Cache | None = None) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Rules and titles that match the page, and what is told, where the user brings several files."""
    sources = [RuleSource(path=f"/r/u{number}.yar", text=text, origin="user") for number, text in enumerate(texts)]
    rules = load_rules(pack(yara=[RULE]), sources, cache=cache)
    result = hunt([artefact("webfile", PAGE, PATH)], rules, readers=record_readers(None))
    return [(one.rule, one.title) for one in result.findings], [
        (one.source, one.detail or "") for one in result.skipped
    ]


def test_rules_of_one_name_in_several_files_do_not_hide_one_another() -> None:
    own = 'rule code { meta: title = "own" condition: true }'
    rules, told = brought(own, own)
    expected = [("yara:code", "Page with code"), ("yara:code (u0.yar)", "own"), ("yara:code (u1.yar)", "own")]
    assert sorted(rules) == expected
    assert told == []


def test_a_global_rule_is_so_for_its_own_file() -> None:
    closed = "global rule never { condition: false }\nrule shut { condition: true }"
    rules, _ = brought(closed, "rule open { condition: true }")
    assert sorted(name for name, _ in rules) == ["yara:code", "yara:open"]


def test_a_private_rule_helps_others_and_is_no_finding() -> None:
    rules, told = brought("private rule helper { condition: true }\nrule helped { condition: helper }")
    assert sorted(name for name, _ in rules) == ["yara:code", "yara:helped"]
    assert told == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rule a { condition: true }\n\nrule a { condition: true }", ["u0.yar:3:6", "duplicate rule `a`"]),
        ('import "magic"\nrule a { condition: magic.type() == "x" }', ["u0.yar:1:1", "unknown module `magic`"]),
        ("rule a {\ncondition: somewhere > 1 }", ["u0.yar:2:12", "unknown identifier `somewhere`"]),
        ('// index\ninclude "a.yar"\ninclude "b.yar"\n', ["line 2: include is not followed"]),
        ('include "a.yar"\nrule a { condition: false }', ["line 1: include is not followed"]),
    ],
)
def test_what_is_wrong_is_told_with_its_file_and_line(text: str, words: list[str]) -> None:
    _, told = brought(text)
    assert told[0][0] == "/r/u0.yar"
    assert [word for word in words if word not in told[0][1]] == []


def test_rules_are_compiled_once_and_then_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[int] = []

    def counted(sources: Sequence[RuleSource]) -> yara_x.Compiler:
        compiled.append(len(sources))
        return filled(sources)

    filled = yara_source._filled
    monkeypatch.setattr(yara_source, "_filled", counted)
    cache = Cache(tmp_path / "cache")
    own = "rule own { condition: true }"
    first = brought(own, cache=cache)
    assert brought(own, cache=cache) == first
    assert compiled == [2]
    for entry in (tmp_path / "cache").iterdir():
        entry.write_bytes(entry.read_bytes()[:-1] + b"x")
    assert brought(own, cache=cache) == first


def test_compiled_rules_that_cannot_be_loaded_are_compiled_anew() -> None:
    damaged = replace(RULES, yara_compiled=b"YARA-X" + bytes(100))
    result = hunt([artefact("webfile", PAGE, PATH)], damaged, readers=record_readers(None))
    assert {one.rule for one in result.findings} == {"yara:code", "named"}


def test_a_file_that_is_named_with_its_folder_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.yar").write_text("rule a { condition: true }")
    sources, skipped = read_rule_sources([tmp_path, tmp_path / "a.yar"])
    assert (len(sources), skipped) == (1, ())


def test_rules_of_a_user_who_stands_in_the_folder_of_the_pack_are_not_taken_for_its_own() -> None:
    of_pack = pack(yara=[RULE])
    place = of_pack.yara[0].path
    broken = RuleSource(path=place, text="rule code { condition: true }\nrule b {", origin="user")
    rules = load_rules(of_pack, [broken])
    assert [one.origin for one in rules.yara] == ["pack", "user"]
    assert [one.source for one in rules.skipped] == [str(Path.cwd() / place)]
    assert rules.added == 1


def test_the_excerpt_of_a_file_is_readable() -> None:
    (one,) = (one for one in found(PAGE) if one.rule == "yara:code")
    assert f"; path={PATH.replace(chr(92), chr(92) * 2)}; " in one.excerpt


def test_of_a_pattern_ten_thousand_matches_are_counted() -> None:
    rule = 'rule few {{ strings: $a = "a" condition: #a {} }}'
    rules = load_rules(pack(yara=[rule.format("== 10000").replace("few", "most"), rule.format("> 10000")]))
    hits = hunt([artefact("webfile", b"a" * 30_000, PATH)], rules, readers=record_readers(None)).findings
    assert {one.rule for one in hits} == {"yara:most"}
