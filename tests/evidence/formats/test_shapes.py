"""Headers that stand above other columns than they name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import IIS_FIELDS, row
from waspglass.evidence.artefact import Columns
from waspglass.evidence.formats.diagnostics_csv import DiagnosticsCsv
from waspglass.evidence.formats.registry import line_format

NAMES = IIS_FIELDS.split()
PROXY = "DateTime,MajorVersion,UrlStem,AnchorMailbox,ClientIpAddress,HttpStatus,BackEndStatus,Method"
PROXY_ROW = "2021-03-03T00:00:01.000Z,15,/ecp/x.js,ServerInfo~a]@b:444/x?#,198.51.100.7,241,,POST"


def _misfits(fields: list[str], line: str) -> set[str]:
    form, columns = line_format("w3c"), Columns(tuple(fields))
    return set(form.misfits(form.record(line.encode(), columns), columns))


@pytest.mark.parametrize(
    "line",
    [
        row(),
        row("/ecp/y.js", method="POST", query="a=1", status=241),
        row("*", method="OPTIONS"),
        row(ip="fe80::1%3"),
        row(ip="x.x.x.x"),
        row(ip="host-a.example"),
        *(row(ip=ip) for ip in ("REDACTED", "ANON", "3221225985", "10:20:30::1", "f8c1d2", "*")),
        *(row(method=method) for method in ("RPC_IN_DATA", "X-MS-ENUMATTS", "M-SEARCH", "xexch50")),
        row("-", method="ControlChannelOpened", status=0),
        row("-", method="ControlChannelClosed", status=64),
        row("-", method="OutboundConnectionResponse", query="220+mail.example.org", status=0),
        row("anonymous", method="USER", status=331),
        row("anonymous", method="[6994]USER", status=331),
        row().replace("2021-03-03", "03.03.2021").replace(" ", "\t"),
        '"2021-03-03" "00:00:01.123" "10.0.0.1" "GET" "/a b" "-" "443" "-" "::1" "a b" "-" "200" "0" "0" "5"',
        "2021-03-03 00:00:01 NULL GET /x NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL",
    ],
)
def test_rows_as_servers_and_tools_write_them_fit(line: str) -> None:
    assert _misfits(NAMES, line) == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cs-uri-stem", "cs-uri-query"),
        ("cs-uri-stem", "cs-username"),
        ("cs-uri-stem", "cs(User-Agent)"),
        ("sc-status", "sc-substatus"),
        ("sc-status", "time-taken"),
        ("sc-status", "s-port"),
        ("c-ip", "time"),
        ("c-ip", "sc-status"),
        ("c-ip", "s-port"),
        ("c-ip", "cs-method"),
        ("date", "time"),
        ("cs-method", "sc-status"),
    ],
)
def test_names_that_changed_places_are_noticed(one: str, other: str) -> None:
    swapped = [{one: other, other: one}.get(name, name) for name in NAMES]
    assert _misfits(swapped, row("/ecp/y.js", agent="Mozilla/5.0"))


@given(st.integers(1, len(NAMES) - 1))
def test_other_names_in_the_same_order_are_noticed(shift: int) -> None:
    moved = [f"x{number}" for number in range(shift)] + NAMES[: len(NAMES) - shift]
    assert _misfits(moved, row("/ecp/y.js", query="a=1")) or not {"date", "time", "cs-uri-stem"} & set(moved)


def test_columns_of_exchange_are_looked_at() -> None:
    form = DiagnosticsCsv()
    names = PROXY.split(",")
    assert not list(form.misfits(form.record(PROXY_ROW.encode(), Columns(tuple(names))), Columns(tuple(names))))
    moved = Columns(("x", *names[:-1]))
    assert set(form.misfits(form.record(PROXY_ROW.encode(), moved), moved)) == {
        *("DateTime", "MajorVersion", "UrlStem", "ClientIpAddress", "BackEndStatus"),
    }
