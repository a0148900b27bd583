"""Shadowserver's report types besides scans: compromised hosts and devices (columns as its report schema has them)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.census.exports import COLUMNS_TODAY, PATCHED, VULNERABLE, add, counts, rows
from waspglass.packs.builds import State

PLACE = "timestamp,severity,ip,protocol,port,hostname,tag,asn,geo,region,city,naics,hostname_source,sector"
WEBSITE = (
    f"{PLACE},application,url,http_host,category,system,detected_since,server,redirect_target,cc_url,family,status"
)
DEVICE = f"{PLACE},device_vendor,device_type,device_model,device_version"


def row(tag: str, header: str, *last: str) -> bytes:
    cells = ["2021-03-10 04:05:06", "critical", "192.0.2.1", "tcp", "443", "mail.a.example", tag, "64496", "DE"]
    empty = [""] * (header.count(",") + 1 - len(cells) - len(last))
    return f"{header}\n{','.join([*cells, *empty, *last])}\n".encode()


@pytest.mark.parametrize(
    ("more", "source"),
    [
        ("tag,version,servername", "shadowserver.scan_exchange"),
        ("tag,db2_hostname,servername", "shadowserver.report"),
        ("tag,detected_since,status", "shadowserver.compromised_website"),
        ("tag,source_type,status", "shadowserver.compromised_iot"),
        ("severity,method,status", "shadowserver.special"),
        ("severity,status", "shadowserver.report"),
        ("naics", "shadowserver.report"),
    ],
)
def test_a_report_of_another_name_is_told_by_its_columns(tmp_path: Path, more: str, source: str) -> None:
    content = f"timestamp,ip,port,asn,geo,region,city,{more}\n2021-03-10 04:05:06,192.0.2.1,443,0,DE,,\n"
    outcome = add(tmp_path, "export.csv", content.replace(",,\n", ",," + "," * (more.count(",") + 1) + "\n").encode())
    assert outcome.added is not None
    assert outcome.added.source == source


@pytest.mark.parametrize("header", ["timestamp,ip,port,asn,geo,region,city,x", "timestamp,ip,port,geo,region,city,tag"])
def test_a_table_without_the_columns_of_a_report_is_none(tmp_path: Path, header: str) -> None:
    outcome = add(tmp_path, "export.csv", f"{header}\n".encode())
    assert outcome.refused is not None
    assert "not recognised" in outcome.refused.reason


@pytest.mark.parametrize(
    ("tag", "status", "compromise"),
    [
        ("exchange;webshell", "compromised", "webshell"),
        ("exchange", "compromised", "compromised"),
        ("exchange;cve-2021-26855", "", "compromised"),
        ("exchange", "likely compromised", "likely compromised"),
        ("exchange", "not compromised", None),
    ],
)
def test_each_row_of_a_report_of_compromised_websites_is_one(
    tmp_path: Path, tag: str, status: str, compromise: str | None
) -> None:
    """A CVE in it is how somebody came in: it does not say that the server is still vulnerable."""
    add(tmp_path, "2021-03-10-compromised_website-de.csv", row(tag, WEBSITE, status))
    (one,) = counts(tmp_path)
    assert one.source == "shadowserver.compromised_website"
    assert one.addresses == {State.UNKNOWN: 1}
    assert [each["compromise"] for each in rows(tmp_path)] == [compromise]


def test_compromised_websites_of_other_products_do_not_count(tmp_path: Path) -> None:
    add(tmp_path, "2021-03-10-compromised_website6-de.csv", row("hacked-webserver;spam", WEBSITE, "compromised"))
    assert counts(tmp_path) == ()


@pytest.mark.parametrize(
    ("tag", "compromise"),
    [
        ("exchange;compromised", "compromised"),
        ("exchange;device-implant", "device-implant"),
        ("exchange;not-compromised", None),
        ("exchange;uncompromised", None),
        ("exchange;exchange-not-compromised;no-webshell;non-implant", None),
        ("exchange;unifi-implant", "unifi-implant"),
    ],
)
def test_a_scan_says_in_a_tag_that_a_host_is_compromised(tmp_path: Path, tag: str, compromise: str | None) -> None:
    add(tmp_path, "2021-03-10-scan_exchange-de.csv", row(tag, COLUMNS_TODAY, PATCHED, "", ""))
    assert [each["compromise"] for each in rows(tmp_path)] == [compromise]


@pytest.mark.parametrize(
    ("model", "version", "states"),
    [
        ("Exchange", VULNERABLE, {State.VULNERABLE: 1}),
        ("Exchange Server", "", {State.UNKNOWN: 1}),
        ("Windows Server", "", None),
        ("", "", None),
    ],
)
def test_devices_are_known_by_vendor_and_model(
    tmp_path: Path, model: str, version: str, states: dict[State, int] | None
) -> None:
    add(tmp_path, "2021-03-10-device_id-de.csv", row("", DEVICE, "Microsoft", "email", model, version))
    assert [each.addresses for each in counts(tmp_path)] == ([] if states is None else [states])
