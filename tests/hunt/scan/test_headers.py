"""Logs whose headers change without end: the answer of the naive scan, soon, and what is left out is counted."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from tests.hunt.evidence import IIS_FIELDS, artefact, both, iis, row, rules_of, sigma
from waspglass.hunt.hunting import hunt
from waspglass.model.skip import SkipReason

RULES = rules_of(sigma("s: {cs-uri-stem|endswith: .js}\ncondition: s"))


def _log(headers: int, lines: int) -> str:
    header = "#Fields: date time c-ip cs-uri-stem"
    return "".join(f"{header} x{at % headers}\r\n2021-03-03 00:00:01 ::1 /{at}.js -\r\n" for at in range(lines))


def at(hour: int) -> datetime:
    return datetime(2021, 3, 3, hour, tzinfo=UTC)


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
    assert sum(one.count for one in skips if "another order" in (one.detail or "")) == told


SHIFTED = "x date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip y z sc-status sc-substatus w"


def _foreign(log: str) -> list[tuple[int, str | None]]:
    fast, naive = (hunt([artefact("iis", log)], RULES, naive=naive).skipped for naive in (False, True))
    told = [(one.count, one.detail) for one in fast if one.reason is SkipReason.DAMAGED]
    assert told == [(one.count, one.detail) for one in naive if one.reason is SkipReason.DAMAGED]
    return told


@pytest.mark.parametrize("before", ["", f"#Fields: {IIS_FIELDS}\r\n{row()}\r\n"], ids=["at the start", "further down"])
@pytest.mark.parametrize("forged", [0, 3])
def test_names_that_do_not_fit_the_values_are_told(before: str, forged: int) -> None:
    fitting = "- 2021-03-03 00:00:01 ::1 GET /a - 443 - ::2 - - 200 0 0\r\n"
    log = f"{before}#Fields: {SHIFTED}\r\n{fitting * forged}" + f"{row('/x.js')}\r\n" * (5 + forged)
    [(count, detail)] = _foreign(f"{log}#Fields: {IIS_FIELDS}\r\n{row('/y.js')}\r\n")
    assert count == 1
    assert "cs-method, date" in (detail or "")


def test_a_stretch_below_a_foreign_header_counts_for_nothing() -> None:
    rows = [row(time=f"0{hour}:00:00") for hour in range(6)]
    log = "\r\n".join(
        (f"#Fields: {IIS_FIELDS}", *rows[:2], f"#Fields: {SHIFTED}", *rows[2:4], f"#Fields: {IIS_FIELDS}")
    )
    [scanned] = both([artefact("iis", "\r\n".join((log, *rows[4:], "")))], RULES).scanned
    [unable] = scanned.unable
    assert (unable.after, unable.before) == (at(1), at(4))


def test_an_odd_row_below_the_right_header_is_nothing() -> None:
    assert _foreign(f"#Fields: {IIS_FIELDS}\r\n{row()}\r\n{row('-', status=0)}\r\n{row()}\r\n") == []


def _doubted(log: str) -> int:
    return sum(count for count, _ in _foreign(log))


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        (row(method="T:3", ip="/x"), 1),
        (row(method="T:3"), 0),
        (f"{row(method='T:3')}\r\n{row(method='T:3')}", 1),
    ],
    ids=["two values", "one value", "in two rows"],
)
def test_one_odd_value_in_the_only_row_is_nothing(odd: str, told: int) -> None:
    assert _doubted(f"#Fields: {IIS_FIELDS}\r\n{odd}\r\n") == told


def test_a_row_is_asked_once() -> None:
    odd, usual = row(method="T:3"), row()
    assert _doubted("\r\n".join((f"#Fields: {IIS_FIELDS}", odd, usual, usual, usual, odd, ""))) == 0


def test_the_same_header_again_asks_nothing_again() -> None:
    start = f"#Fields: {IIS_FIELDS}\r\n{row()}\r\n{row()}\r\n"
    assert _doubted(f"{start}{start}#Fields: {IIS_FIELDS}\r\n{row(method='T:3')}\r\n{row(method='T:3')}\r\n") == 0


@pytest.mark.parametrize("more", range(0, 320, 40))
def test_rows_below_a_foreign_header_are_asked_wherever_it_stands(more: int) -> None:
    """Behind a header that changed columns short stretches are scanned, and any line may be the last of one."""
    start = f"#Fields: {IIS_FIELDS} more\r\n{row()} -\r\n#Fields: {IIS_FIELDS}\r\n"
    rows = f"{row()}\r\n" * 44 + row("/" + "a" * more)
    assert _doubted(f"{start}{rows}\r\n#Fields: {SHIFTED}\r\n{row()}\r\n{row()}\r\n") == 1


@pytest.mark.parametrize("naive", [False, True])
@pytest.mark.parametrize("size", [1, 100_000])
def test_a_last_line_that_is_cut_is_no_damaged_one(size: int, *, naive: bool) -> None:
    log = iis(*[row()] * size).file.open().read().decode() + "2021-03-03 00:00:02 10.0.0.1 POST /x.js - 443"

    def told(text: str) -> list[SkipReason]:
        return [one.reason for one in hunt([artefact("iis", text)], RULES, naive=naive).skipped]

    assert told(log) == []
    assert told(f"{log}\r\n") == [SkipReason.MALFORMED_LINE]
    assert told(f"{log}\r\n{row()}") == [SkipReason.MALFORMED_LINE]
