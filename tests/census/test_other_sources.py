"""Shadowserver, Nmap, Censys and declared CSV: what they say, in any order of columns, and hostile files."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.census.exports import (
    COLUMNS_2021,
    COLUMNS_TODAY,
    PATCHED,
    VULNERABLE,
    add,
    added,
    banner,
    counts,
    jsonl,
    rows,
    states,
)
from waspglass.census.sources.mapping import Mapping, read_mapping
from waspglass.model.errors import UsageError
from waspglass.packs.builds import State

ROW_2021 = '"2021-03-09 00:11:30","12.237.1.2",443,"mail.a.example","exchange;cve-2021-26855",7018,"US","X","Y",517311,0,"S","15.2.721","EX1",'  # noqa: E501
SHELL = '"2021-03-09 00:11:31","12.237.1.3",443,"mail.b.example","exchange;webshell",0,"US","X","Y",0,0,,"15.2.721","EX2","/a.aspx"'  # noqa: E501


def csv(*lines: str) -> bytes:
    return "\n".join(lines).encode() + b"\n"


def test_shadowserver_of_2021(tmp_path: Path) -> None:
    assert added(add(tmp_path, "2021-03-10-scan_exchange-at.csv", csv(COLUMNS_2021, ROW_2021, SHELL))) == (2, {})
    (one,) = counts(tmp_path)
    assert (str(one.date), one.source) == ("2021-03-10", "shadowserver.scan_exchange")
    assert (one.addresses, one.compromised) == ({State.VULNERABLE: 1, State.UNDECIDABLE: 1}, 1)
    first, second = rows(tmp_path)
    assert (first["asn"], second["asn"]) == (7018, None)
    assert (second["compromise"], second["url"], second["server_name"]) == ("webshell", "/a.aspx", "EX2")


@pytest.mark.parametrize("wide", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("number", range(4))
def test_each_format_is_known_as_windows_writes_it(tmp_path: Path, number: int, wide: str) -> None:
    """`shodan parse > file` and `nmap -oX - > file` in PowerShell; Nmap's file still says that it is UTF-8."""
    text = [
        jsonl(banner("192.0.2.1")).decode(),
        jsonl({"ip": "192.0.2.1", "services": [{"port": 443}]}).decode(),
        "\n".join((COLUMNS_2021, ROW_2021, "")),
        nmap(NMAP_HOST.format(address="192.0.2.1", script="")).decode().replace("?>", ' encoding="UTF-8"?>', 1),
    ][number]
    export = f"\ufeff{text}".replace("\n", "\r\n").encode(wide)
    assert added(add(tmp_path, "export-2021-03-09", export)) == (1, {})


@pytest.mark.parametrize("declared", ["UTF-8", "UTF-16", "ISO-8859-1"])
def test_a_mark_outranks_what_xml_says_of_itself(tmp_path: Path, declared: str) -> None:
    text = nmap(NMAP_HOST.format(address="192.0.2.1", script="")).decode()
    export = text.replace("?>", f' encoding="{declared}"?>', 1).encode("utf-16")
    assert added(add(tmp_path, "export-2021-03-09.xml", export)) == (1, {})


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("time", ["2021-03-09 10:15:00", "09.03.2021 10:15"])
def test_shadowserver_saved_by_a_spreadsheet_in_german(tmp_path: Path, delimiter: str, time: str) -> None:
    cells = {"timestamp": time, "ip": "192.0.2.1", "tag": '"exchange;cve-2021-26855;webshell"', "city": "Köln"}
    text = "".join(
        f"{delimiter.join(row)}\r\n"
        for row in (COLUMNS_TODAY.split(","), [cells.get(name, "") for name in COLUMNS_TODAY.split(",")])
    )
    assert added(add(tmp_path, "x.csv", text.encode("utf-8-sig"))) == (1, {})
    (row,) = rows(tmp_path)
    assert (row["claimed"], row["compromise"], row["city"]) == (["CVE-2021-26855"], "webshell", "Köln")
    assert row["seen"] == dt.datetime(2021, 3, 9, 10, 15, tzinfo=dt.UTC)


def test_shadowserver_of_today_with_columns_in_another_order(tmp_path: Path) -> None:
    names = COLUMNS_TODAY.split(",")
    cells = {
        "timestamp": "2021-03-09 00:00:00",
        "ip": "192.0.2.1",
        "port": "443",
        "tag": "exchange",
        "version": PATCHED,
        "geo": "AT",
    }
    order = sorted(names)
    add(tmp_path, "x.csv", csv(",".join(order), ",".join(cells.get(name, "") for name in order)))
    assert states(tmp_path) == {State.PATCHED: 1}


@pytest.mark.parametrize(
    ("status", "compromised"),
    [
        ("likely compromised", 1),
        ("compromised", 1),
        ("not compromised", 0),
        ("unaffected", 0),
        ("uncompromised", 0),
        ("", 0),
    ],
)
def test_special_reports_say_compromised_in_their_status(tmp_path: Path, status: str, compromised: int) -> None:
    header = "timestamp,ip,port,protocol,asn,geo,region,city,hostname,naics,sector,tag,public_source,status,detail,method,severity"  # noqa: E501
    row = f"2021-03-09 00:00:00,192.0.2.1,443,tcp,1,DE,,,,0,,exchange,,{status},,,critical"
    add(tmp_path, "2021-03-09-special-cert.csv", csv(header, row))
    (one,) = counts(tmp_path)
    assert (one.source, one.compromised) == ("shadowserver.special", compromised)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("only,three,cells", "malformed line"),
        (COLUMNS_2021, "malformed line"),
        (ROW_2021.replace("12.237.1.2", "nowhere"), "malformed line"),
        (ROW_2021.replace("12.237.1.2", ""), "malformed line"),
    ],
)
def test_a_bad_row_is_counted(tmp_path: Path, line: str, reason: str) -> None:
    assert added(add(tmp_path, "2021-03-10-scan_exchange-at.csv", csv(COLUMNS_2021, SHELL, line))) == (1, {reason: 1})


def test_absurd_times_are_counted_and_the_rows_keep_the_day_of_the_export(tmp_path: Path) -> None:
    times = ["9999-99-99 00:00:00", "1970-01-01 00:00:00", "2099-01-01 00:00:00", "gestern", "", "2021-03-09 00:11:30"]
    lines = [ROW_2021.replace("2021-03-09 00:11:30", time).replace("1.2", f"1.{n}") for n, time in enumerate(times)]
    outcome = add(tmp_path, "2021-03-10-scan_exchange-at.csv", csv(COLUMNS_2021, *lines))
    assert added(outcome) == (6, {"bad time": 4})
    assert outcome.added is not None
    assert "kept without it" in (outcome.added.skipped[0].detail or "")
    assert {str(row["date"]) for row in rows(tmp_path)} == {"2021-03-10"}
    assert sum(row["seen"] is not None for row in rows(tmp_path)) == 1


SPECIAL = "timestamp,ip,port,protocol,asn,geo,region,city,hostname,naics,sector,tag,public_source,status,detail,method,device_vendor"  # noqa: E501


@pytest.mark.parametrize(
    ("tag", "status", "detail", "state", "compromised"),
    [
        ("cve-2021-26855", "vulnerable", "", State.VULNERABLE, 0),
        ("hafnium", "likely compromised", "", State.UNKNOWN, 1),
        ("exchange", "vulnerable", "tested for CVE-2021-26855", State.VULNERABLE, 0),
        ("", "compromised", "CVE-2021-26855 web shell", State.UNKNOWN, 1),
        ("exchange", "not vulnerable", "CVE-2021-26855", State.UNKNOWN, 0),
        ("cve-2021-26855;webshell", "", "", State.VULNERABLE, 1),
    ],
)
def test_special_reports_name_the_product_by_a_flaw_or_a_campaign(
    tmp_path: Path, tag: str, status: str, detail: str, state: State, compromised: int
) -> None:
    row = f"2021-03-09 00:00:00,192.0.2.1,443,tcp,1,DE,,,,0,,{tag},,{status},{detail},,"
    add(tmp_path, "2021-03-09-special-cert.csv", csv(SPECIAL, row))
    (one,) = counts(tmp_path)
    assert (one.addresses, one.compromised) == ({state: 1}, compromised)


def test_columns_named_twice_are_said_and_the_first_counts(tmp_path: Path) -> None:
    content = csv(COLUMNS_2021 + ",ip", ROW_2021 + ",203.0.113.9")
    assert added(add(tmp_path, "2021-03-10-scan_exchange-at.csv", content)) == (1, {"missing field": 1})
    assert rows(tmp_path)[0]["address"] == "12.237.1.2"


def test_wrong_encoding_is_counted(tmp_path: Path) -> None:
    content = csv(COLUMNS_2021, SHELL) + ROW_2021.replace("Y", "Zürich").encode("latin-1") + b"\n"
    assert added(add(tmp_path, "2021-03-10-scan_exchange-at.csv", content)) == (1, {"malformed line": 1})


def test_missing_columns_are_no_guess(tmp_path: Path) -> None:
    outcome = add(tmp_path, "2021-03-10-scan_exchange-at.csv", csv("timestamp,ip,port", "2021-03-09,192.0.2.1,443"))
    assert outcome.refused is not None
    assert "not recognised" in outcome.refused.reason


@pytest.mark.parametrize(
    ("status", "state"),
    [("vulnerable", State.VULNERABLE), ("likely vulnerable", State.VULNERABLE), ("", State.VULNERABLE),
     ("unpatched", State.VULNERABLE), ("not vulnerable", State.UNKNOWN), ("patched", State.UNKNOWN),
     ("mitigated", State.UNKNOWN)],
)  # fmt: skip
def test_a_status_that_denies_outranks_the_tag(tmp_path: Path, status: str, state: State) -> None:
    header = "timestamp,ip,port,protocol,asn,geo,region,city,hostname,naics,sector,tag,public_source,status,detail,method,severity"  # noqa: E501
    row = f"2021-03-09 00:00:00,192.0.2.1,443,tcp,1,DE,,,,0,,exchange;cve-2021-26855,,{status},,,critical"
    add(tmp_path, "2021-03-09-special-cert.csv", csv(header, row))
    assert states(tmp_path) == {state: 1}


NMAP_HOST = """<host endtime="1615284010"><address addr="{address}" addrtype="ipv4"/><ports>
<port protocol="tcp" portid="443"><state state="open"/>{script}</port></ports></host>"""
TEST = '<script id="http-vuln-cve2021-26855" output="{state}"><table key="x"><elem key="state">{state}</elem></table></script>'  # noqa: E501


def nmap(*hosts: str) -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE nmaprun><nmaprun>{"".join(hosts)}</nmaprun>'.encode()


def test_nmap_tests_behaviour_and_silence_is_no_answer(tmp_path: Path) -> None:
    hosts = [
        NMAP_HOST.format(address="192.0.2.1", script=TEST.format(state="VULNERABLE")),
        NMAP_HOST.format(address="192.0.2.2", script=TEST.format(state="NOT VULNERABLE")),
        NMAP_HOST.format(address="192.0.2.3", script=""),
        NMAP_HOST.format(address="192.0.2.5", script=TEST.format(state="LIKELY VULNERABLE")),
        NMAP_HOST.format(address="192.0.2.6", script=TEST.format(state="VULNERABLE (Exploitable)")),
        NMAP_HOST.format(address="192.0.2.7", script=TEST.format(state="UNKNOWN (unable to test)")),
        NMAP_HOST.format(address="192.0.2.4", script=f'<script id="ms-exchange-version" output="{VULNERABLE}: name"/>'),
    ]
    assert added(add(tmp_path, "scan.xml", nmap(*hosts), product="exchange")) == (7, {})
    (one,) = counts(tmp_path)
    assert one.addresses == {State.VULNERABLE: 4, State.PATCHED: 1, State.UNKNOWN: 2}
    # What a script only infers (LIKELY) and what it could not test are no tests.
    assert one.tested == 3


@pytest.mark.parametrize(
    ("name", "output", "version"),
    [
        ("ms-exchange-version", "15.1.2375.17: name: x build: 15.1.2375.17 build_long: 15.01.2375.017", "15.1.2375.17"),
        ("ms-exchange-version", "15.1.2176: build: 15.1.2176.2 15.1.2176: build: 15.1.2176.9", "15.1.2176"),
        ("http-vuln-exchange", "(15.1.2242) Exchange 2016 not vulnerable (> 15.1.2176)", "15.1.2242"),
        ("http-vuln-proxylogon", "(15.1.2176) Exchange 2016 potentially vulnerable (CU18 or CU19)", "15.1.2176"),
        ("http-vuln-exchange", "no owa version found", None),
        ("http-vuln-exchange", "Error 302 https://192.168.1.10:443/owa/auth/logon.aspx", None),
        ("ms-exchange-version", "15.1.2176.11: product: CU19 build: 15.1.2176.9", "15.1.2176.11"),
        ("ms-exchange-version", "15.1.2176.2: build: 15.1.2176.2 15.1.2176.9: build: 15.1.2176.9", "15.1.2176"),
    ],
)
def test_a_version_script_that_names_several_is_no_guess(
    tmp_path: Path, name: str, output: str, version: str | None
) -> None:
    script = f'<script id="{name}" output="{output.replace(">", "&gt;")}"/>'
    add(tmp_path, "scan.xml", nmap(NMAP_HOST.format(address="192.0.2.1", script=script)))
    assert rows(tmp_path)[0]["version"] == version


@pytest.mark.parametrize(
    "told",
    [
        '<elem key="sha1">{sha1}</elem><elem key="pem">-----BEGIN CERTIFICATE-----&#xa;{pem}&#xa;-----END CERTIFICATE-----&#xa;</elem>',  # noqa: E501
        '<elem key="sha1">{sha1}</elem><elem key="sha256">{sha256}</elem>',
    ],
)
def test_nmap_and_shodan_see_one_server_by_its_certificate(tmp_path: Path, told: str) -> None:
    """Nmap of 2021 writes no SHA-256: without it the server of one address was two, and no two sources shared any."""
    raw = b"a certificate"
    prints = {"sha1": hashlib.sha1(raw).hexdigest(), "sha256": hashlib.sha256(raw).hexdigest()}
    script = f'<script id="ssl-cert" output="">{told.format(pem=base64.b64encode(raw).decode(), **prints)}</script>'
    add(tmp_path, "scan.xml", nmap(NMAP_HOST.format(address="192.0.2.1", script=script)), product="exchange")
    assert [row["certificate"] for row in rows(tmp_path)] == [prints["sha256"]]


def test_nmap_that_ends_early_is_counted(tmp_path: Path) -> None:
    content = nmap(NMAP_HOST.format(address="192.0.2.1", script=""), NMAP_HOST.format(address="192.0.2.2", script=""))
    assert added(add(tmp_path, "scan.xml", content[:-120])) == (1, {"truncated": 1})


def test_xml_entities_are_refused(tmp_path: Path) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE nmaprun [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><nmaprun>&b;</nmaprun>'
    outcome = add(tmp_path, "scan.xml", bomb)
    assert outcome.refused is not None
    assert "entities" in outcome.refused.reason


CENSYS_SERVICE: dict[str, object] = {
    "port": 443,
    "transport_protocol": "TCP",
    "observed_at": "2021-03-09T13:40:03.755876935Z",
    "http": {
        "response": {"html_title": "Outlook", "headers": {"X_OWA_Version": [VULNERABLE], "_encoding": {"a": "b"}}}
    },
    "tls": {"certificates": {"leaf_fp_sha_256": "a" * 64, "leaf_data": {"names": ["mail.a.example"]}}},
}


def test_censys_has_a_sighting_for_each_service(tmp_path: Path) -> None:
    host = {"ip": "192.0.2.1", "services": [CENSYS_SERVICE, {"port": 22}], "location": {"country_code": "AT"}}
    platform = {"host_v1": {"resource": {"ip": "192.0.2.2", "services": [CENSYS_SERVICE]}}}
    empty = {"ip": "192.0.2.3", "services": []}
    assert added(add(tmp_path, "censys.json", jsonl(host, platform, empty), date=None)) in (
        (2, {"empty": 1, "bad time": 1}),
    )
    assert states(tmp_path) == {State.VULNERABLE: 2}
    assert rows(tmp_path)[0]["certificate"] == "a" * 64


@pytest.mark.parametrize(
    "wrap",
    [lambda host: host, lambda host: {"host": host}, lambda host: {"resource": host},
     lambda host: {"host_v1": {"resource": host}}, lambda host: {"code": 200, "result": host},
     lambda host: {"result": {"resource": host}}],
    ids=["bare", "host", "resource", "search", "look-up of 2.0", "look-up"],
)  # fmt: skip
def test_censys_wraps_hosts_in_several_ways(
    tmp_path: Path, wrap: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    host: dict[str, object] = {"ip": "192.0.2.1", "services": [CENSYS_SERVICE], "location": {"country_code": "AT"}}
    assert added(add(tmp_path, "censys.json", jsonl(wrap(host)))) == (1, {})
    assert states(tmp_path) == {State.VULNERABLE: 1}


@pytest.mark.parametrize(
    ("of_host", "of_service", "counted"),
    [
        ({}, {}, 1),
        ({"labels": ["email", "network.device"]}, {"labels": [{"value": "LOGIN_PAGE"}], "truncated": False}, 1),
        ({"labels": {"odd": 5}}, {"labels": "HONEYPOTS", "truncated": "?"}, 1),
        ({"labels": ["honeypot-free"]}, {"labels": [{"value": "NOT_HONEYPOT", "source": "honeypot"}]}, 1),
        ({"labels": {"honeypot": False}}, {"labels": [{"honeypot": 0}, {"value": None}]}, 1),
        # A host with a hundred services may be one behind a firewall that answers for all ports.
        ({"labels": ["truncated"]}, {"truncated": False}, 1),
        ({}, {"labels": [{"source": "CENSYS", "value": "HONEYPOT"}]}, 0),
        ({"labels": ["tarpits"]}, {}, 0),
        ({"labels": [{"value": "Tarpit"}]}, {}, 0),
        ({}, {"truncated": True}, 0),
    ],
)
def test_what_censys_takes_for_a_honeypot_does_not_count(
    tmp_path: Path, of_host: dict[str, object], of_service: dict[str, object], counted: int
) -> None:
    host = {"ip": "192.0.2.1", "services": [CENSYS_SERVICE | of_service]} | of_host
    other = {"ip": "192.0.2.2", "services": [CENSYS_SERVICE]}
    assert added(add(tmp_path, "censys-2021-03-09.json", jsonl(host, other), product="exchange")) == (2, {})
    assert states(tmp_path) == {State.VULNERABLE: 1 + counted}
    assert rows(tmp_path)[0]["version"] == VULNERABLE


def test_censys_names_a_host_by_certificate_and_dns(tmp_path: Path) -> None:
    dns = {"names": ["b.example"], "reverse_dns": {"names": ["c.example", "mail.a.example"]}}
    for number, cert in enumerate(({}, {"tls": {}, "cert": {"names": ["d.example"], "fingerprint_sha256": "b" * 64}})):
        host = {"ip": f"192.0.2.{number}", "services": [CENSYS_SERVICE | cert], "dns": dns}
        add(tmp_path, f"censys{number}.json", jsonl(host))
    assert [(each["names"], each["certificate"]) for each in rows(tmp_path)] == [
        (["mail.a.example", "b.example", "c.example"], "a" * 64),
        (["d.example", "b.example", "c.example", "mail.a.example"], "b" * 64),
    ]


def test_censys_shows_the_product_by_its_title(tmp_path: Path) -> None:
    response = {"html_title": "Outlook", "headers": {"X_FEServer": ["EX1"]}}
    add(
        tmp_path,
        "censys.json",
        jsonl({"ip": "192.0.2.1", "services": [CENSYS_SERVICE | {"http": {"response": response}}]}),
    )
    (one,) = rows(tmp_path)
    assert (one["product"], one["version"], one["server_name"]) == ("exchange", None, "EX1")


def test_censys_names_the_product_where_no_response_does(tmp_path: Path) -> None:
    cpe = "cpe:2.3:a:microsoft:exchange_server:2019:*:*:*:*:*:*:*"
    services = [{"port": 443, "software": [{"product": "x"}, {field: cpe}]} for field in _SOFTWARE]
    host = {"ip": "192.0.2.1", "services": services, "last_updated_at": "2021-03-09T00:00:00Z"}
    assert added(add(tmp_path, "censys.json", jsonl(host))) == (2, {})
    assert states(tmp_path) == {State.UNKNOWN: 1}


_SOFTWARE = ("uniform_resource_identifier", "cpe")


def test_censys_tells_a_version_where_no_response_does(tmp_path: Path) -> None:
    """Also as a whole answer of a search on one line, with what its hits are wrapped in."""
    cpe = "cpe:2.3:a:microsoft:exchange_server:*:*:*:*:*:*:*:*"

    def host(address: str, version: str) -> dict[str, object]:
        software = [{"cpe": "cpe:2.3:a:microsoft:iis:10.0:*", "version": "10.0"}, {"cpe": cpe, "version": version}]
        service = {"port": 443, "scan_time": "2021-03-09T10:00:00Z", "software": software}
        return {"ip": address, "services": [service]}

    hits = [
        host("192.0.2.1", VULNERABLE),
        {"host_v1": {"resource": host("192.0.2.2", PATCHED)}},
        host("192.0.2.3", "2016"),
    ]
    assert added(add(tmp_path, "censys.json", jsonl({"code": 200, "result": {"hits": hits}}))) == (3, {})
    assert [(each["version"], each["version_from"]) for each in rows(tmp_path)] == [
        (VULNERABLE, "field"), (PATCHED, "field"), (None, None)
    ]  # fmt: skip


def test_censys_platform_keeps_responses_in_endpoints(tmp_path: Path) -> None:
    plain = {"http": {"html_title": "Outlook", "body": "/owa/auth/15.1.2176/"}}
    lists = {"http": {"headers": {"X-OWA-Version": {"headers": [PATCHED]}}}}
    pairs = {
        "http": {
            "headers": [
                {"key": "X-OWA-Version", "value": VULNERABLE},
                {"key": "X-FEServer", "value": None},
                {"key": "X-BEServer", "value": "EX1"},
            ]
        }
    }
    hosts = [
        {
            "ip": f"192.0.2.{number}",
            "services": [
                {
                    "port": 443,
                    "scan_time": "2021-03-09T13:40:03Z",
                    "endpoints": [{}, plain, found],
                    "cert": {"fingerprint_sha256": "a" * 64, "names": ["mail.a.example"]},
                }
            ],
        }
        for number, found in enumerate((lists, pairs), 1)
    ]
    assert added(add(tmp_path, "x.json", jsonl(*({"host_v1": {"resource": host}} for host in hosts)))) == (2, {})
    assert states(tmp_path) == {State.VULNERABLE: 1, State.PATCHED: 1}
    assert [row["server_name"] for row in rows(tmp_path)] == [None, "EX1"]
    first, second = rows(tmp_path)
    assert (first["certificate"], first["names"], second["server_name"]) == ("a" * 64, ["mail.a.example"], "EX1")


MAPPING = Mapping.model_validate(
    {
        "name": "cert",
        "product": "exchange",
        "delimiter": ";",
        "encoding": "cp1252",
        "columns": {"address": "IP", "version": "Build", "seen": "Zeit", "organisation": "Firma", "names": "Namen"},
        "tested": {"column": "Ergebnis", "cve": "CVE-2021-26855", "vulnerable": ["ja"], "patched": ["nein"]},
        "compromised": {"column": "Shell", "values": ["ja"]},
    }
)


def test_a_declared_csv(tmp_path: Path) -> None:
    content = textwrap.dedent("""\
        Firma;IP;Zeit;Build;Ergebnis;Shell;Namen
        Müller;192.0.2.1;2021-03-09 10:00:00+01:00;15.1.2176.9;ja;;a.example, b.example
        Weiß;192.0.2.2;2021-03-09;15.1.2176.2;nein;ja;
        Groß;192.0.2.3;1615284010;15.1.2176.2;;nein;
        """).encode("cp1252")
    assert added(add(tmp_path, "liste.csv", content, mapping=MAPPING)) == (3, {})
    (one,) = counts(tmp_path)
    assert (one.source, one.addresses) == ("table.cert", {State.VULNERABLE: 2, State.PATCHED: 1})
    assert (one.tested, one.compromised, one.patched_compromised) == (2, 1, 1)
    first = rows(tmp_path)[0]
    assert (first["organisation"], first["names"]) == ("Müller", ["a.example", "b.example"])
    assert str(first["seen"]) == "2021-03-09 09:00:00+00:00"


def test_a_declared_csv_whose_header_is_in_its_own_encoding(tmp_path: Path) -> None:
    content = "Größe;IP;Zeit;Build;Ergebnis;Shell;Firma;Namen\n1;192.0.2.1;2021-03-09;;ja;;;\n".encode("cp1252")
    assert added(add(tmp_path, "liste.csv", content, mapping=MAPPING)) == (1, {})
    without = add(tmp_path, "kurz.csv", "Größe;IP\n1;192.0.2.1\n".encode("cp1252"), mapping=MAPPING).refused
    assert without is not None
    assert "no column build, ergebnis" in without.reason


@pytest.mark.parametrize("wide", ["utf-16-le", "utf-16-be"])
def test_a_declared_csv_as_windows_writes_unicode(tmp_path: Path, wide: str) -> None:
    content = "\ufeffIP;Größe\n192.0.2.1;1\n".encode(wide)
    mapping = Mapping.model_validate(
        {"name": "x", "delimiter": ";", "encoding": "utf-16", "columns": {"address": "IP"}}
    )
    assert added(add(tmp_path, "2021-03-09.csv", content, mapping=mapping, product="exchange")) == (1, {})


@pytest.mark.parametrize(
    ("time", "zone", "text", "seen"),
    [
        ("%d.%m.%Y %H:%M", "Europe/Berlin", "09.03.2021 00:30", "2021-03-08 23:30:00+00:00"),
        ("%d.%m.%Y", "Europe/Berlin", "09.03.2021", "2021-03-09 00:00:00+00:00"),
        (None, "Europe/Berlin", "2021-03-09 10:00", "2021-03-09 09:00:00+00:00"),
        (None, "Europe/Berlin", "2021-03-09T10:00:00Z", "2021-03-09 10:00:00+00:00"),
        ("%d.%m.%Y", "UTC", "gestern", "None"),
    ],
)
def test_times_as_the_mapping_declares_them(tmp_path: Path, time: str | None, zone: str, text: str, seen: str) -> None:
    mapping = Mapping.model_validate(
        {"name": "x", "columns": {"address": "IP", "seen": "Zeit"}, "zone": zone} | ({"time": time} if time else {})
    )
    content = f"IP,Zeit\n192.0.2.1,{text}\n".encode()
    add(tmp_path, "x.csv", content, mapping=mapping, product="exchange", date=dt.date(2021, 3, 9))
    assert str(rows(tmp_path)[0]["seen"]) == seen


@pytest.mark.parametrize(
    "text", ["name = 'x'\nzone = 'Mars/Olympus'\n[columns]\naddress='a'", "name = 'x'\nzone = 'Europe'\n[columns]\naddress='a'", "name = 'x'\n[columns]\nversion = 'a'", "name = 'X Y'\n[columns]\naddress = 'a'", "name = 'x'\n[columns]\naddress='a'\nage='b'",  # noqa: E501
             "name = 'x'\nencoding = 'klingon'\n[columns]\naddress='a'", "not toml ["],
)  # fmt: skip
def test_a_wrong_mapping_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.toml"
    path.write_text(text)
    with pytest.raises(UsageError):
        read_mapping(path)


def test_lines_that_an_open_quote_swallows_are_counted(tmp_path: Path) -> None:
    """Rows 3 to the end stand behind a quote that nobody closes: one row for the CSV module, and not one line lost."""
    plain = [f"2021-03-09 00:00:00,192.0.2.{n},443,,exchange,0,DE,,,0,0,,15.1.2176,,x" for n in range(20)]
    plain[3] = plain[3].removesuffix("x") + '"x'
    mapping = Mapping(name="x", columns={"address": "ip"}, product="exchange")
    for name, changes in (("2021-03-09-scan_exchange-x.csv", {}), ("2021-03-09.csv", {"mapping": mapping})):
        assert added(add(tmp_path / name, name, csv(COLUMNS_2021, *plain), **changes)) == (3, {"malformed line": 17})


def test_a_page_of_many_lines_and_commas_swallows_nothing(tmp_path: Path) -> None:
    mapping = Mapping(name="x", columns={"address": "ip", "page": "page"})
    page = '<script>\r\nf(1,2,3,4)\r\n</script>\r\n<link href=""/owa/auth/15.1.2176/x.ico"">\r\n'
    content = f'ip,port,page\n192.0.2.1,443,"{page}"\n192.0.2.2,443,"{page}'
    assert added(add(tmp_path, "2021-03-09.csv", f'{content}"\n'.encode(), mapping=mapping)) == (2, {})
    content += "\n192.0.2.3,443,x\n192.0.2.4,443,x\n"
    assert added(add(tmp_path, "2021-03-08.csv", content.encode(), mapping=mapping)) == (1, {"malformed line": 7})


@pytest.mark.parametrize("address", ["192.0.2.\u0661", "1\u0662.0.0.1", "192.0.2.\uff11"])
def test_digits_of_other_scripts_make_no_address(tmp_path: Path, address: str) -> None:
    good = {"ip": "192.0.2.1", "version": VULNERABLE}
    lines = [",".join(cells.get(name, "") for name in COLUMNS_TODAY.split(",")) for cells in (good, {"ip": address})]
    outcome = add(tmp_path, "2021-03-10-scan_exchange-at.csv", csv(COLUMNS_TODAY, *lines))
    assert added(outcome) == (1, {"malformed line": 1})


def test_digits_of_other_scripts_make_no_version(tmp_path: Path) -> None:
    cells = {"ip": "192.0.2.1", "version": VULNERABLE.replace("1", "\u0661")}
    line = ",".join(cells.get(name, "") for name in COLUMNS_TODAY.split(","))
    add(tmp_path, "2021-03-10-scan_exchange-at.csv", csv(COLUMNS_TODAY, line))
    assert states(tmp_path) == {State.UNKNOWN: 1}
    assert rows(tmp_path)[0]["version"] is None


def test_hosts_of_another_scanner_are_not_filed_under_censys(tmp_path: Path) -> None:
    """ODIN's hosts have `ip` and `services` too; counted as Censys' they would make one line of two sources."""
    host = {"ip": "192.0.2.1", "asn": {"number": "AS64496"}, "services": [{"port": 443, "protocol": "tcp"}]}
    outcome = add(tmp_path, "2021-03-09.json", jsonl(host))
    assert outcome.refused is not None
    assert "not recognised" in outcome.refused.reason
