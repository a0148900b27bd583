"""Nmap runs whose scripts were not written for one product: what ports answered, and what stands beside the ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.census.exports import PATCHED, VULNERABLE, add, counts, rows
from waspglass.packs.builds import State


def run(port: str, beside: str = "") -> bytes:
    """One host with port 443."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner="nmap" version="7.95">'
        '<host starttime="1615280000" endtime="1615280100"><status state="up"/>'
        '<address addr="192.0.2.1" addrtype="ipv4"/><ports><port protocol="tcp" portid="443">'
        f'<state state="open"/>{port}</port></ports>{beside}</host></nmaprun>\n'
    ).encode()


def script(name: str, *lines: str) -> str:
    return f'<script id="{name}" output="{"&#xa;  ".join(["", *lines])}"/>'


def service(version: str, *cpe: str) -> str:
    inner = "".join(f"<cpe>{each}</cpe>" for each in cpe)
    return f'<service name="https" product="x" version="{version}">{inner}</service>'


HEADERS = script("http-headers", "Server: Microsoft-IIS/10.0", f"X-OWA-Version: {VULNERABLE}", "(Request type: GET)")
CPE = "cpe:/a:microsoft:exchange_server:2016"


@pytest.mark.parametrize(
    ("port", "version", "state"),
    [
        (HEADERS, (VULNERABLE, "header"), State.VULNERABLE),
        (script("http-title", "Outlook", "Requested resource was /owa/"), (None, None), State.UNKNOWN),
        (service(PATCHED, "cpe:/o:microsoft:windows", CPE), (PATCHED, "field"), State.PATCHED),
        (service("2016 CU19", CPE), (None, None), State.UNKNOWN),
        (HEADERS + service(PATCHED, CPE), (VULNERABLE, "header"), State.VULNERABLE),
        (script("ms-exchange-version", PATCHED) + HEADERS, (PATCHED, "script"), State.PATCHED),
        (script("ms-exchange-version", "15.01.2176.009: unknown", "15.1.2176.2"), (PATCHED, "script"), State.PATCHED),
        (script("ms-exchange-version", PATCHED, "sent on to 10.1.2.3:443"), (PATCHED, "script"), State.PATCHED),
    ],
)
def test_a_port_shows_its_product(
    tmp_path: Path, port: str, version: tuple[str | None, str | None], state: State
) -> None:
    add(tmp_path, "2021-03-09.xml", run(port))
    (one,) = rows(tmp_path)
    assert (one["product"], one["version"], one["version_from"]) == ("exchange", *version)
    assert [each.addresses for each in counts(tmp_path)] == [{state: 1}]


@pytest.mark.parametrize(
    "port", [script("http-title", "IIS Windows"), service("10.0", "cpe:/a:microsoft:iis:10.0"), ""]
)
def test_others_are_of_no_known_product(tmp_path: Path, port: str) -> None:
    add(tmp_path, "2021-03-09.xml", run(port))
    assert [each["product"] for each in rows(tmp_path)] == [None]


def test_a_test_beside_the_ports_is_of_the_host(tmp_path: Path) -> None:
    test = script("http-vuln-cve2021-26855", "VULNERABLE:", "State: VULNERABLE")
    add(
        tmp_path, "2021-03-09.xml", run(service(PATCHED, CPE), f"<hostscript>{test}{script('clock-skew')}</hostscript>")
    )
    assert [(each["port"], each["verified"]) for each in rows(tmp_path)] == [(443, None), (None, ["CVE-2021-26855"])]
    (one,) = counts(tmp_path)
    assert (one.addresses, one.tested) == ({State.VULNERABLE: 1}, 1)


def test_what_a_test_beside_the_ports_did_not_find_is_kept(tmp_path: Path) -> None:
    test = script("http-vuln-cve2021-26855", "State: NOT VULNERABLE")
    add(tmp_path, "2021-03-09.xml", run("", f"<hostscript>{test}</hostscript>"), product="exchange")
    assert [(each["port"], each["refuted"]) for each in rows(tmp_path)] == [(443, None), (None, ["CVE-2021-26855"])]
    assert [each.addresses for each in counts(tmp_path)] == [{State.PATCHED: 1}]


def test_not_vulnerable_is_no_sign_of_the_product(tmp_path: Path) -> None:
    """With all results shown, the script says it of each web server that is not sent on to a backend: nginx too."""
    test = script("http-vuln-cve2021-26855", "NOT VULNERABLE:", "Exchange Server SSRF", "  State: NOT VULNERABLE")
    found = {"nginx": script("http-title", "Welcome to nginx!") + test, "owa": HEADERS + test}
    for name, port in found.items():
        add(tmp_path, f"{name}-2021-03-09.xml", run(port).replace(b"192.0.2.1", f"192.0.2.{len(name)}".encode()))
    told = [(each["address"], each["product"], each["refuted"]) for each in rows(tmp_path)]
    assert sorted(map(str, told)) == [
        "('192.0.2.3', 'exchange', ['CVE-2021-26855'])", "('192.0.2.5', None, ['CVE-2021-26855'])"
    ]  # fmt: skip
    (one,) = counts(tmp_path)
    assert one.addresses == {State.PATCHED: 1}


def test_a_run_without_an_open_port_is_no_scan_of_nothing(tmp_path: Path) -> None:
    """It looks the same if the packets never arrived, and all hosts of the run before would be called gone."""
    outcome = add(tmp_path, "2021-03-09.xml", run("").replace(b'state="open"', b'state="filtered"'))
    assert outcome.refused is not None
    assert "host 1: no open port" in outcome.refused.reason
