"""JSON lines of scanners without a reader of their own, by declared paths; answers in them are read as banners are."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.census.exports import PATCHED, VULNERABLE, add, added, counts, jsonl, rows, states
from waspglass.census.sources.mapped_json import value_at
from waspglass.census.sources.mapping import Mapping, read_mapping
from waspglass.model.errors import UsageError
from waspglass.packs.builds import State

ZGRAB2 = """
name = "zgrab2"
format = "json"
[columns]
address = "ip"
names = "domain"
seen = "data.http.timestamp"
head = "data.http.result.response.headers"
page = "data.http.result.response.body"
"""
ONYPHE = """
name = "onyphe"
format = "json"
[columns]
address = "ip"
port = "port"
seen = "@timestamp"
country = "country"
asn = "asn"
names = "hostname"
head = "data"
title = "app.http.title"
"""
OWN = """
name = "own"
format = "json"
each = "services"
[columns]
address = "ip"
port = "port"
seen = "origin.ts"
head = "headers"
[tested]
column = "open"
cve = "CVE-2021-26855"
vulnerable = ["true"]
patched = ["false"]
[compromised]
column = "shell.kind"
values = ["webshell"]
"""


def declared(text: str) -> Mapping:
    return Mapping.model_validate(tomllib.loads(text))


def headers(version: str) -> dict[str, object]:
    """Of an answer, as ZGrab2 writes those that it does not know."""
    unknown = [{"key": "x_owa_version", "value": [version]}, {"key": "x_feserver", "value": ["EX1"]}]
    return {"content_type": ["text/html"], "unknown": unknown}


def test_zgrab2(tmp_path: Path) -> None:
    answer = {"status": "success", "timestamp": "2021-03-09T10:00:00+01:00"}
    record = {"ip": "192.0.2.1", "domain": "mail.a.example", "data": {"http": answer}}
    answer |= {"result": {"response": {"headers": headers(VULNERABLE), "body": "<html>"}}}  # type: ignore[dict-item]  # JSON
    assert added(add(tmp_path, "zgrab.json", jsonl(record), mapping=declared(ZGRAB2))) == (1, {})
    (one,) = rows(tmp_path)
    assert (one["source"], one["version"], one["version_from"]) == ("table.zgrab2", VULNERABLE, "header")
    assert (one["product"], one["server_name"], one["names"]) == ("exchange", "EX1", ["mail.a.example"])
    assert one["seen"] == dt.datetime(2021, 3, 9, 9, tzinfo=dt.UTC)


def test_onyphe_with_a_raw_answer_and_names_that_have_dots(tmp_path: Path) -> None:
    record = {"@timestamp": "2021-03-09T09:00:00.000Z", "ip": "192.0.2.1", "port": 443, "country": "DE",
              "asn": "AS64496", "hostname": ["a.example", "b.example"], "app.http.title": "Outlook"}  # fmt: skip
    shown = record | {"ip": "192.0.2.2", "data": f"HTTP/1.1 200 OK\r\nX-OWA-Version: {PATCHED}\r\n\r\n<html>"}
    assert added(add(tmp_path, "o.json", jsonl(record, shown), mapping=declared(ONYPHE))) == (2, {})
    assert states(tmp_path) == {State.UNKNOWN: 1, State.PATCHED: 1}
    assert [(each["names"], each["asn"], each["country"]) for each in rows(tmp_path)] == [
        (["a.example", "b.example"], 64496, "DE")
    ] * 2


def test_a_host_with_a_list_of_services(tmp_path: Path) -> None:
    """Milliseconds since 1970, truths, and headers as three kinds of lists."""
    services = [
        {"port": 443, "headers": [f"X-OWA-Version: {VULNERABLE}"], "open": False},
        {"port": 444, "headers": [{"name": "X-OWA-Version", "value": PATCHED}], "open": True},
        {"port": 25, "headers": {"X_OWA_Version": {"headers": [PATCHED]}}, "shell": {"kind": "webshell"}},
    ]
    record = {"ip": "192.0.2.1", "origin": {"ts": 1615284000123}, "services": services}
    empty = {"ip": "192.0.2.2", "services": []}
    outcome = add(tmp_path, "o.json", jsonl(record, empty), mapping=declared(OWN))
    assert added(outcome) == (3, {"empty": 1})
    by_port = {each["port"]: each for each in rows(tmp_path)}
    assert [by_port[port]["version"] for port in (443, 444, 25)] == [VULNERABLE, PATCHED, PATCHED]
    assert (by_port[443]["refuted"], by_port[444]["verified"]) == (["CVE-2021-26855"], ["CVE-2021-26855"])
    assert by_port[25]["compromise"] == "webshell"
    (one,) = counts(tmp_path)
    assert (one.date, one.addresses, one.tested) == (dt.date(2021, 3, 9), {State.VULNERABLE: 1}, 1)


def test_of_lists_on_the_way_all_elements_count(tmp_path: Path) -> None:
    mapping = Mapping(
        name="x", format="json", columns={"address": "ip", "names": "services.names", "port": "services.port"}
    )
    record = {
        "ip": "192.0.2.1",
        "services": [{"names": ["a.example", "b.example"]}, {"port": 443, "names": "c.example"}, 5],
    }
    add(tmp_path, "2021-03-09.json", jsonl(record), mapping=mapping)
    assert [(each["names"], each["port"]) for each in rows(tmp_path)] == [
        (["a.example", "b.example", "c.example"], 443)
    ]


def test_of_a_declared_product_what_answers_show_of_others_is_left_out(tmp_path: Path) -> None:
    mapping = declared(ONYPHE.replace('name = "onyphe"', 'name = "x"\nproduct = "sharepoint"'))
    record = {"ip": "192.0.2.1", "@timestamp": "2021-03-09T09:00:00Z", "data": f"\r\nX-OWA-Version: {PATCHED}"}
    add(tmp_path, "o.json", jsonl(record), mapping=mapping)
    assert [(each["product"], each["version"]) for each in rows(tmp_path)] == [("sharepoint", None)]


def test_a_path_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    mapping = declared(ONYPHE.replace('"country"', '"cuontry"'))
    full = {"ip": "192.0.2.1", "port": 1, "@timestamp": "2021-03-09T09:00:00Z", "country": "DE", "asn": "AS1",
            "hostname": [], "data": "x", "app.http.title": ""}  # fmt: skip
    outcome = add(tmp_path, "o.json", jsonl(full), mapping=mapping)
    assert outcome.added is not None
    (skip,) = outcome.added.skipped
    assert (skip.count, skip.detail) == (1, "first: no record has a value at cuontry")


def test_other_json_is_not_recognised_and_lines_without_an_address_are_malformed(tmp_path: Path) -> None:
    mapping = declared(OWN)
    assert add(tmp_path, "a.json", jsonl({"addr": "192.0.2.1"}), mapping=mapping).refused is not None
    bad = ["[]", "{", '{"ip": "x", "services": [{}]}', '{"ip": ["192.0.2.9"], "services": 5}', "[" * 5000]
    good = {"ip": "192.0.2.1", "services": [{"port": "443"}], "origin": {"ts": "2021-03-09"}}
    assert added(add(tmp_path, "b.json", jsonl(good, *bad), mapping=mapping))[1]["malformed line"] == 4


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('name="x"\nformat="json"\ndelimiter=";"\n[columns]\naddress="ip"', "delimiter says nothing about json"),
        ('name="x"\neach="services"\n[columns]\naddress="ip"', "each says nothing about csv"),
        ('name="x"\nformat="xml"\n[columns]\naddress="ip"', "'csv' or 'json'"),
    ],
)
def test_a_declaration_of_two_minds(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "list.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=fault):
        read_mapping(file)


def test_a_csv_may_have_answers_too(tmp_path: Path) -> None:
    """As `shodan convert FILE csv` writes them."""
    mapping = Mapping(name="csv", columns={"address": "IP_str", "head": "Data", "cpe": "cpe", "seen": "timestamp"})
    table = f'ip_str,timestamp,data,cpe\n192.0.2.1,2021-03-09T10:00:00,"HTTP/1.1 200\r\nX-OWA-Version: {VULNERABLE}",\n'
    table += "192.0.2.2,2021-03-09T10:00:00,,cpe:/a:microsoft:exchange_server:2016\n"
    assert added(add(tmp_path, "x.csv", table.encode(), mapping=mapping)) == (2, {})
    assert states(tmp_path) == {State.VULNERABLE: 1, State.UNKNOWN: 1}


def test_a_told_column_is_named_as_the_others_are(tmp_path: Path) -> None:
    """Of a CSV with any capitals and spaces around; a path of JSON keeps its capitals."""
    told = {"column": " Ergebnis ", "cve": "CVE-2021-26855", "vulnerable": ["ja"]}
    both = Mapping.model_validate({"name": "x", "columns": {"address": " IP"}, "product": "exchange", "tested": told})
    add(tmp_path, "2021-03-09.csv", b"ip,ERGEBNIS\n192.0.2.1,ja\n", mapping=both)
    told["column"] = "Result"
    paths = both.model_dump(exclude={"delimiter", "encoding"}) | {"format": "json", "tested": told}
    lines = jsonl({"IP": "192.0.2.2", "Result": "ja"}, {"IP": "192.0.2.3", "result": "ja"})
    columns = {"columns": {"address": "IP"}}
    add(tmp_path, "2021-03-09.json", lines, mapping=Mapping.model_validate(paths | columns))
    assert states(tmp_path) == {State.VULNERABLE: 2, State.UNKNOWN: 1}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "a.b", ""]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON, st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=5))
def test_any_path_in_any_json_has_a_value_or_none(record: object, names: list[str]) -> None:
    """A path into dictionaries alone finds what indexing finds."""
    found = value_at(record, ".".join(names))
    step = record
    for name in names:
        step = step.get(name) if isinstance(step, dict) and not any("." in key for key in step) else ...
        if step is ... or step is None:
            return
    assert found == step


def test_the_declaration_in_the_how_to_reads_zgrab2(tmp_path: Path) -> None:
    how_to = (Path(__file__).parents[2] / "docs/census-howto.md").read_text(encoding="utf-8")
    (text,) = (part.split("```")[0] for part in how_to.split("```toml\n") if part.startswith('name = "zgrab2"'))
    response = {"headers": headers(PATCHED), "body": "x"}
    answer = {"timestamp": "2021-03-09T10:00:00Z", "result": {"response": response}}
    record = {"ip": "192.0.2.1", "domain": "a.example", "data": {"http": answer}}
    assert added(add(tmp_path, "zgrab.json", jsonl(record), mapping=declared(text))) == (1, {})
    assert states(tmp_path) == {State.PATCHED: 1}


@pytest.mark.parametrize("form", ["csv", "json"])
def test_the_first_of_several_places_that_has_a_value_counts(tmp_path: Path, form: Literal["csv", "json"]) -> None:
    mapping = Mapping(name="x", format=form, columns={"address": ("ip", "host"), "port": ("a", "b"), "asn": "asn"})
    records = [{"ip": "192.0.2.1", "host": "x", "b": "25", "asn": "1"}, {"ip": " ", "host": "192.0.2.2", "asn": "2"}]
    table = b"ip,host,b,asn\n192.0.2.1,x,25,1\n ,192.0.2.2,,2\n"
    content = table if form == "csv" else jsonl(*records)
    assert added(add(tmp_path, "2021-03-09", content, mapping=mapping)) == (2, {})
    assert [(row["address"], row["port"]) for row in rows(tmp_path)] == [("192.0.2.1", 25), ("192.0.2.2", None)]
    gone = content.replace(b"b", b"c")
    outcome = add(tmp_path, "2021-03-10", gone, mapping=mapping)
    told = str(outcome.refused) if form == "csv" else str(outcome.added)
    assert ("no column a or b" if form == "csv" else "no record has a value at a or b") in told


def test_a_field_without_a_place_is_none() -> None:
    with pytest.raises(ValidationError, match="no column for port"):
        Mapping(name="x", format="json", columns={"address": "ip", "port": ()})
