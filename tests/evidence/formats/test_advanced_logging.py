"""Rows of IIS Advanced Logging, whose values are quoted and hold blanks: found by the fast scan as by the naive one."""

from __future__ import annotations

import pytest

from tests.hunt.evidence import both, iis, rules_of, sigma

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
}


@pytest.mark.parametrize("mark", [" ", "\t"])
@pytest.mark.parametrize("detection", RULES)
def test_fast_as_slow(detection: str, mark: str) -> None:
    rows = [row if mark == " " else _with_tabs(row) for row in ROWS]
    found = both([iis(*rows, fields=FIELDS)], rules_of(sigma(f"{detection}\ncondition: s")))
    assert {finding.line - 1 for finding in found.findings if finding.line} == RULES[detection]


def _with_tabs(row: str) -> str:
    quoted = row.split('"')
    return '"'.join(piece if number % 2 else piece.replace(" ", "\t") for number, piece in enumerate(quoted))
