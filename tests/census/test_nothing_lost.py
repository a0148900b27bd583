"""Each line of an export becomes a row or is counted, once: values of any kind in any field, blocks cut anywhere."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.census.blocks import Bytes
from tests.census.exports import COLUMNS_2021
from waspglass.census.normalise import Filing, normalise
from waspglass.census.sighting import Tally
from waspglass.census.sources.mapped_json import MappedJson
from waspglass.census.sources.mapping import read_mapping
from waspglass.census.sources.shadowserver import Shadowserver
from waspglass.census.sources.shodan import Shodan
from waspglass.census.sources.source import Head, Source
from waspglass.model.skip import SkipReason

DAY = dt.date(2021, 3, 9)
LOST = (SkipReason.MALFORMED_LINE, SkipReason.TRUNCATED, SkipReason.LINE_TOO_LONG, SkipReason.EMPTY)
ADDRESSES = st.sampled_from(
    ["192.0.2.1", "2001:DB8::1", "::ffff:192.0.2.7", " 192.0.2.3 ", "[2001:db8::2]", "fe80::1%eth0", "300.1.1.1",
     "192.0.2.01", "192.0.2.1/24", "x", ""]
)  # fmt: skip
TIMES = st.sampled_from(
    ["2021-03-09T10:00:00.123456", "2021-03-09T23:30:00-05:00", "2021-03-09T10:00:00 CST", "1999-01-01T00:00:00",
     "2099-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2021-02-30T00:00:00", "2021-03-09", "1615284000", ""]
)  # fmt: skip
VERSIONS = st.sampled_from(["15.1.2176.2", "15.1.2176", "1.2.3.4.5", "=cmd", "\u0663.1.2.3", ""])
ANY: st.SearchStrategy[object] = st.one_of(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=6) | st.just([]) | st.just({}),
    st.lists(st.text(max_size=3), max_size=2),
)
NAMES = st.sampled_from(["A.Example.", "10.0.0.1", "*.x.example", "\x1b[2J", "a..b"])
BANNER = st.fixed_dictionaries(
    {},
    optional={
        "ip_str": ADDRESSES,
        "port": st.integers(-5, 70_000) | ANY,
        "timestamp": TIMES | ANY,
        "hostnames": st.lists(NAMES, max_size=3) | ANY,
        "data": VERSIONS.map("HTTP/1.1 200\r\nX-OWA-Version: {}\r\n".format) | ANY,
        "asn": st.sampled_from(["AS64496", "as1", "AS0", "AS99999999999", 5]) | ANY,
        **dict.fromkeys(("transport", "org", "location", "http", "ssl", "vulns", "opts", "tags", "cpe23"), ANY),
    },
)
ODD_LINES = st.sampled_from(
    [
        "",
        "  ",
        "\r",
        "{",
        "[]",
        "null",
        "{}",
        '{"ip_str":"192.0.2.1"',
        '{"port":1}{"port":2}',
        '{"ip_str":"192.0.2.9"}\r',
    ]
)
REPORT = COLUMNS_2021.split(",")
CELLS = st.sampled_from(["", "x", '"a,b"', '"a""b"', "=cmd", "\x00", "443", "\x1b[1m", "\u00e9", "-1", "99999"])


def read(source: Source, content: bytes, size: int, day: dt.date | None) -> tuple[list[dict[str, object]], int]:
    """The sightings, and how many lines were counted instead."""
    tally, rows = Tally("x"), []
    head = Head("2021-03-09-scan_exchange-x.csv", content)
    for raw in source.read(Bytes(content, size), head, tally):  # type: ignore[arg-type]  # has what readers use
        filing = Filing("x", day, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        rows += normalise(raw, filing, tally).to_pylist()
    lost = sum(tally.counts[reason] for reason in LOST)
    return rows, lost + (tally.counts[SkipReason.BAD_TIME] if day is None else 0)


def plain(address: str) -> str | None:
    """The address by the standard library."""
    try:
        found = ipaddress.ip_address(address.strip().strip("[]"))
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        return None if found.scope_id else str(found.ipv4_mapped or found)
    return str(found)


@given(
    lines=st.lists(BANNER.map(json.dumps) | ODD_LINES, max_size=8),
    size=st.integers(1, 90),
    day=st.sampled_from([DAY, None]),
    end=st.sampled_from(["", "\n"]),
)
def test_shodan(lines: list[str], size: int, day: dt.date | None, end: str) -> None:
    rows, lost = read(Shodan(), ("\n".join(lines) + end).encode(), size, day)
    assert len(rows) + lost == sum(1 for line in lines if line.strip())
    for row in rows:
        banner = json.loads(lines[int(str(row["line"])) - 1])
        port = banner.get("port")
        assert row["address"] == plain(banner["ip_str"])
        assert row["port"] == (port if isinstance(port, int) and 0 < port < 65_536 and port is not True else None)


@given(
    found=st.lists(
        st.fixed_dictionaries({"ip": ADDRESSES, "timestamp": TIMES, "version": VERSIONS}, optional={"geo": CELLS})
        | st.sampled_from(["", "a,b", ",", "," * 14, ",".join(REPORT), "\r"]),
        max_size=8,
    ),
    size=st.integers(1, 300),
    day=st.sampled_from([DAY, None]),
)
def test_shadowserver(found: list[dict[str, str] | str], size: int, day: dt.date | None) -> None:
    lines = [each if isinstance(each, str) else ",".join(each.get(name, "") for name in REPORT) for each in found]
    rows, lost = read(Shadowserver(), "\n".join([",".join(REPORT), *lines, ""]).encode(), size, day)
    assert len(rows) + lost == sum(1 for line in lines if line.strip("\r,"))
    for row in rows:
        cells = found[int(str(row["line"])) - 2]
        assert isinstance(cells, dict)
        assert row["address"] == plain(cells["ip"])


@given(
    found=st.lists(st.tuples(ADDRESSES, st.lists(st.dictionaries(st.text(max_size=3), ANY, max_size=3), max_size=3))),
    size=st.integers(1, 200),
)
def test_declared_lists_of_services(found: list[tuple[str, list[dict[str, object]]]], size: int) -> None:
    lines = [json.dumps({"ip": address, "timestamp": "1615284000", "ports": ports}) for address, ports in found]
    rows, lost = read(MappedJson(read_mapping(Path("masscan"))), "\n".join([*lines, ""]).encode(), size, DAY)
    assert len(rows) + lost == sum(max(len(ports), 1) for _, ports in found)
