"""Shodan banners: what is taken from them, and what a hostile or broken file does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.census.exports import (
    PACK,
    PATCHED,
    UNDECIDABLE,
    VULNERABLE,
    add,
    added,
    banner,
    certificate,
    counts,
    jsonl,
    rows,
    states,
)
from waspglass.census.evidence_counts import aside
from waspglass.census.reading import open_reading
from waspglass.census.sighting import Tally
from waspglass.census.signs import load_signs
from waspglass.census.sources.lines import LINE_LIMIT
from waspglass.census.sources.shodan import Shodan
from waspglass.census.sources.source import Head
from waspglass.census.store.folder import Folder
from waspglass.packs.builds import State


def test_fields_of_a_banner(tmp_path: Path) -> None:
    full = banner(
        "198.51.100.7",
        hostnames=["Mail.Example.ORG."],
        org="Example Org",
        isp="Example Net",
        asn="AS64496",
        location={"country_code": "de", "region_code": "NW", "city": "Köln"},
        ssl={"cert": {"fingerprint": {"sha256": "AB" * 32}, "subject": {"CN": "*.example.org"}}},
        vulns={"CVE-2021-26855": {"verified": True}, "CVE-2020-0688": {"verified": False}},
    )
    assert added(add(tmp_path, "shodan.json", jsonl(full))) == (1, {})
    (row,) = rows(tmp_path)
    assert row | {"seen": None} == {
        "date": row["date"], "source": "shodan", "address": "198.51.100.7", "port": 443, "transport": "tcp", "seen": None,  # noqa: E501
        "country": "DE", "region": "NW", "city": "Köln", "asn": 64496, "network": "Example Net",
        "organisation": "Example Org", "sector": None, "product": "exchange", "version": VULNERABLE,
        "version_from": "header", "claimed": None, "verified": ["CVE-2021-26855"], "refuted": None, "compromise": None,
        "names": ["mail.example.org", "*.example.org"], "server_name": None, "certificate": "ab" * 32, "url": None, "line": 1,  # noqa: E501
    }  # fmt: skip
    assert str(row["date"]) == "2021-03-09"


def test_a_guessed_flaw_is_no_evidence(tmp_path: Path) -> None:
    add(tmp_path, "a.json", jsonl(banner("192.0.2.1", "15.1.2176.9", vulns={"CVE-2021-26855": {"verified": False}})))
    assert states(tmp_path) == {State.PATCHED: 1}


def test_what_shodan_tested_outranks_the_version_either_way(tmp_path: Path) -> None:
    found = banner("192.0.2.1", "15.1.2176.9", opts={"vulns": ["CVE-2021-26855"]})
    clean = banner("192.0.2.2", VULNERABLE, opts={"vulns": ["!CVE-2021-26855"]})
    other = banner("192.0.2.3", VULNERABLE, opts={"vulns": ["!CVE-2014-0160"]})
    add(tmp_path, "a.json", jsonl(found, clean, other))
    assert states(tmp_path) == {State.VULNERABLE: 2, State.PATCHED: 1}


def test_headers_as_an_object(tmp_path: Path) -> None:
    headers = {"Content-Length": 58725, "X-OWA-Version": VULNERABLE, "x-feserver": "EX1", "Vary": ["A", "B"]}
    add(tmp_path, "a.json", jsonl(banner("192.0.2.1", None, http={"title": "Outlook", "headers": headers})))
    (row,) = rows(tmp_path)
    assert (row["version"], row["version_from"], row["server_name"]) == (VULNERABLE, "header", "EX1")


def test_of_a_header_with_several_values_the_first_counts_and_one_without_is_none(tmp_path: Path) -> None:
    headers = {"X-OWA-Version": [VULNERABLE, PATCHED], "X-FEServer": None, "X-BEServer": ["EX1"]}
    add(tmp_path, "a.json", jsonl(banner("192.0.2.1", None, http={"title": "Outlook", "headers": headers})))
    (row,) = rows(tmp_path)
    assert (row["version"], row["server_name"]) == (VULNERABLE, "EX1")


def test_what_shodan_takes_for_a_honeypot_does_not_count(tmp_path: Path) -> None:
    """Nor is anybody told of it: its operator wants it to look vulnerable."""
    tested = banner("192.0.2.2", opts={"vulns": ["CVE-2021-26855"]}, tags=["cloud", "honeypot", "compromised"])
    banners = [banner("192.0.2.1"), tested, banner("192.0.2.3", tags=["honeypots"])]
    assert added(add(tmp_path, "a.json", jsonl(*banners), product="exchange")) == (3, {})
    (one,) = counts(tmp_path)
    assert (one.addresses, one.compromised) == ({State.VULNERABLE: 2}, 0)
    assert [row["product"] for row in rows(tmp_path)] == ["exchange", "honeypot", "exchange"]


def test_the_older_cpe_names_the_product_and_the_tag_a_compromise(tmp_path: Path) -> None:
    for number, cpe in enumerate((["cpe:/a:microsoft:exchange_server"], "cpe:/a:microsoft:exchange_server"), 1):
        plain = banner(f"192.0.2.{number}", None, http={"title": "x"}, cpe=cpe, tags=["self-signed", "compromised"])
        add(tmp_path, f"{number}.json", jsonl(plain))
    assert [(row["product"], row["compromise"]) for row in rows(tmp_path)] == [("exchange", "compromised")] * 2


def test_three_parts_do_not_decide(tmp_path: Path) -> None:
    add(tmp_path, "a.json", jsonl(banner("192.0.2.1", UNDECIDABLE)))
    assert states(tmp_path) == {State.UNDECIDABLE: 1}


def test_another_product_is_not_counted(tmp_path: Path) -> None:
    other = banner("192.0.2.2", None, http={"title": "Welcome to nginx"}, product="nginx") | {"version": "1.18.0"}
    head = "HTTP/1.1 200\r\nMicrosoftSharePointTeamServices: 16.0.0.5513\r\n"
    sharepoint = banner("192.0.2.3", None, http={"title": "x"}, data=head)
    hidden = banner("192.0.2.4", None)
    assert added(add(tmp_path, "a.json", jsonl(banner("192.0.2.1"), sharepoint, other, hidden))) == (4, {})
    assert states(tmp_path) == {State.VULNERABLE: 1, State.UNKNOWN: 1}
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        assert aside(reading, reading.scans()) == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"ip_str": "192.0.2.2", "port": 44', "truncated"),
        ('{"ip_str": "192.0.2.2", "port": "high"}', "malformed line"),
        ("not json", "malformed line"),
        (b'{"ip_str": "192.0.2.2", "org": "\xff\xfe"}', "malformed line"),
        ('{"port": 443}', "malformed line"),
        ('{"ip_str": "192.0.2.2", "timestamp": "1970-01-01T00:00:00"}', "bad time"),
        ('{"ip_str": "192.0.2.2", "timestamp": "9999-12-31T00:00:00"}', "bad time"),
        ('{"ip_str": "192.0.2.2", "timestamp": "yesterday"}', "bad time"),
        ("[" * 100_000, "malformed line"),
        ('{"ip_str": "999.1.1.1", "timestamp": "2021-03-09T00:00:00"}', "malformed line"),
        ('{"ip_str": "fe80::1%eth0", "timestamp": "2021-03-09T00:00:00"}', "malformed line"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_record_is_counted_and_the_others_stay(tmp_path: Path, line: bytes | str, reason: str) -> None:
    records, skips = added(add(tmp_path, "a.json", jsonl(banner("192.0.2.1"), line)))
    assert records == 1
    assert skips in ({reason: 1}, {"malformed line": 1})
    assert sum(skips.values()) == 1


def test_half_a_line_at_the_end_is_truncated(tmp_path: Path) -> None:
    content = jsonl(banner("192.0.2.1"), banner("192.0.2.2"))[:-40]
    outcome = add(tmp_path, "a.json", content)
    assert added(outcome) == (1, {"truncated": 1})
    assert outcome.added is not None
    assert "line 2" in str(outcome.added.skipped[0].detail)


def test_a_banner_of_100_mb_is_skipped_in_bounded_memory(tmp_path: Path) -> None:
    huge = b'{"_shodan":{},"ip_str":"192.0.2.9","data":"' + b"A" * (100 << 20) + b'"}'
    records, skips = added(add(tmp_path, "a.json", jsonl(banner("192.0.2.1"), huge, banner("192.0.2.2"))))
    assert (records, skips) == (2, {"line too long": 1})
    assert LINE_LIMIT < 100 << 20


def test_lines_keep_their_numbers_after_a_skip(tmp_path: Path) -> None:
    add(tmp_path, "a.json", jsonl(banner("192.0.2.1"), "", "broken", banner("192.0.2.2")))
    assert [row["line"] for row in rows(tmp_path)] == [1, 4]


def test_utf16_and_byte_order_marks(tmp_path: Path) -> None:
    text = jsonl(banner("192.0.2.1", org="Größe")).decode()
    assert added(add(tmp_path, "a.json", text.encode("utf-16"))) == (1, {})
    assert added(add(tmp_path, "b.json", b"\xef\xbb\xbf" + text.encode())) == (1, {})


def test_ipv6_is_written_in_one_way(tmp_path: Path) -> None:
    same = [banner("2001:DB8:0:0::1"), banner("2001:db8::1"), banner("::ffff:192.0.2.1"), banner("192.0.2.1")]
    add(tmp_path, "a.json", jsonl(*same))
    assert states(tmp_path) == {State.VULNERABLE: 2}


def test_version_is_found_in_every_spelling_of_the_header() -> None:
    signs = load_signs()
    for head in ("HTTP/2 200\nx-owa-version: 15.1.2176.2", "HTTP/1.1 200\r\nX-OWA-VERSION:15.1.2176.2\r\n"):
        sign = signs.read(head, "")
        assert sign is not None
        assert (sign.product, sign.version, sign.origin) == ("exchange", "15.1.2176.2", "header")
    assert signs.read("HTTP/1.1 200\nX-OWA-Version-Note: 15.1.2176.2", "") is None
    assert signs.values("İİİ\nX-FEServer:\nX-Owa-Version: 15.1.2176.2 \r\nX-OWA-Version: 1.1.1\nx-feserver: EX1") == {
        "x-owa-version": "15.1.2176.2",
        "x-feserver": "EX1",
    }


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    class Bytes:
        shown = "x"

        def blocks(self) -> object:
            yield content[: len(content) // 2]
            yield content[len(content) // 2 :]

    for source in (Shodan(),):
        assert isinstance(source.recognises(Head("x", content)), bool)
        list(source.read(Bytes(), Head("x", content), Tally("x")))  # type: ignore[arg-type]  # has what the reader uses


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("port", "hostnames", "asn", "location", "timestamp", "version", "http", "data", "ssl", "vulns", "tags", "org")


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4))
def test_any_types_in_known_fields_are_read_or_counted(
    tmp_path_factory: pytest.TempPathFactory, more: dict[str, object]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    good = banner("192.0.2.1")
    odd = json.dumps(banner("192.0.2.2") | more)
    records, skips = added(add(folder, "2021-03-09.json", jsonl(good, odd)))
    found = more.get("data")
    banners = len(found) if isinstance(found, list) and found else 1
    assert records + sum(count for reason, count in skips.items() if reason != "x") in (2, 1 + banners)


def test_answers_on_one_line(tmp_path: Path) -> None:
    """What a look-up of a host answers, and a page of a search that does not begin with its matches."""
    tags = {"tags": ["compromised"]}
    host = {"ip_str": "192.0.2.1", "data": [banner("192.0.2.1"), banner("192.0.2.1", port=80)], **tags}
    page = {"total": 1, "matches": [banner("192.0.2.2", PATCHED)]}
    last = banner("192.0.2.3", matches=[{"ip_str": "192.0.2.4"}])  # a field of this name makes it no page
    outcome = add(tmp_path, "2021-03-09.json", jsonl(host, page, host | {"data": []}, last))
    assert added(outcome) == (4, {"empty": 1})
    found = {(row["address"], row["port"]): (row["compromise"], row["line"]) for row in rows(tmp_path)}
    assert found == {
        ("192.0.2.1", 443): ("compromised", 1), ("192.0.2.1", 80): ("compromised", 1),
        ("192.0.2.2", 443): (None, 2), ("192.0.2.3", 443): (None, 4),
    }  # fmt: skip


def test_a_page_of_more_banners_than_are_taken_at_once(tmp_path: Path) -> None:
    page = {"total": 20_000, "matches": [{"ip_str": f"192.0.2.{n % 250}", "port": n} for n in range(20_000)]}
    assert added(add(tmp_path, "2021-03-09.json", jsonl(banner("192.0.2.1"), page))) == (20_001, {})


def test_same_certificate(tmp_path: Path) -> None:
    add(tmp_path, "a.json", jsonl(banner("192.0.2.1", ssl=certificate("a")), banner("192.0.2.2", ssl=certificate("a"))))
    assert {row["certificate"] for row in rows(tmp_path)} == {"a" * 64}
