"""Regular expressions of rules: RE2 finds what Python finds, and no expression can make the hunt hang."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hunt.evidence import iis, row, rules_of, sigma
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules import searching as module
from waspglass.hunt.rules.languages import language_of
from waspglass.hunt.rules.searching import SearchGivenUpError, is_linear, regex_flags, searching
from waspglass.model.skip import SkipReason

CLASSES = r". \d \D \w \W \s \S [a-c] [^a] [\w.-] [^\s,] []x] [K-k] \. \\ \x41 \n $ ^ \b \A \Z {,2} (?i:K) (?s:.)"
ATOMS = st.sampled_from([*CLASSES.split(" "), *"abKäé{]-\u212a"])
REPEATS = st.sampled_from(["", "", "", "*", "+", "?", "*?", "+?", "{2}", "{,2}", "{1,3}", "{2,}"])


@st.composite
def patterns(draw: st.DrawFn, depth: int = 2) -> str:
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        if depth and draw(st.integers(0, 3)) == 0:
            inner = "|".join(draw(st.lists(patterns(depth - 1), min_size=1, max_size=2)))
            atom = f"({draw(st.sampled_from(['', '?:', '?P<n>']))}{inner})"
        else:
            atom = draw(ATOMS)
        parts.append(atom + draw(REPEATS))
    return "".join(parts)


TEXTS = st.text(st.sampled_from("aabbcKk.-_, \n\t\x0b\\{}]0ä\u212a\u0130\udc80\ud800"), max_size=14)


@settings(max_examples=400)
@given(pattern=patterns(), flags=st.sampled_from(["", "i", "m", "s", "ims"]), text=TEXTS)
def test_re2_finds_what_python_finds(pattern: str, flags: str, text: str) -> None:
    try:
        compiled = re.compile(pattern, regex_flags(flags))
    except re.error:
        return
    search = searching(pattern, flags)
    match = compiled.search(text)
    assert search.found(text) is (match is not None)
    if match is not None and not text.endswith("\n"):
        whole = searching(f"(?:{pattern})" if not compiled.groups else pattern, flags)
        assert (whole.first(text) or "") == ((match[1] if compiled.groups else match[0]) or "")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("ab$", "ab\n"),
        ("a$", "a\n\n"),
        (r"a\Z", "a\n"),
        ("a\n|b$", "a\n"),
        ("(?:a$)+\n", "a\n"),
        ("(?:a$|b)+", "ba\n"),
        ("(a*)*", "b"),
        ("(a*)+", "aab"),
        ("(?:(a)|b*)*", "ab"),
        ("(a|b?)*c", "abc"),
        ("(.)x", "\udcffx"),
        ("([^a]+)a", "\ud800\udfff\U0010fffda"),
        ("([\ud000-\uffff])", "\ud800"),
        (r"(?i)([@A-Z\[]+)", "b@Z[k"),
        (r"(?i)([Y-b]+)", "xyzabcAB"),
        (r"(\S+)\s", "a\x1cb\x85 "),
        (r"(\W+)", "aé_\u212ab"),
        (r"(\D+)", "1\u0661x2"),
    ],
)
def test_where_the_engines_differ_it_is_python_that_is_meant(pattern: str, text: str) -> None:
    """Ends before a last line feed, empty rounds of a group, halves of surrogate pairs, classes and case of ASCII."""
    match = re.search(pattern, text, re.ASCII)
    assert searching(pattern).found(text) is (match is not None)
    if match is not None:
        assert searching(pattern).first(text) == match[1 if match.re.groups else 0]


@pytest.mark.parametrize(
    "pattern",
    [
        r"^/ecp/.*\.js$",
        r"(?i)autodiscover\.json\?[^\s]*@",
        r"Set-OabVirtualDirectory\.ExternalUrl='(.*?)'",
        r"(?s)\A.{3,1000}\Z",
        r"\bcmd\.exe\b",
        r"a{1000}",
        r"(?i:[^a-k\d]|\S\W)*?",
    ],
)
def test_usual_expressions_run_in_linear_time(pattern: str) -> None:
    assert is_linear(pattern)


@pytest.mark.parametrize(
    "pattern", [r"(?=a)b", r"(a)\1", r"(?<!a)b", r"(?>a)b", r"a++", r"a{1001}", r"\Bx", r"a$b", r"(?:.{900}){900}"]
)
def test_others_run_within_a_bound(pattern: str) -> None:
    assert not is_linear(pattern)
    assert searching(pattern).found("b") == (re.search(pattern, "b", re.ASCII) is not None)


@pytest.mark.parametrize("pattern", ["(a)(b)", "(?=a)(a)(b)"])
def test_of_several_groups_the_first_is_the_value(pattern: str) -> None:
    assert searching(pattern).first("xab") == "a"


@pytest.mark.parametrize("flags", ["", "i", "m", "s", "ims"])
@pytest.mark.parametrize(("pattern", "text"), [("(?=A)A", "a"), ("(?=b)^b", "a\nb"), ("(?=a)a.b", "a\nb")])
def test_flags_mean_the_same_to_the_engine_with_a_bound(pattern: str, text: str, flags: str) -> None:
    assert not is_linear(pattern, flags)
    assert searching(pattern, flags).found(text) == (re.search(pattern, text, regex_flags(flags)) is not None)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(.*,){20}x", "^(\\w+\\s?)*$", "(a*)*(a*)*c", ".*.*.*.*.*=.*;"]
)
def test_an_explosive_expression_takes_no_time(pattern: str) -> None:
    search = searching(pattern)
    begun = time.process_time()
    for text in ("a" * 100_000 + "!", "a," * 50_000, "aaaa " * 20_000 + "!"):
        search.found(text)
    assert time.process_time() - begun < 5


def test_what_needs_backtracking_is_given_up_and_its_rule_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS_PER_VALUE", 0.05)
    monkeypatch.setattr(module, "SECONDS_PER_RULE", 0.2)
    search = searching(r"(?=a)(a|aa)+$")
    assert search.found("aaa")
    begun = time.process_time()
    for _ in range(100):
        with pytest.raises(SearchGivenUpError):
            search.found("a" * 80 + "b")
    with pytest.raises(SearchGivenUpError):
        search.found("aaa")
    assert time.process_time() - begun < 2


SLOW = sigma(r"""
slow: {cs-uri-query|re: '(?=a)(a|aa)+$'}
other: {cs-uri-stem: /sure}
condition: slow or other
""")


@pytest.mark.parametrize("naive", [True, False])
def test_a_rule_that_takes_too_long_is_counted_and_its_other_parts_still_decide(
    monkeypatch: pytest.MonkeyPatch, naive: bool
) -> None:
    monkeypatch.setattr(module, "SECONDS_PER_VALUE", 0.02)
    bad = "a" * 80 + "b"
    rows = [row("/x", query=bad), row("/sure", query=bad), row("/x", query="aaa"), row("/y", query=f"{bad}c")]
    result = hunt([iis(*rows)], rules_of(SLOW), naive=naive)
    assert [one.line for one in result.findings] == [3, 4]
    assert [(skip.reason, skip.count) for skip in result.skipped] == [(SkipReason.UNDECIDED, 2)]
    assert "takes too long" in (result.skipped[0].detail or "")


def test_an_expression_that_is_none_is_a_skip_of_its_rule() -> None:
    from tests.hunt.evidence import pack
    from waspglass.hunt.rules.load import load_rules
    from waspglass.packs.pack import RuleSource

    text = sigma("a: {cs-uri-stem|re: '(?)'}\ncondition: a")
    rules = load_rules(pack(), [RuleSource(path="x.yml", text=text, origin="user")])
    assert [skip.reason for skip in rules.skipped] == [SkipReason.INVALID_RULE]


@pytest.mark.parametrize(
    "line",
    ["\n", " \n", "private\n", "rule a\n", "rule a :\n", "rule a : b\n", "private rule\n", 'import "a"\n', "a = \n"],
)
def test_a_text_of_many_lines_is_told_soon(line: str) -> None:
    begun = time.process_time()
    language_of(line * 40_000)
    assert time.process_time() - begun < 5
