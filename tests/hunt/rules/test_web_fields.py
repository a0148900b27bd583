"""What SigmaHQ's field names mean of a web server's log."""

from __future__ import annotations

import json

import pytest

from tests.hunt.evidence import MemoryFile, both, iis, row, rules_of, sigma
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.readers.registry import record_readers
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules.load import load_rules
from waspglass.model.skip import SkipReason
from waspglass.packs.load import load_pack
from waspglass.packs.pack import RuleSource


@pytest.mark.parametrize("nothing", ["null", "''", "'-'"])
@pytest.mark.parametrize("field", ["cs-uri-query", "c-uri-query", "cs-username"])
def test_an_empty_query_is_no_empty_uri_and_a_dash_is_no_value(field: str, nothing: str) -> None:
    """`cs-uri-query` means the whole URI in SigmaHQ's rules, but not where they ask whether there is a query."""
    log = iis(row(), row(query="a=b"), row(query="a=b").replace(" 443 - ", " 443 bob "))
    rules = rules_of(sigma(f"s: {{cs-method: GET}}\nf: {{{field}: {nothing}}}\ncondition: s and not f"))
    assert [one.line for one in both([log], rules).findings] == ([4] if field == "cs-username" else [3, 4])
    rules = rules_of(sigma(f"s: {{{field}: {nothing}}}\ncondition: s"))
    assert [one.line for one in both([log], rules).findings] == ([2, 3] if field == "cs-username" else [2])


def test_a_field_that_must_be_there_is_the_query_itself() -> None:
    rules = rules_of(sigma("s: {cs-uri-query|exists: true}\ncondition: s"))
    assert [one.line for one in both([iis(row(), row(query="a=b"))], rules).findings] == [3]


@pytest.mark.parametrize(
    ("asked", "lines"), [("hour: 1", [2]), ("hour|gte: 22", [3]), ("minute|neq: 2", [3, 4]), ("day: 3", [])]
)
def test_the_time_of_day_is_a_column_of_its_own(asked: str, lines: list[int]) -> None:
    log = iis(row(time="01:02:03"), row(time="22:00:00"), row(time="25:00:00"))
    result = both([log], rules_of(sigma(f"s: {{time|{asked}}}\ncondition: s")))
    assert [one.line for one in result.findings] == lines


def test_a_log_without_queries_is_searched_for_them_in_the_path() -> None:
    """`cs-uri-query` means the whole URI, and the log has a part of it."""
    rules = rules_of(sigma("s: {cs-uri-query|contains: a.js}\ncondition: s"))
    line = "2021-03-03 00:00:01 GET /{} 198.51.100.7 200"
    log = iis(line.format("a.js"), line.format("b.js"), fields="date time cs-method cs-uri-stem c-ip sc-status")
    result = both([log], rules)
    assert ([one.line for one in result.findings], result.skipped) == ([2], ())
    neither = iis("2021-03-03 00:00:01 GET 198.51.100.7", fields="date time cs-method c-ip")
    result = both([neither], rules)
    assert (result.findings, [one.reason for one in result.skipped]) == ((), [SkipReason.MISSING_FIELD])


COLUMNS = "date time c-ip cs-username cs-method cs-uri-stem cs-uri-query sc-status cs(Referer) cs(User-Agent)"
LOGS = {
    "iis": (
        f"#Fields: {COLUMNS}\n"
        "2021-03-03 17:39:04 198.51.100.7 EXAMPLE\\bob GET /a/y.js a=b 200 https://ref.example/x sample+agent+made+up\n"
        "2021-03-03 17:39:05 198.51.100.8 - GET /sample.aspx - 200 - -\n"
        "2021-03-03 17:39:06 198.51.100.8 - GET /aspnet_client/deep.aspx - 200 - -\n"
    ),
    "iis-other": (
        '\n198.51.100.7 - EXAMPLE\\bob [03/Mar/2021:17:39:04 +0000] "GET /a/y.js?a=b HTTP/1.0" 200 1 '
        '"https://ref.example/x" "sample agent made up"\n'
        '198.51.100.8 - - [03/Mar/2021:17:39:05 +0000] "GET /sample.aspx HTTP/1.0" 200 1 "-" "-"\n'
        '198.51.100.8 - - [03/Mar/2021:17:39:06 +0000] "GET /aspnet_client/deep.aspx HTTP/1.0" 200 1 "-" "-"\n'
    ),
    "iis-rows": (
        "\n2021-03-03 17:39:04 192.0.2.1 GET /a/y.js a=b 443 EXAMPLE\\bob 198.51.100.7 sample+agent+made+up "
        "https://ref.example/x 200 0 0 1\n"
        "u.log:2021-03-03 17:39:05 192.0.2.1 GET /sample.aspx - 443 - 198.51.100.8 - - 200 0 0 1\n"
        "u.log:2021-03-03 17:39:06 192.0.2.1 GET /aspnet_client/deep.aspx - 443 - 198.51.100.8 - - 200 0 0 1\n"
    ),
    "iis-table": (
        "date,time,cIp,csUsername,csMethod,csUriStem,csUriQuery,scStatus,csReferer,csUserAgent\n"
        "2021-03-03,17:39:04,198.51.100.7,EXAMPLE\\bob,GET,/a/y.js,a=b,200,https://ref.example/x,sample+agent+made+up\n"
        "2021-03-03,17:39:05,198.51.100.8,-,GET,/sample.aspx,-,200,-,-\n"
        "2021-03-03,17:39:06,198.51.100.8,-,GET,/aspnet_client/deep.aspx,-,200,-,-\n"
    ),
}
ASKED = {
    "cs-uri-query|contains: '/a/y.js?a=b'": {2},
    "cs-uri-query|startswith: a=": {2},
    "cs-uri-query: null": {3, 4},
    "c-uri|contains: '/a/y.js?a'": {2},
    "c-uri-query|contains: a=b": {2},
    "c-uri-stem|endswith: y.js": {2},
    "cs-uri: /a/y.js?a=b": {2},
    "cs-user-agent: sample agent made up": {2},
    "c-useragent|contains: made up": {2},
    "cs-referer|contains: ref.example": {2},
    "cs-referrer|contains: ref.example": {2},
}
POINTERS = {
    "user-agent,sample agent made up": {2},
    "filename,sample.aspx": {3},
    "path,C:\\inetpub\\wwwroot\\aspnet_client\\deep.aspx": {4},
    "url,/a/y.js": {2},
    "ip,198.51.100.8": {3, 4},
}
PATTERNS = {
    "[network-traffic:extensions.'http-request-ext'.request_value LIKE '/a/y.js%']": {2},
    "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' LIKE 'sample agent%']": {2},
    "[network-traffic:extensions.'http-request-ext'.request_header.Referer LIKE '%ref.example%']": {2},
    "[network-traffic:extensions.'http-request-ext'.request_method = 'GET' AND url:value MATCHES 'y.js.a=b']": {2},
    "[user-account:account_login = 'bob']": {2},
}


def _lines(pack: str, kind: str, source: str) -> set[int]:
    only = load_pack(pack).model_copy(update={"sigma": (), "indicators": (), "yara": ()})
    rules = load_rules(only, [RuleSource(path="u", text=source, origin="user")])
    assert rules.skipped == ()
    log = Artefact(kind, rules.kinds[kind].format, MemoryFile("x.log", LOGS[kind].encode()))
    result = hunt([log], rules, readers=record_readers(None))
    return {one.line or (one.record or 0) + 1 for one in result.findings}


@pytest.mark.parametrize("kind", LOGS)
@pytest.mark.parametrize("pack", ["proxylogon", "toolshell"])
@pytest.mark.parametrize("asked", ASKED)
def test_rules_mean_the_same_in_both_sorts_of_access_log_with_each_pack(pack: str, kind: str, asked: str) -> None:
    assert _lines(pack, kind, sigma(f"s: {{{asked}}}\ncondition: s")) == ASKED[asked]


@pytest.mark.parametrize("kind", LOGS)
@pytest.mark.parametrize("pointer", POINTERS)
def test_indicators_point_to_the_same_requests_in_both_sorts_of_access_log(kind: str, pointer: str) -> None:
    assert _lines("proxylogon", kind, f"type,value\n{pointer}\n") == POINTERS[pointer]


@pytest.mark.parametrize("kind", LOGS)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_stix_patterns_mean_the_same_in_both_sorts_of_access_log(kind: str, pattern: str) -> None:
    indicator = {"type": "indicator", "id": "indicator--1", "pattern_type": "stix", "pattern": pattern}
    assert _lines("proxylogon", kind, json.dumps({"type": "bundle", "objects": [indicator]})) == PATTERNS[pattern]
