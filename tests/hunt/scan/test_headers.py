"""Logs whose headers change without end: the answer of the naive scan, soon, and what is left out is counted."""

from __future__ import annotations

import time

import pytest

from tests.hunt.evidence import artefact, both, row, rules_of, sigma
from waspglass.model.skip import SkipReason

RULES = rules_of(sigma("s: {cs-uri-stem|endswith: .js}\ncondition: s"))


def _log(headers: int, lines: int) -> str:
    header = "#Fields: date time c-ip cs-uri-stem"
    return "".join(f"{header} x{at % headers}\r\n2021-03-03 00:00:01 ::1 /{at}.js -\r\n" for at in range(lines))


def test_two_headers_in_turn_cost_no_square() -> None:
    begun = time.process_time()
    result = both([artefact("iis", _log(2, 20_000))], RULES)
    assert time.process_time() - begun < 30
    assert len(result.findings) == 100


def test_more_headers_than_a_log_can_have_are_counted() -> None:
    begun = time.process_time()
    result = both([artefact("iis", _log(20_000, 20_000))], RULES)
    assert time.process_time() - begun < 30
    assert len(result.findings) == 32
    skips = [(skip.reason, skip.count) for skip in result.skipped if skip.reason is SkipReason.UNDECIDED]
    assert skips == [(SkipReason.UNDECIDED, 20_000 - 32)]


def test_a_known_header_counts_again_after_too_many_others() -> None:
    log = _log(1, 1) + _log(50, 50) + _log(1, 1)
    result = both([artefact("iis", log + row("/x"))], RULES)
    assert max(found.line or 0 for found in result.findings) == 104


def test_a_blank_line_is_no_record_under_a_header_of_one_column() -> None:
    rules = rules_of(sigma("s: {cs-method|endswith: T}\ncondition: not s"))
    result = both([artefact("iis", "#Fields: cs-method\r\n\r\nGET\r\n\r\nHEAD\r\n")], rules)
    assert [found.line for found in result.findings] == [5]


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (("cs-method cs-uri-stem", "cs-uri-stem cs-method"), 1),
        (("cs-method cs-uri-stem", "cs-uri-stem cs-method", "cs-method cs-uri-stem", "cs-uri-stem cs-method"), 1),
        (("cs-method cs-uri-stem c-ip", "c-ip", "x cs-uri-stem cs-method"), 1),
        (("cs-method cs-uri-stem", "date cs-method x cs-uri-stem", "cs-uri-stem", "cs-method cs-uri-stem"), 0),
    ],
    ids=["turned", "and back, and again", "by way of another, with a name more", "columns added and taken out"],
)
def test_columns_in_another_order_are_told(headers: tuple[str, ...], told: int) -> None:
    log = "".join(f"#Fields: {names}\r\nGET /x.js\r\n" for names in headers)
    skips = [one for one in both([artefact("iis", log)], RULES).skipped if one.reason is SkipReason.DAMAGED]
    assert sum(one.count for one in skips) == told
