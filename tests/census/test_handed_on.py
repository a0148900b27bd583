"""Addresses that are handed on from one server to another join neither's other addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.census.exports import PACK, VULNERABLE, add, banner, certificate, counts, jsonl
from waspglass.census.identity import ensure_identity
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder


def servers(folder: Path) -> set[frozenset[str]]:
    """The last numbers of the addresses of each server."""
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        ensure_identity(reading)
        rows = reading.connection.execute("SELECT list(address) FROM identity GROUP BY server").fetchall()
    return {frozenset(address.rsplit(".", 1)[1] for address in addresses) for (addresses,) in rows}


def seen(day: int, host: int, *names: str, own: str = "", **more: object) -> dict[str, object]:
    """A sighting on a day of March, with its host names and, if told, the name that the server gives itself."""
    head = f"HTTP/1.1 200 OK\r\nX-OWA-Version: {VULNERABLE}\r\n" + (f"X-FEServer: {own}\r\n" if own else "")
    rest = {"data": head, "hostnames": list(names), "timestamp": f"2021-03-{day:02d}T10:00:00"}
    return banner(f"192.0.2.{host}") | rest | more


def test_a_chain_of_addresses_that_were_handed_on_is_many_servers(tmp_path: Path) -> None:
    """Sixty servers that changed their addresses among themselves became one."""
    days = [[seen(day, (host + day) % 6, f"mail.firm{host}.example") for host in range(6)] for day in range(1, 7)]
    add(tmp_path, "a.json", jsonl(*(row for day in days for row in day)))
    assert [(each.total, sum(each.servers.values())) for each in counts(tmp_path)] == [(6, 6)] * 6


def test_a_name_that_stays_joins_whatever_comes_and_goes_beside_it(tmp_path: Path) -> None:
    first = [seen(1, 1, "mail.a.example", "www.a.example"), seen(1, 2, "mail.a.example"), seen(1, 3, "www.a.example")]
    later = [seen(2, 1, "mail.a.example"), seen(3, 1), seen(3, 2, "mail.a.example", "owa.a.example")]
    add(tmp_path, "a.json", jsonl(*first, *later))
    assert servers(tmp_path) == {frozenset("12"), frozenset("3")}


def test_names_of_their_own_are_held_to_the_same(tmp_path: Path) -> None:
    """EX01 and EX02 under one domain; address 3 showed the one and then the other, as behind a load balancer."""
    rows = [seen(1, n, f"h{n}.a.example", own=own) for n, own in ((1, "EX01"), (2, "EX02"), (3, "EX01"), (4, "EX01"))]
    add(tmp_path, "a.json", jsonl(*rows, seen(2, 3, "h3.a.example", own="EX02"), seen(2, 4, "h4.a.example")))
    assert servers(tmp_path) == {frozenset("14"), frozenset("2"), frozenset("3")}


def test_so_are_those_under_a_wildcard_certificate(tmp_path: Path) -> None:
    wildcard = {"cert": {**certificate("a")["cert"], "subject": {"CN": "*.hoster.example"}}}  # type: ignore[dict-item]
    rows = [seen(day, n, own=own, ssl=wildcard) for day, n, own in ((1, 1, "A"), (1, 2, "B"), (1, 3, "A"), (2, 3, "B"))]
    add(tmp_path, "a.json", jsonl(*rows, seen(2, 4, own="A", ssl=wildcard)))
    assert servers(tmp_path) == {frozenset("14"), frozenset("2"), frozenset("3")}


def test_a_certificate_of_its_own_is_one_server_under_any_name(tmp_path: Path) -> None:
    own = certificate("b")
    add(tmp_path, "a.json", jsonl(seen(1, 1, "old.a.example", ssl=own), seen(2, 2, "new.a.example", ssl=own)))
    assert servers(tmp_path) == {frozenset("12")}


@pytest.mark.parametrize("name", ["p91-26-44-{}.dip.example", "{}.44.26.91.dsl.example", "h091026044{:03}.dip.example"])
def test_names_made_of_the_address_belong_to_the_provider(tmp_path: Path, name: str) -> None:
    """Two customers who both call their server EX01 are under no domain of one firm."""
    rows = [seen(1, 1, name.format(n), own="EX01") | {"ip_str": f"91.26.44.{n}"} for n in (61, 62)]
    add(tmp_path, "a.json", jsonl(*rows))
    assert servers(tmp_path) == {frozenset({"61"}), frozenset({"62"})}


def test_two_certificates_at_each_address_are_not_more_addresses(tmp_path: Path) -> None:
    """Twenty addresses with two services each show a name at twenty addresses, which is not too many."""
    rows = [
        seen(1, host, "mail.a.example", port=port, ssl={"cert": {"fingerprint": {"sha256": f"{port}{host:05}" * 8}}})
        for host in range(20)
        for port in (443, 444)
    ]
    add(tmp_path, "a.json", jsonl(*rows))
    assert {frozenset(addresses) for addresses in servers(tmp_path)} == {frozenset(str(host) for host in range(20))}
