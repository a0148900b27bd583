"""Rows that IIS itself does not write, with quotes, blanks or tabs: found by the fast scan as by the naive one."""

from __future__ import annotations

import pytest

from tests.hunt.evidence import both, iis, row, rules_of, sigma

FIELDS = "date time cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) cs(Referer) sc-status s-computername"
ROWS = (
    '2021-03-03 00:00:01.125 POST /a.aspx - 192.0.2.1 "Sample agent 1.0" - 200 "WFE01"',
    '2021-03-03 00:00:02.125 POST /b.aspx x=1 192.0.2.1 "Sample" "https://a.example/x y" 200 "WFE01"',
    '2021-03-03 00:00:03.125 GET /c.aspx - 192.0.2.1 - - 404 "WFE01"',
)
RULES = {
    "s: {cs-uri-stem|endswith: .aspx}": {1, 2, 3},
    "s: {cs-uri-stem|endswith: .aspx, cs-uri-query: null}": {1, 3},
    "s: {cs-uri-stem|endswith: .aspx, cs(Referer): null}": {1, 3},
    "s: {cs(User-Agent): null}": {3},
    "s: {sc-status: 200, cs-method: POST}": {1, 2},
    "s: {s-computername|contains: WFE}": {1, 2, 3},
    "s: {s-computername: WFE01}": set(),
    "s: {s-computername: '\"WFE01\"'}": {1, 2, 3},
    "s: {cs(Referer)|startswith: '\"https://a'}": {2},
    "s: {cs(User-Agent)|endswith: '1.0\"'}": {1},
    "s: {cs(User-Agent)|contains: sample agent}": {1},
    "s: {cs(User-Agent): '\"Sample agent 1.0\"'}": {1},
    "s: {cs(User-Agent)|contains: Sample+agent}": {1},
    "s: {cs(User-Agent)|re: 'Sample agent 1\\.0'}": {1},
    "s: {cs(User-Agent)|re: 'Sample\\+agent'}": {1},
    "s: ['/x y']": {2},
}


@pytest.mark.parametrize("mark", [" ", "\t"])
@pytest.mark.parametrize("detection", RULES)
def test_fast_as_slow(detection: str, mark: str) -> None:
    rows = [row if mark == " " else _with_tabs(row) for row in ROWS]
    found = both([iis(*rows, fields=FIELDS)], rules_of(sigma(f"{detection}\ncondition: s")))
    assert {finding.line - 1 for finding in found.findings if finding.line} == RULES[detection]


MIXED = '2021-03-03 00:00:01.125 GET /c.aspx - 192.0.2.1 "bot 1 +https://bot.example" - 404 "WFE01"'


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("contains: '+https'", True),
        ("contains: 'bot 1'", False),
        ("contains: bot+1", False),
        ("re: 'bot 1 \\+https'", True),
        ("re: '1  https'", False),
    ],
)
def test_a_value_with_blanks_and_plus_signs_stays_as_it_is_written(asked: str, found: bool) -> None:
    result = both([iis(MIXED, fields=FIELDS)], rules_of(sigma(f"s: {{cs(User-Agent)|{asked}}}\ncondition: s")))
    assert bool(result.findings) is found


@pytest.mark.parametrize("end", ["", " ", "  ", "\r", " \r"])
@pytest.mark.parametrize("begin", ["", " "])
@pytest.mark.parametrize("field", ["cs-uri-query", "cs(User-Agent)", "cs(Referer)", "s-computername"])
def test_an_empty_value_is_found_in_a_row_with_blanks_around_it(field: str, begin: str, end: str) -> None:
    row = "2021-03-03 00:00:01.125 GET /c.aspx - 192.0.2.1 - - 404 -"
    asked = (f"s: {{cs-method: GET, {field}: null}}", f"s: {{{field}: ''}}")
    rules = rules_of(*(sigma(f"{one}\ncondition: s", title=f"r{len(one)}") for one in asked))
    assert len(both([iis(begin + row + end, fields=FIELDS)], rules).findings) == 2


def test_a_text_with_blanks_is_found_in_rows_with_tabs_as_in_others() -> None:
    agent = "Sample agent (made up)"
    rows = (row(agent=agent.replace(" ", "+")), row(agent=agent.replace(" ", "+")).replace(" ", "\t").replace("+", " "))
    asked = (f"s: {{cs-user-agent: {agent}}}", "s: {cs-user-agent|re: agent .made}")
    rules = rules_of(*(sigma(f"{one}\ncondition: s", title=f"r{len(one)}") for one in asked))
    assert [finding.line for finding in both([iis(*rows)], rules).findings] == [2, 2, 3, 3]


def _with_tabs(row: str) -> str:
    quoted = row.split('"')
    return '"'.join(piece if number % 2 else piece.replace(" ", "\t") for number, piece in enumerate(quoted))
