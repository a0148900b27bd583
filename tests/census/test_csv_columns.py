"""CSV read a block at once is CSV read row by row, with the same numbers and skips; so are Shadowserver's rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.census.blocks import Bytes
from tests.census.exports import COLUMNS_TODAY
from waspglass.census.errors import ExportError
from waspglass.census.sighting import RAW, Tally
from waspglass.census.signs import load_signs
from waspglass.census.sources import csv_columns as module
from waspglass.census.sources import shadowserver
from waspglass.census.sources.csv_columns import csv_columns
from waspglass.census.sources.csv_rows import CELL_LIMIT, CsvLines, Header
from waspglass.census.sources.shadowserver import Shadowserver
from waspglass.census.sources.source import Head
from waspglass.model.errors import Location
from waspglass.model.skip import SkipReason

Rows = list[tuple[int, dict[str, str]]]


def at_once(text: bytes, size: int, delimiter: str = ",", encoding: str = "utf-8") -> tuple[Rows | str, Tally]:
    tally = Tally("x")
    rows: Rows = []
    try:
        for piece in csv_columns(Bytes(text, size), tally, delimiter, encoding):  # type: ignore[arg-type]  # as below
            assert {*map(len, piece.cells.values())} == {len(piece.numbers)}
            rows += piece.rows()
    except ExportError as error:
        return str(error), tally
    return rows, tally


def csv_rows(
    content: Bytes, tally: Tally, delimiter: str = ",", encoding: str = "utf-8"
) -> Iterator[tuple[int, dict[str, str]]]:
    """The same in the plainest way: row by row."""
    old_limit = csv.field_size_limit(CELL_LIMIT)
    lines = CsvLines(content, tally, encoding)  # type: ignore[arg-type]  # has what the reader uses
    reader, header = csv.reader(lines, delimiter=delimiter), Header(tally, delimiter)
    try:
        while True:
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                tally.add(SkipReason.MALFORMED_LINE, f"line {lines.number}: {error}")
                continue
            if header.admits(row, lines.number):
                yield lines.number, dict(zip(reversed(header.names), reversed(row), strict=True))
        if not header.names:
            raise ExportError("there is no header line", location=Location("x", 1))
    finally:
        csv.field_size_limit(old_limit)


def one_by_one(text: bytes, size: int, delimiter: str = ",", encoding: str = "utf-8") -> tuple[Rows | str, Tally]:
    tally = Tally("x")
    try:
        return list(csv_rows(Bytes(text, size), tally, delimiter, encoding)), tally
    except ExportError as error:
        return str(error), tally


LINES = st.sampled_from(
    ["a,b,c", "1,2,3", '"1","2","3"', '"x,y",2,"z ""q"""', ",,", "", " ", "1,2", "1,2,3,4", " A ,b,C", '"1\n2",3,4',
     '"', '""', '1,"2,3', '1,2"x"y,3', "1,2,3\r", "\r", "1\r2,3,4", "\0,\0end,", "\0end", "\xe9,\u2028,\U0001f600",
     '1,2,"3"x', "b,b,c", "," * 3, '"a","b","c"']
)  # fmt: skip
TEXTS = st.tuples(
    st.sampled_from(["a,b,c", '"A"," b ",c', "a,a,b", "", "x"]),
    st.lists(LINES, max_size=14),
    st.sampled_from([b"", b"\n", b"\r\n"]),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.none() | st.tuples(st.integers(0, 60), st.sampled_from([b"\xff", b"\x00", b'"'])),
)


def written(parts: tuple[str, list[str], bytes, bytes, tuple[int, bytes] | None]) -> bytes:
    header, lines, end, mark, damage = parts
    text = mark + "\n".join([header, *lines]).encode() + end
    return text if damage is None else text[: damage[0]] + damage[1] + text[damage[0] :]


@given(TEXTS.map(written), st.integers(1, 60), st.sampled_from([1, 20, 1 << 20]))
def test_a_block_at_once_is_its_rows_one_by_one(text: bytes, size: int, held: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_HELD", held)
        assert at_once(text, size) == one_by_one(text, size)


def test_few_rows_are_held_if_they_are_long() -> None:
    text = b"a,b\n" + (b'1,"\n' + b"x" * 500_000 + b'"\n1,2,3\n') * 9
    pieces = csv_columns(Bytes(text, 1 << 18), Tally("x"))  # type: ignore[arg-type]  # as above
    assert [len(piece.numbers) for piece in pieces] == [3, 3, 3]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), min_size=3, max_size=3)))
def test_plain_cells_are_read_as_they_are(cells: list[list[str]]) -> None:
    text = "a,b,c\n" + "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in cells)
    assert at_once(text.encode(), 50) == one_by_one(text.encode(), 50)


def test_blocks_of_plain_rows_are_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"a,b,c\n" + b'1,"2,x",3\r\n' * 50
    expected = one_by_one(text, 100)
    admits = Header.admits

    def only(header: Header, row: list[str], number: int) -> bool:
        assert not header.names or number < 15, "a row by itself beyond the first block"
        return admits(header, row, number)

    monkeypatch.setattr(Header, "admits", only)
    assert at_once(text, 100) == expected


@pytest.mark.parametrize("size", [100, 1 << 20])
def test_cells_beyond_the_limit_are_counted(size: int) -> None:
    text = b"a,b\n1,2\n" + b"x" * (1 << 21) + b',3\n4,5\n"' + b"y\n" * (1 << 20) + b'",6\n7,8\n'
    found = at_once(text, size)
    assert found == one_by_one(text, size)
    assert found[1].counts.total() > 1


ROWS = st.fixed_dictionaries(
    {"ip": st.sampled_from(["192.0.2.1", "", "2001:db8::1"]), "timestamp": st.just("2021-03-09 00:11:30")},
    optional={
        "port": st.sampled_from(["443", " 443 ", "", "-1", "100000", "\u0664", "x"]),
        "protocol": st.sampled_from(["", "udp"]),
        "tag": st.sampled_from(["exchange;cve-2021-26855", "a, WebShell", "", ";", "CVE-2025-53770", "backdoor;cve-x"]),
        "status": st.sampled_from(["vulnerable", " Not vulnerable", "compromised", "not compromised", "", "patched"]),
        "detail": st.sampled_from(["has CVE-2021-26855 and cve-2021-27065", "", "CVE-1"]),
        "version": st.sampled_from(["15.1.2176.2", ""]),
        "hostname": st.sampled_from(["mail.example.org", ""]),
        "as_name": st.sampled_from(["A", ""]),
        "organization_name": st.sampled_from(["B", ""]),
        "geo": st.sampled_from(["DE", ""]),
        "sector": st.just("S"),
        "url": st.just("/x"),
        "servername": st.just("EX1"),
    },
)


@given(TEXTS.map(written), st.integers(1, 60), st.sampled_from(";\t"))
def test_with_any_delimiter(text: bytes, size: int, delimiter: str) -> None:
    text = text.replace(b",", delimiter.encode())
    assert at_once(text, size, delimiter) == one_by_one(text, size, delimiter)


@given(TEXTS.map(written), st.integers(1, 60), st.sampled_from(["cp1252", "cp037", "shift_jis", "utf-16", "utf-7"]))
def test_in_any_encoding(text: bytes, size: int, encoding: str) -> None:
    assert at_once(text, size, encoding=encoding) == one_by_one(text, size, encoding=encoding)


@given(
    st.lists(ROWS, min_size=1, max_size=8),
    st.sampled_from(["2021-03-09-scan_exchange-x.csv", "2021-03-09-special-x.csv"]),
    st.integers(1, 5),
    st.sets(st.sampled_from([*COLUMNS_TODAY.split(","), "status", "detail", "as_name", "organization_name"])),
)
def test_shadowserver_by_columns_is_row_by_row(
    rows: list[dict[str, str]], name: str, batch: int, absent: set[str]
) -> None:
    header = sorted({*COLUMNS_TODAY.split(","), *(key for row in rows for key in row)} - absent) or ["ip"]
    lines = [",".join(header), *(",".join(f'"{row.get(key, "")}"' for key in header) for row in rows)]
    text, tally, skips = "\n".join(lines).encode(), Tally("x"), Tally("x")
    head = Head(name, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shadowserver, "BATCH_ROWS", batch)
        frames = list(Shadowserver().read(Bytes(text, 99), head, tally))  # type: ignore[arg-type]  # as above
    feed = Shadowserver().feed(head).removeprefix("shadowserver.")
    cells = csv_rows(Bytes(text, 99), skips)
    expected = [dict.fromkeys(RAW.names) | naive_row(number, row, feed) for number, row in cells]
    assert [row for frame in frames for row in frame.to_dicts()] == expected
    assert tally == skips


def naive_row(number: int, cells: dict[str, str], feed: str) -> dict[str, object]:
    """What the documentation says of a row, in the plainest way."""
    tags = [tag.strip().lower() for tag in re.split("[;,]", cells.get("tag", "")) if tag.strip()]
    named = [cve.lower() for cve in re.findall(r"(?i)\bCVE-\d{4}-\d{4,7}\b", cells.get("detail", ""))]
    status = cells.get("status", "").strip().lower()
    denied = status.startswith(shadowserver._DENIALS) or " not " in status
    claimed = {tag for tag in [*tags, *(named if "vulnerable" in status else [])] if tag.startswith("cve-")}
    shell = any(word in tag for tag in tags for word in ("webshell", "web-shell", "backdoor"))
    port = cells.get("port", "").strip()
    signs = load_signs()
    return {
        "line": number,
        "address": cells.get("ip"),
        "port": int(port) if re.fullmatch("[0-9]{1,5}", port) else None,
        "transport": cells.get("protocol") or "tcp",
        "seen": cells.get("timestamp"),
        "country": cells.get("geo"),
        "region": cells.get("region"),
        "city": cells.get("city"),
        "asn": cells.get("asn"),
        "organisation": cells.get("as_name") or cells.get("organization_name") or None,
        "sector": cells.get("sector"),
        "product": signs.product_of_feed(feed) or signs.product_of_tags([*tags, *named]),
        "version": cells.get("version") or None,
        "version_from": "field" if cells.get("version") else None,
        "claimed": None if denied else sorted(claimed) or None,
        "compromise": "webshell" if shell else status if "compromised" in status and not denied else None,
        "names": [cells["hostname"]] if cells.get("hostname") else None,
        "server_name": cells.get("servername"),
        "url": cells.get("url"),
    }
