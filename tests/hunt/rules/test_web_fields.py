"""What SigmaHQ's field names mean of a web server's log."""

from __future__ import annotations

import pytest

from tests.hunt.evidence import both, iis, row, rules_of, sigma
from waspglass.model.skip import SkipReason


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
