"""Quirks of real logs, each in its smallest form."""

# ruff: noqa: E501 - lines of logs, one a line

from __future__ import annotations

import csv
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import artefact, both, rules_of, sigma
from waspglass.evidence.artefact import Columns, LineFormat, Record
from waspglass.evidence.errors import MalformedLineError
from waspglass.evidence.format import FORMATS
from waspglass.evidence.formats.diagnostics_csv import event_items
from waspglass.evidence.formats.moments import moment
from waspglass.evidence.formats.registry import line_format
from waspglass.model.errors import UsageError

W3C = line_format("w3c")
CSV = line_format("diagnostics_csv")
EVENTS = line_format("event_json")


def read(form: LineFormat, *lines: bytes) -> list[tuple[Record, datetime | None]]:
    columns = form.implied
    rows = []
    for line in lines:
        if form.header_starts and line.startswith(form.header_starts):
            columns = form.header(line, columns)
        else:
            assert columns is not None
            record = form.record(line, columns)
            rows.append((record, form.time(record, columns)))
    return rows


def test_w3c_joins_the_uri_and_leaves_empty_values_out() -> None:
    (record, time), = read(W3C, b"#Fields: date time cs-uri-stem cs-uri-query cs-username", b"2021-03-03 01:02:03 /a q=1 -\r")  # fmt: skip
    assert record == {"date": "2021-03-03", "time": "01:02:03", "cs-uri-stem": "/a", "cs-uri-query": "q=1", "cs-uri": "/a?q=1"}  # fmt: skip
    assert time == datetime(2021, 3, 3, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize("line", [b"2021-03-03 00:00:01  /a x", b"2021-03-03\t00:00:01\t/a\tx"])
def test_w3c_reads_double_blanks_and_tabs(line: bytes) -> None:
    ((record, _),) = read(W3C, b"\xef\xbb\xbf#Fields: date time cs-uri-stem cs-method ", line)
    assert record["cs-uri-stem"] == "/a"
    assert record["cs-method"] == "x"


AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) (KHTML, like Gecko) Sample/1.0"


@pytest.mark.parametrize("mark", [" ", "\t"])
@pytest.mark.parametrize(
    "agent", [AGENT, "plain", "with two  blanks", *(("x " * count).strip() for count in range(2, 14))]
)
def test_w3c_reads_the_quoted_values_of_advanced_logging(mark: str, agent: str) -> None:
    """However many blanks a visitor puts into a value: with as many as there are columns the row looked like a plain one."""
    values = ["2021-03-03", "00:00:01.125", "/a.aspx", "-", '"C:\\inetpub\\a.aspx"', "200", f'"{agent}"', '"WFE01"']
    names = "date time cs-uri-stem cs-uri-query s-contentpath sc-status cs(User-Agent) s-computername"
    ((record, time),) = read(W3C, f"#Fields:  {names}".encode(), mark.join(values).encode())
    assert time == datetime(2021, 3, 3, 0, 0, 1, 125000, tzinfo=UTC)
    assert (record["cs-uri-stem"], record["sc-status"], record["s-computername"].strip('"')) == (
        "/a.aspx",
        "200",
        "WFE01",
    )
    assert record["cs(User-Agent)"].strip('"') == agent.replace(" ", "+")
    assert "cs-uri-query" not in record


@pytest.mark.parametrize("tail", [b'"', b'" ', b'"x', b'"x"y', b'""', b'"' * 9, b'x"y z"', b'"a b" "c d'])
def test_w3c_never_takes_quotes_that_do_not_add_up_for_more_than_they_are(tail: bytes) -> None:
    columns = W3C.header(b"#Fields: date time cs-uri-stem cs(User-Agent)", None)
    assert columns is not None
    try:
        record = W3C.record(b"2021-03-03 00:00:01 /a " + tail, columns)
    except MalformedLineError:
        return
    assert record["cs-uri-stem"] == "/a"


def test_w3c_takes_the_date_of_rows_without_one_from_the_header_in_force() -> None:
    rows = read(W3C, b"#Date: 2013-07-30 00:00:00", b"#Fields: time a", b"00:00:03 x", b"#Date: 2013-07-31 00:00:00", b"00:00:04 x")  # fmt: skip
    assert [time.day for _, time in rows if time is not None] == [30, 31]


@pytest.mark.parametrize(
    "line", [b"#Version: 1.0", b"#Version: 15.01.2176.002", b"#Log-type: OWA Logs", b"#Software: x", b"#"]
)
@pytest.mark.parametrize("form", [W3C, CSV])
def test_what_a_header_says_besides_columns_and_date_changes_nothing(form: LineFormat, line: bytes) -> None:
    """Each change drops what the scan remembers of the lines before; services write this block once an hour."""
    columns = form.header(b"#Fields: date,time", None)
    assert form.header(line, columns) is columns
    assert form.header(line, None) is None
    assert not any(line.lower().startswith(start) for start in form.directives)


def test_a_long_cell_is_read_and_leaves_the_bound_of_others_alone() -> None:
    """An export of the offline address book was read or not by what had been imported before."""
    before = csv.field_size_limit()
    ((record, _),) = read(CSV, b"DateTime,a,b", b'2021-03-03T01:00:00Z,"x, y","' + b"z" * 900_000 + b'"')
    assert len(record["b"]) == 900_000
    assert csv.field_size_limit() == before == 131_072


def test_what_is_no_time_is_not_remembered_whatever_its_length() -> None:
    """A log of rows whose first cell has a megabyte; 4,096 of them were kept."""
    tracemalloc.start()
    try:
        assert not any(moment(f"{number}{'x' * 1_000_000}") for number in range(50))
        assert moment("2021-03-03T04:05:06.123456789+01:00") == datetime(2021, 3, 3, 3, 5, 6, 123456, tzinfo=UTC)
        assert tracemalloc.get_traced_memory()[0] < 5_000_000
    finally:
        tracemalloc.stop()


def test_local_dates_are_read() -> None:
    ((_, time),) = read(W3C, b"#Fields: date time", b"03.03.2021 04:05:06")
    assert time == datetime(2021, 3, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize("line", [b"2021-03-03", b"a b c d", b"\xff\x00"])
def test_w3c_refuses_rows_that_do_not_fit(line: bytes) -> None:
    with pytest.raises(MalformedLineError):
        W3C.record(line, Columns(names=("date", "time", "x")))


def test_csv_takes_its_columns_from_a_bare_row_or_from_fields_and_may_change_them() -> None:
    rows = read(CSV, b"DateTime,A", b"2021-03-03T00:00:00.5Z,x", b"#Fields: DateTime,A,B", b'2021-03-03T00:00:01Z,"a ""b"", c",')  # fmt: skip
    assert [row.get("A") for row, _ in rows] == ["x", 'a "b", c']
    assert rows[0][1] == datetime(2021, 3, 3, 0, 0, 0, 500_000, tzinfo=UTC)


def test_csv_keeps_what_it_has_of_a_record_that_is_cut_inside_quotes() -> None:
    ((record, _),) = read(CSV, b"#Fields: DateTime,A,B,C", b'2021-03-03T00:00:00Z,x,"cut')
    assert record["A"] == "x"
    assert record["B"] == "cut"
    with pytest.raises(MalformedLineError):
        CSV.record(b'rest of it",c', Columns(names=("DateTime", "A", "B", "C")))


def test_event_data_items_are_fields() -> None:
    data = "S:TIME=13;S:CMD='Set-X.Url=''http://f/<s>;a''';S:EX=;Dbl:T=1;S:URL=/ecp/?a=b"
    assert event_items(data) == {"time": "13", "cmd": "Set-X.Url='http://f/<s>;a'", "t": "1", "url": "/ecp/?a=b"}
    assert event_items("S:CMD=x'y;S:URL=/a") == {"cmd": "x'y", "url": "/a"}


@pytest.mark.parametrize(("column", "found"), [("cmd", 0), ("other", 5)])
def test_an_item_stands_in_for_no_column_of_its_name(column: str, found: int) -> None:
    """The scan remembers what it decided of rows whose cells are the same in the columns that a rule asks for."""
    keys = ["CMD" if number % 10 == 9 else "T" for number in range(50)]
    rows = [f"TimeStamp,{column},note,EventData", *(f"2021-03-03T00:00:00Z,,Set-X,S:{key}=Set-X" for key in keys), ""]
    rule = sigma("s: {cmd: Set-X}\ncondition: s", logsource="product: exchange, service: ecp-server")
    assert len(both([artefact("ecp-server", "\n".join(rows))], rules_of(rule)).findings) == found


@pytest.mark.parametrize(
    "line",
    [
        b'{"Channel":"Security","EventID":4688,"SourceName":"S","NewProcessName":"x"}',
        b'{"winlog":{"channel":"Security","event_id":4688,"provider_name":"S","event_data":{"NewProcessName":"x"}}}',
        b'{"Event":{"System":{"Channel":"Security","EventID":{"#text":4688},"Provider":{"#attributes":{"Name":"S"}}},"EventData":{"NewProcessName":"x"}}}',
    ],
)
def test_all_shapes_of_events_give_the_same_fields(line: bytes) -> None:
    ((record, _),) = read(EVENTS, line)
    assert record == {"Channel": "Security", "EventID": "4688", "Provider_Name": "S", "NewProcessName": "x"}


def test_an_event_in_a_code_page_is_read_but_for_its_letters() -> None:
    ((record, _),) = read(EVENTS, '{"EventID":1,"CommandLine":"cmd /c Müller"}'.encode("cp1252"))
    assert record["CommandLine"] == "cmd /c M\ufffdller"
    with pytest.raises(MalformedLineError):
        EVENTS.record('{"EventID":1,"Mü'.encode("cp1252"), Columns())


@pytest.mark.parametrize("name", [name for name, one in FORMATS.items() if one.lines])
@given(st.binary(max_size=200), st.text(max_size=40))
def test_hostile_bytes_are_malformed_or_read_but_never_a_crash(name: str, line: bytes, literal: str) -> None:
    form = line_format(name)
    columns = form.header(line, form.implied) or Columns(names=("date", "time", "EventData"))
    try:
        record = form.record(line, columns)
    except MalformedLineError:
        return
    form.time(record, columns)
    runs = form.raw_forms(literal)
    assert all(isinstance(one, bytes) for forms in runs for one in forms)


def test_real_logs_with_quirks_are_read(shared_data: Path) -> None:
    for path in sorted((shared_data / "iis-quirks").glob("*.log")):
        rows = read(W3C, *(line for line in path.read_bytes().split(b"\n") if line.strip()))
        assert rows
        assert all(time is not None for _, time in rows), path.name


def test_an_unknown_format_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        line_format("nonesuch")
