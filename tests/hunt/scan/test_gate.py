"""Cells that repeat from line to line rule out most candidates, and never one that matches."""

from __future__ import annotations

import pytest

from tests.hunt.evidence import both, iis, row, rules_of, sigma
from tests.hunt.scan.exactly import exactly_tested
from waspglass.hunt.scan import decide
from waspglass.hunt.scan.gate import repeating

PAGE_OR_QUERY = sigma("""
s: {cs-uri-stem|contains: /ecp/}
script: {cs-method: POST, cs-uri-query|contains: q=1}
status: {sc-status: 500}
known: {cs-uri-stem: /ecp/known}
condition: s and (script or status) and not known
""")


def asked(monkeypatch: pytest.MonkeyPatch, *lines: str) -> tuple[list[int], list[bytes]]:
    """Places of findings, and the lines behind the learnt ones on which a rule was tested."""
    tested = exactly_tested(monkeypatch)
    monkeypatch.setattr(decide, "_LEARNT_FROM", 100)
    learnt = [row(f"/ecp/{number % 3}", query=f"learnt={number}") for number in range(100)]
    found = both([iis(*learnt, *lines)], rules_of(PAGE_OR_QUERY)).findings
    behind = [line for _, line in tested if b"learnt" not in line]
    return [one.line - 101 for one in found if one.line is not None], behind


def test_a_line_is_not_tested_where_a_method_or_a_path_rules_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    other = [row("/ecp/1", query=f"q={number}") for number in range(50)]
    known = [row("/ecp/known", method="POST", query=f"q={number}") for number in range(50)]
    assert asked(monkeypatch, *other, *known) == ([], [])


def test_each_alternative_lets_a_line_through(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [row("/ecp/1", method=method, query=f"q={n}", status=s) for n, (method, s) in enumerate(
        [("GET", 200), ("POST", 200), ("GET", 500), ("POST", 500), ("GET", 200)]
    )]  # fmt: skip
    found, tested = asked(monkeypatch, *lines)
    assert found == [2, 3, 4]
    assert len(tested) == 3


def test_columns_repeat_where_each_cell_is_there_eight_times() -> None:
    assert repeating([[b"GET", b"%d" % (number % 8), b"%d" % (number % 9)] for number in range(64)]) == {0, 1}
