"""Banners read in pieces, by columns and in a second thread are those of a reader that takes row after row."""

from __future__ import annotations

import json

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.census.blocks import Bytes
from tests.census.exports import PATCHED, UNDECIDABLE, VULNERABLE, banner
from waspglass.census.sighting import RAW, Tally
from waspglass.census.signs import Sign, load_signs
from waspglass.census.sources import shodan
from waspglass.census.sources.lines import whole_lines
from waspglass.census.sources.shodan import Shodan
from waspglass.census.sources.source import Head
from waspglass.model.skip import SkipReason


def naive(text: bytes) -> tuple[list[dict[str, object]], Tally]:
    """Line by line, and of each line the fields one by one."""
    rows, tally = [], Tally("x")
    lines = text.split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            found = msgspec.json.decode(line, type=shodan._Banner)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if line.strip():
                cut = number == len(lines) and "truncated" in str(error)
                tally.add(SkipReason.TRUNCATED if cut else SkipReason.MALFORMED_LINE, f"line {number}: {error}")
            continue
        rows.append(dict.fromkeys(RAW.names) | naive_row(number, found))
    return rows, tally


def naive_row(number: int, found: shodan._Banner) -> dict[str, object]:
    place, http = found.location or shodan._Location(), found.http or shodan._Http()
    head = found.data or ""
    for name, value in (http.headers or {}).items():
        for one in value if isinstance(value, list) else [value]:
            head += "" if one is None else f"\n{name}: {one}"
    sign = load_signs().read(head, http.html or "")
    if sign is None:
        product = load_signs().product_of(http.title, found.cpe23 or found.cpe)
        if product is not None:
            of_it = found.version is not None and product in (found.product or "").lower().replace(" ", "")
            server = load_signs().by_name[product].server_name(load_signs().values(head))
            version, origin = (str(found.version), "field") if of_it else (None, None)
            sign = Sign(product, version, origin, server)
    certificate = found.ssl.cert if found.ssl else None
    prints = certificate.fingerprint if certificate else None
    names = list(found.hostnames or [])
    common = certificate.subject.CN if certificate and certificate.subject else None
    tested = (found.opts.vulns if found.opts else None) or []
    verified = [name for name in tested if not name.startswith("!")]
    marked = found.vulns if isinstance(found.vulns, dict) else {}
    return {
        "line": number,
        "address": found.ip_str or found.ipv6,
        "port": found.port if found.port is None or -(2**63) <= found.port < 2**63 else None,
        "transport": found.transport,
        "seen": found.timestamp,
        "country": place.country_code,
        "region": place.region_code,
        "city": place.city,
        "asn": None if found.asn is None else str(found.asn),
        "network": found.isp,
        "organisation": found.org,
        "verified": [*verified, *(n for n, each in marked.items() if each.verified and n not in verified)] or None,
        "refuted": [name[1:] for name in tested if name.startswith("!")] or None,
        "compromise": next((tag for tag in ("webshell", "compromised") if tag in (found.tags or [])), None),
        "certificate": prints.sha256 if prints else None,
        "names": names if common is None or common in names else [*names, common],
        "product": "honeypot" if "honeypot" in (found.tags or []) else sign and sign.product,
        "version": sign and sign.version,
        "version_from": sign and sign.origin,
        "server_name": sign and sign.server_name,
    }


LINES = st.one_of(
    st.builds(
        banner,
        st.sampled_from(["192.0.2.1", "2001:db8::1", "", None]),
        st.sampled_from([VULNERABLE, PATCHED, UNDECIDABLE, None]),
    ).flatmap(
        lambda one: st.fixed_dictionaries(
            {},
            optional={
                "http": st.sampled_from(
                    [
                        None,
                        {},
                        {"title": "Outlook"},
                        {"title": "x", "html": "<a href='\\/owa\\/15.1.2176\\/'>"},
                        {"headers": {"X-FEServer": "EX\u00e91", "X-OWA-Version": ["15.1.2176.2"], "a": 1.5}},
                        {"html": 5},
                        {"html": "\u00e9\u2028/ecp/15.2.792/\ud83d\ude00"},
                    ]
                ),
                "cpe23": st.sampled_from([None, [], ["cpe:2.3:a:microsoft:sharepoint_server"], [1], "x"]),
                "cpe": st.sampled_from(["a:microsoft:exchange_server", ["b"], None]),
                "product": st.sampled_from(["Microsoft Exchange smtpd", "Share Point", None, 3]),
                "version": st.sampled_from(["15.1.2176.2", 15.1, 15, None, [], "", 10**400]),
                "opts": st.sampled_from([None, {"vulns": ["!CVE-2021-26855", "CVE-2021-27065"]}, {"vulns": "x"}]),
                "vulns": st.sampled_from([["CVE-1"], {"CVE-2021-26855": {"verified": True}}, {"CVE-2": {}}, {"a": 1}]),
                "tags": st.sampled_from([["compromised"], ["honeypot"], ["webshell", "compromised"], [], [None]]),
                "ssl": st.sampled_from(
                    [None, {"cert": {"fingerprint": {"sha256": "a" * 64}, "subject": {"CN": "m.example"}}}, {"cert": 1}]
                ),
                "hostnames": st.sampled_from([["m.example", "n.example"], None, {}]),
                "asn": st.sampled_from(["AS1", 1, 1.5, None, 2**64, -1]),
                "port": st.sampled_from([0, 65_536, -1, "443", None, 4.0, 2**63, -(2**63), 10**30]),
                "data": st.sampled_from(["HTTP\r\nX-FEServer: \u00e9\x00x\r\nx-owa-version:15.1.2176.9", None]),
            },
        ).map(lambda more: json.dumps(one | more).encode())
    ),
    st.sampled_from(
        [
            b"",
            b"  ",
            b"broken",
            b'{"ip_str": "192.0.2.1"',
            b'{"ip_str": "\xff"}',
            b"[]",
            b"{}",
            b"{}{}",
            b'{"port":1}\r',
            b'{"ip_str":"192.0.2.1","ip_str":"192.0.2.2","http":{"html":"a"},"http":{"title":"Outlook"}}',
            b'{"http":5,"http":{}}',
            b'{"ip_str":"\\ud800"}',
            b'{"\\u0069p_str":"\\u0031.2.3.4"}',
            b'{"ip_str":"a\\qb"}',
            b'{"x":' + b"[" * 3000 + b"]" * 3000 + b"}",
            b'{"x":1e999,"port":1e2}',
            b'{"ip_str": "\xc3\xa9"}',
            b"null",
        ]
    ),
)


@given(st.lists(LINES, max_size=9), st.integers(1, 3000), st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_rows_and_skips_are_those_of_row_after_row(
    lines: list[bytes], size: int, piece: int, batch: int, ended: bool
) -> None:
    text = b"\n".join(lines) + b"\n" * ended
    tally, apart = Tally("x"), Tally("x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shodan, "_PIECE_ROWS", piece)
        patch.setattr(shodan, "BATCH_ROWS", batch)
        frames = list(Shodan().read(Bytes(text, size), Head("x", text), tally))  # type: ignore[arg-type]  # its blocks
        whole = Shodan().frame(whole_lines(Bytes(text, size), apart), apart)  # type: ignore[arg-type]  # as above
    rows, skips = naive(text)
    assert [row for frame in frames for row in frame.to_dicts()] == rows
    assert (whole.to_dicts() if whole is not None else []) == rows
    assert tally == apart == skips


def test_pages_beyond_the_bound_close_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shodan, "_PIECE_BYTES", 1000)
    text = b"".join(json.dumps(banner("192.0.2.1", data="x" * 900)).encode() + b"\n" for _ in range(5))
    pieces = list(Shodan()._pieces(whole_lines(Bytes(text, 100), Tally("x")), Tally("x")))  # type: ignore[arg-type]  # as above
    assert len(pieces) == 5
    assert all(isinstance(columns.frame(load_signs()), pl.DataFrame) for columns in pieces)
