"""Access logs in the other formats of IIS, as Microsoft documents them and as they were published; made-up requests."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.trees import memory_artefact
from waspglass.evidence.artefact import ReaderSettings, Record
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.readers.access_log import AccessLogReader
from waspglass.model.skip import SkipReason

Found = list[tuple[int | None, datetime | None, Record]]
NCSA = '192.0.2.1 - EXAMPLE\\user [03/Mar/2021:17:39:04 -0800] "POST /ecp/y.js?a=b HTTP/1.0" 200 3401'
IIS = (
    "192.0.2.1, EXAMPLE\\user, 3/3/2021, 17:39:04, W3SVC1, MX01, 198.51.100.4, "
    "15, 163, 3401, 200, 0, POST, /ecp/y.js, a=b,"
)
W3C = "2021-03-03 17:39:04 198.51.100.4 POST /ecp/y.js a=b 443 EXAMPLE\\user 192.0.2.1 agent - 200 0 0 15"
ALL_FIELDS = (
    "2021-03-03 17:39:04 W3SVC1 MX01 198.51.100.4 POST /ecp/y.js a=b 443 EXAMPLE\\user 192.0.2.1 HTTP/1.1 agent a=b "
    "https://a.example/ mail.example.org 200 0 0 3401 163 15"
)
BOTH = {
    "c-ip": "192.0.2.1",
    "cs-username": "EXAMPLE\\user",
    "cs-method": "POST",
    "cs-uri-stem": "/ecp/y.js",
    "cs-uri-query": "a=b",
    "cs-uri": "/ecp/y.js?a=b",
    "sc-status": "200",
    "sc-bytes": "3401",
}


def read(text: str | bytes, zone: str = "UTC") -> tuple[Found, SkipReason | None]:
    found: Found = []
    content = text if isinstance(text, bytes) else text.encode()
    try:
        for place, moment, record in AccessLogReader(ReaderSettings(named_zone=ZoneInfo(zone))).records(
            memory_artefact(content)
        ):
            found.append((place.line, moment, record))
    except EvidenceReadError as fault:
        return found, fault.reason
    return found, None


@pytest.mark.parametrize(
    ("line", "utc"),
    [(NCSA, datetime(2021, 3, 4, 1, 39, 4, tzinfo=UTC)), (IIS, datetime(2021, 3, 3, 16, 39, 4, tzinfo=UTC))],
    ids=["NCSA states its zone", "IIS has that of the server"],
)
def test_each_request_is_a_record_with_the_names_of_w3c_logs(line: str, utc: datetime) -> None:
    found, fault = read(f"\ufeff{line}\r\n\r\n{line} \r\n{line}", "Europe/Berlin")
    assert fault is None
    assert [number for number, _, _ in found] == [1, 3, 4]
    for _, moment, record in found:
        assert moment == utc
        assert record.items() >= BOTH.items()


@pytest.mark.parametrize(
    "row",
    [
        W3C,
        W3C.replace(" agent - ", " agent "),
        "2021-03-03 17:39:04 W3SVC1 198.51.100.4 POST /ecp/y.js a=b 443 EXAMPLE\\user 192.0.2.1 agent 200 0 0",
        ALL_FIELDS,
    ],
    ids=["IIS 8.5 and later", "IIS 7 and 8", "IIS 6", "all fields"],
)
@pytest.mark.parametrize(
    "before", ["", "u_ex210303.log:", r"C:\inetpub\logs\LogFiles\W3SVC1\u_ex210303.log:", "./a b/u_ex210303.log:15:"]
)
def test_rows_of_w3c_logs_that_lost_their_header(row: str, before: str) -> None:
    ((_, moment, record),), fault = read(before + row)
    assert (moment, fault) == (datetime(2021, 3, 3, 17, 39, 4, tzinfo=UTC), None)
    assert record.items() >= {name: value for name, value in BOTH.items() if name != "sc-bytes"}.items()


def test_a_header_among_the_rows_names_their_columns() -> None:
    head = "u_ex210303.log:#Fields: date time c-ip cs-method cs-uri-stem sc-status x"
    row = "u_ex210303.log:2021-03-03 17:39:04 192.0.2.1 GET /a 200 y"
    found, fault = read(f"u_ex210303.log:#Software: IIS\n{head}\n{row}\n---------- U_EX210304.LOG\n{W3C}\n")
    assert [(record["cs-uri-stem"], record.get("x")) for _, _, record in found] == [("/a", "y"), ("/ecp/y.js", None)]
    assert fault is None
    assert read(row)[1] is SkipReason.CUT_LINE


@pytest.mark.parametrize("said", [":#Date:", "x:#Fields:", "u_ex.log:#Software:"])
def test_what_a_visitor_says_of_himself_is_no_header(said: str) -> None:
    row = f"2021-03-20 07:55:20 198.51.100.45 GET /a.gif - 443 - 192.0.2.1 {said} - 200 0 0 31"
    found, fault = read(f"{row}\nu_ex.log:{row}\n")
    assert ([record["cs(User-Agent)"] for _, _, record in found], fault) == ([said, said], None)


@pytest.mark.parametrize(
    "row", [W3C + " 192.0.2.7", W3C.replace("POST", "/"), W3C.replace("192.0.2.1", "443"), W3C.replace("200", "x")]
)
def test_rows_whose_columns_are_not_known_are_told(row: str) -> None:
    assert read(f"{W3C}\n{row}\n")[1] is SkipReason.MALFORMED_LINE


def test_a_visitor_cannot_make_a_row_out_of_a_line_of_another_format() -> None:
    for line in (NCSA.replace("/ecp/y.js?a=b HTTP/1.0", f"/x:{W3C}"), IIS.replace("/ecp/y.js", f"/x:{W3C}")):
        ((_, _, record),), fault = read(line)
        assert (record["cs-uri-stem"].startswith("/x:2021"), fault) == (True, None)


@pytest.mark.parametrize(("day", "month"), [("03/04/21", 3), ("3/4/2021", 3), ("12/04/21", 12)])
def test_the_month_stands_first_in_the_iis_format(day: str, month: int) -> None:
    ((_, moment, _),), _ = read(IIS.replace("3/3/2021", day))
    assert moment is not None
    assert (moment.year, moment.month, moment.day) == (2021, month, 4)


@pytest.mark.parametrize("stem", ["/a, b.aspx", "/,.aspx", "/a,b, c, d.aspx", "/a b", f"/a [{NCSA.partition('[')[2]}"])
def test_a_path_of_the_iis_format_may_hold_what_separates(stem: str) -> None:
    for query in ("-", "x=1,2"):
        ((_, _, record),), fault = read(IIS.replace("/ecp/y.js, a=b", f"{stem}, {query}"))
        assert fault is None
        assert (record["cs-uri-stem"], record.get("cs-uri-query", "-")) == (stem, query)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("GET / HTTP/1.1", {"cs-uri-stem": "/", "cs-version": "HTTP/1.1"}),
        ("GET /old", {"cs-uri-stem": "/old", "cs-method": "GET"}),
        ("GET /a b.aspx?x HTTP/1.1", {"cs-uri-stem": "/a b.aspx", "cs-uri-query": "x"}),
        ('GET /a"b.aspx HTTP/1.1', {"cs-uri-stem": '/a"b.aspx'}),
        (r"GET /a\"b.aspx HTTP/1.1", {"cs-uri-stem": r"/a\"b.aspx"}),
        (r"GET /a\" 200 1 HTTP/1.1", {"cs-uri-stem": r"/a\" 200 1", "sc-status": "404"}),
        ('GET /a" 200 5 "-" "b HTTP/1.0', {"cs-uri-stem": '/a" 200 5 "-" "b', "sc-status": "404"}),
        ("GET \\", {"cs-uri-stem": "\\"}),
        ("-", {"sc-status": "404"}),
    ],
)
def test_odd_requests(request_: str, expected: dict[str, str]) -> None:
    line = f'::1 - - [03/Mar/2021:17:39:04 +0000] "{request_}" 404 -'
    ((_, moment, record),), fault = read(line)
    assert fault is None
    assert moment == datetime(2021, 3, 3, 17, 39, 4, tzinfo=UTC)
    assert record.items() >= expected.items()
    assert "sc-bytes" not in record


def test_what_apache_and_nginx_add() -> None:
    ((_, _, record),), _ = read(NCSA + ' "https://a.example/x" "Sample agent/1.0 (x)" "203.0.113.7"')
    assert record["cs(Referer)"] == "https://a.example/x"
    assert record["cs(User-Agent)"] == "Sample agent/1.0 (x)"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("something else", SkipReason.MALFORMED_LINE),
        (IIS.rsplit(", ", 3)[0], SkipReason.MALFORMED_LINE),
        (IIS.removesuffix(", a=b,"), SkipReason.MALFORMED_LINE),
        (NCSA.replace("03/Mar", "31/Feb"), SkipReason.BAD_TIME),
        (NCSA.replace("Mar", "Mrz"), SkipReason.BAD_TIME),
        (NCSA.replace("-0800", "-9900"), SkipReason.BAD_TIME),
        (IIS.replace("3/3/2021", "13/3/2021"), SkipReason.BAD_TIME),
        (IIS.replace("3/3/2021", "3/3/0001"), SkipReason.BAD_TIME),
        (NCSA.replace("/ecp", "/" + "a" * 300_000), SkipReason.LINE_TOO_LONG),
    ],
)
def test_lines_that_cannot_be_read_are_counted_and_hide_no_other(line: str, reason: SkipReason) -> None:
    found, fault = read(f"{NCSA}\n{line}\n{IIS}\n")
    assert fault is reason
    assert {number for number, _, _ in found} >= {1, 3}
    with pytest.raises(EvidenceReadError, match=rf"\({reason.value}: 2\)"):
        list(AccessLogReader().records(memory_artefact(f"{line}\n{NCSA}\n{line}\n".encode())))


@pytest.mark.parametrize("line", [NCSA, IIS])
@pytest.mark.parametrize("end", ["", "\0\0\0"])
def test_a_cut_line_at_the_end_is_told_as_such(line: str, end: str) -> None:
    """It is there in most logs of a server that runs, and hides a request at most."""
    found, fault = read(f"{line}\r\n{line[:70]}{end}")
    assert (len(found), fault) == (1, SkipReason.CUT_LINE)


@given(
    st.lists(
        st.one_of(st.text(max_size=60), st.sampled_from([NCSA, IIS, "\0", '" 200 1', " [", ", " * 20])), max_size=8
    )
)
def test_whatever_stands_there_is_a_record_or_counted(pieces: list[str]) -> None:
    text = "".join(pieces)
    found, fault = read(text.encode("utf-8", "surrogatepass"))
    lines = [line for line in text.encode("utf-8", "surrogatepass").split(b"\n") if line.strip(b"\r\n\0 \xef\xbb\xbf")]
    assert len(found) <= len(lines)
    assert len(found) == len(lines) or fault is not None
