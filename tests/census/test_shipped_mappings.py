"""The declarations that come with the program, each on a record of the form that its source documents; all are made."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from tests.census.exports import PATCHED, VULNERABLE, add, added, rows
from waspglass.census.sources.mapping import read_mapping, shipped_mappings
from waspglass.model.errors import UsageError

HEAD = f"HTTP/1.1 200 OK\r\nServer: Microsoft-IIS/10.0\r\nX-OWA-Version: {VULNERABLE}\r\nX-FEServer: EX1\r\n\r\n"
PAGE = '<link href="/owa/auth/15.1.2176/themes/x.ico">'
PRINT = "ab" * 32
AS_LISTS = {"content_type": ["text/html"], "x_owa_version": [VULNERABLE], "x_feserver": ["EX1"]}
UNKNOWN = [{"key": "x_owa_version", "value": [VULNERABLE]}, {"key": "x_feserver", "value": ["EX1"]}]
ZGRAB2_TLS = {"handshake_log": {"server_certificates": {"certificate": {"parsed": {"fingerprint_sha256": PRINT}}}}}

RECORDS: dict[str, dict[str, object]] = {
    "binaryedge": {
        "origin": {"ip": "198.51.100.9", "country": "us", "ts": 1615284000123, "type": "webv2", "module": "grabber"},
        "target": {"ip": "192.0.2.1", "port": 443, "protocol": "tcp"},
        "result": {"data": {"response": {"headers": {
            "header_order": "server,x_owa_version", "headers": {"x-owa-version": VULNERABLE, "x-feserver": "EX1"}}}}},
    },
    "fofa": {
        "body": "", "header": HEAD, "host": "192.0.2.1:443", "ip": "192.0.2.1", "port": "443", "title": "Outlook",
        "lastupdatetime": "2021-03-09 10:00:00",
    },
    "hunter": {
        "url": "https://a.example", "ip": "192.0.2.1", "port": 443, "web_title": "Outlook", "domain": "a.example",
        "base_protocol": "tcp", "country": "\u5fb7\u56fd", "updated_at": "2021-03-09", "as_org": "EXAMPLE",
        "banner": "HTTP/1.1 302 Found\r\n\r\n", "header": HEAD.replace("\r\n", "\n"),
    },
    "httpx": {
        "timestamp": "2021-03-09T11:00:00.123456789+01:00", "host_ip": "192.0.2.1", "port": "443", "host": "a.example",
        "asn": {"as_number": "AS64496", "as_name": "EXAMPLE", "as_country": "DE", "as_range": ["192.0.2.0/24"]},
        "header": {"server": "Microsoft-IIS/10.0", "x_owa_version": VULNERABLE, "x_feserver": "EX1"},
    },
    "leakix": {
        "event_type": "service", "ip": "192.0.2.1", "port": "443", "transport": ["tcp", "tls", "http"],
        "time": "2021-03-09T11:00:00.814682661+01:00", "summary": "", "geoip": {"country_iso_code": "DE"},
        "http": {"header": {"X-OWA-Version": VULNERABLE, "X-FEServer": "EX1"}, "title": "Outlook"},
        "ssl": {"certificate": {"cn": "a.example", "domain": ["a.example"], "fingerprint": PRINT}},
        "network": {"organization_name": "EXAMPLE", "asn": 64496},
    },
    "masscan": {
        "ip": "192.0.2.1", "timestamp": "1615284000",
        "ports": [{"port": 443, "proto": "tcp", "service": {"name": "http", "banner": HEAD}}],
    },
    "netlas": {"data": {
        "ip": "192.0.2.1", "port": 443, "prot4": "tcp", "@timestamp": "2021-03-09T10:00:00.622Z", "ptr": ["a.example"],
        "geo": {"country": "DE"}, "whois": {"asn": {"number": ["64496"], "name": "EXAMPLE"}},
        "certificate": {"fingerprint_sha256": PRINT, "chain": [{"fingerprint_sha256": "cd" * 32}]},
        "http": {"headers": AS_LISTS, "title": "Outlook", "body": PAGE},
    }},
    "nuclei": {
        "template-id": "tech-detect", "host": "a.example", "port": "443", "ip": "192.0.2.1", "response": HEAD + PAGE,
        "timestamp": "2021-03-09T11:00:00.123456789+01:00", "matched-at": "https://a.example", "matcher-status": True,
    },
    "onyphe": {
        "@category": "datascan", "@timestamp": "2021-03-09T10:00:00.000Z", "ip": "192.0.2.1", "port": "443",
        "transport": "tcp", "hostname": ["a.example"], "asn": "AS64496", "organization": "EXAMPLE", "country": "DE",
        "data": HEAD + PAGE, "fingerprint": {"md5": "00" * 16, "sha256": PRINT},
    },
    "quake": {
        "ip": "192.0.2.1", "port": 443, "transport": "tcp", "domain": "a.example", "time": "2021-03-09T10:00:00.554Z",
        "asn": 64496, "org": "EXAMPLE", "location": {"country_code": "DE", "asname": "EXAMPLE-AP"},
        "service": {"name": "http/ssl", "response": HEAD, "http": {
            "title": "Outlook", "body": "\u6682\u65e0\u6743\u9650", "response_headers": "\u6682\u65e0\u6743\u9650"}},
    },
    "zgrab2": {
        "ip": "192.0.2.1", "domain": "a.example",
        "data": {"http": {"port": 443, "timestamp": "2021-03-09T10:00:00Z", "result": {"response": {
            "headers": {"unknown": UNKNOWN}, "body": PAGE, "request": {"tls_log": ZGRAB2_TLS}}}}},
    },
    "zoomeye": {
        "ip": "192.0.2.1", "port": 443, "protocol": "tcp", "domain": "a.example", "update_time": "2021-03-09T18:00:00",
        "asn": 64496, "isp.name": "EXAMPLE", "organization.name": "EXAMPLE", "title": ["Outlook"], "header": HEAD,
        "header.server.name": "IIS", "body": PAGE,
    },
    "zoomeye-v1": {
        "ip": "192.0.2.1", "timestamp": "2021-03-09T18:00:00", "protocol": {"application": "HTTP", "transport": "tcp"},
        "portinfo": {"hostname": "a.example", "port": 443, "title": ["Outlook"], "banner": HEAD + PAGE},
        "geoinfo": {"country": {"code": "DE"}, "city": {"names": {"en": "Bonn"}}, "asn": "64496"},
    },
}  # fmt: skip
TELL_MORE = {
    "asn": ("httpx", "leakix", "netlas", "onyphe", "quake", "zoomeye", "zoomeye-v1"),
    "country": ("httpx", "leakix", "netlas", "onyphe", "quake", "zoomeye-v1"),
    "certificate": ("leakix", "netlas", "onyphe", "zgrab2"),
    "names": ("hunter", "leakix", "netlas", "nuclei", "onyphe", "quake", "zgrab2", "zoomeye", "zoomeye-v1"),
}


def test_each_has_a_record_here() -> None:
    assert set(shipped_mappings()) == {*RECORDS, "shodan-csv"}


@pytest.mark.parametrize("scanner", RECORDS)
def test_what_it_reads(tmp_path: Path, scanner: str) -> None:
    mapping = read_mapping(Path(scanner))
    content = json.dumps([RECORDS[scanner]], indent=1 if scanner == "masscan" else None).encode()
    assert added(add(tmp_path, "scan.json", content, mapping=mapping))[0] == 1
    (one,) = rows(tmp_path)
    assert (one["source"], one["address"], one["port"]) == (f"table.{scanner}", "192.0.2.1", 443)
    assert (one["product"], one["version"], one["version_from"]) == ("exchange", VULNERABLE, "header")
    assert (one["server_name"], one["transport"] or "tcp") == ("EX1", "tcp")
    assert isinstance(one["seen"], dt.datetime)
    hour = 0 if scanner == "hunter" else 10  # Hunter gives the day only
    assert one["seen"].replace(microsecond=0) == dt.datetime(2021, 3, 9, hour, tzinfo=dt.UTC)
    expected = {"asn": 64496, "country": "DE", "certificate": PRINT, "names": ["a.example"]}
    for field, value in expected.items():
        assert (one[field] or None) == (value if scanner in TELL_MORE[field] else None), field


def test_a_file_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_mapping(Path("leakix")).columns["seen"] == "time"
    Path("leakix").mkdir()  # what was downloaded, say
    assert read_mapping(Path("leakix")).columns["seen"] == "time"
    Path("leakix").rmdir()
    Path("leakix").write_text('name = "own"\n[columns]\naddress = "ip"\n', encoding="utf-8")
    assert read_mapping(Path("leakix")).name == "own"


def test_one_that_is_not_known_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be read: No such file") as caught:
        read_mapping(tmp_path / "shodan")
    assert "leakix" in str(caught.value.hint)


def test_masscan_as_it_writes_a_run(tmp_path: Path) -> None:
    """Commas stand on lines of their own; a port has a record for being open and one for its answer."""
    opened = (
        '{ "ip": "192.0.2.1", "timestamp": "1615284000", "ports": [ {"port": 443, "proto": "tcp", "status": "open"} ] }'
    )
    banner = f"HTTP/1.1 200 OK\\u000d\\u000aX-OWA-Version: {PATCHED}\\u000d\\u000a"
    shown = opened.replace('"status": "open"', f'"service": {{"name": "http", "banner": "{banner}"}}')
    content = f"[\n{opened}\n,\n{shown}\n]\n".encode()
    assert added(add(tmp_path, "scan.json", content, mapping=read_mapping(Path("masscan")))) == (2, {})
    assert [(each["product"], each["version"]) for each in rows(tmp_path)] == [(None, None), ("exchange", PATCHED)]


def test_what_shodan_converts(tmp_path: Path) -> None:
    """Its columns in its order; heads go over several lines."""
    names = (
        "data,hostnames,ip,ip_str,ipv6,org,isp,location.country_code,location.city,location.country_name,"
        "location.latitude,location.longitude,os,asn,port,tags,timestamp,transport,product,version,vulns,"
        "ssl.cipher.version,ssl.cipher.bits,ssl.cipher.name,ssl.alpn,ssl.versions,ssl.cert.serial,"
        "ssl.cert.fingerprint.sha1,ssl.cert.fingerprint.sha256,html,title"
    )
    cells = {"data": f'"{HEAD}"', "hostnames": "a.example;b.example", "ip": "3221225985", "ip_str": "192.0.2.1"}
    cells |= {"location.country_code": "DE", "asn": "AS64496", "port": "443", "ssl.cert.fingerprint.sha256": PRINT}
    cells |= {"timestamp": "2021-03-09T10:00:00.123456", "transport": "tcp", "product": "Microsoft IIS httpd"}
    content = f"{names}\n{','.join(cells.get(name, '') for name in names.split(','))}\n".encode()
    assert added(add(tmp_path, "b.csv", content, mapping=read_mapping(Path("shodan-csv")))) == (1, {})
    (one,) = rows(tmp_path)
    assert (one["address"], one["port"], one["asn"], one["country"]) == ("192.0.2.1", 443, 64496, "DE")
    assert (one["product"], one["version"], one["server_name"]) == ("exchange", VULNERABLE, "EX1")
    assert (one["names"], one["certificate"]) == (["a.example", "b.example"], PRINT)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("https://mail.a.example:8443", "mail.a.example"),
        ("mail.a.example:8443", "mail.a.example"),
        ("https://mail.a.example/owa/", "mail.a.example"),
        ("https://192.0.2.1:443", None),
        ("[2001:db8::1]:443", None),
    ],
)
def test_a_host_that_a_scanner_was_pointed_at_is_a_name(tmp_path: Path, told: str, name: str | None) -> None:
    record = RECORDS["fofa"] | {"host": told}
    add(tmp_path, "scan.json", json.dumps(record).encode(), mapping=read_mapping(Path("fofa")))
    assert rows(tmp_path)[0]["names"] == ([] if name is None else [name])


def test_a_file_of_the_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_mapping(Path("fofa")).format == "json"
    Path("fofa").write_text('name = "own"\n[columns]\naddress = "ip"\n')
    assert read_mapping(Path("fofa")).name == "own"
