"""What SigmaHQ's field names mean of a web server's log."""

from __future__ import annotations

import pytest

from tests.hunt.evidence import both, iis, row, rules_of, sigma


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
