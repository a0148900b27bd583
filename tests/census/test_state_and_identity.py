"""The state of a host by the order of evidence, and which sightings are of one server."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.census.exports import (
    COLUMNS_2021,
    PACK,
    PATCHED,
    UNDECIDABLE,
    VULNERABLE,
    add,
    banner,
    certificate,
    counts,
    jsonl,
    rows,
)
from waspglass.census.judge import judge, version_table, weight_sql
from waspglass.census.reading import open_reading
from waspglass.census.sources.mapping import Mapping
from waspglass.census.store.folder import Folder
from waspglass.packs.builds import BuildTable, State

CVE = "CVE-2021-26855"
BUILDS = BuildTable(PACK.builds)


@pytest.mark.parametrize(
    ("version", "claimed", "verified", "refuted", "expected"),
    [
        (VULNERABLE, [], [], [], State.VULNERABLE),
        (PATCHED, [], [], [], State.PATCHED),
        (UNDECIDABLE, [], [], [], State.UNDECIDABLE),
        ("15.2.858.5", [], [], [], State.PATCHED),
        ("9.9.9.9", [], [], [], State.UNKNOWN),
        (None, [], [], [], State.UNKNOWN),
        (UNDECIDABLE, [CVE], [], [], State.VULNERABLE),
        (PATCHED, [CVE], [], [], State.VULNERABLE),
        (PATCHED, [], [CVE], [], State.VULNERABLE),
        (VULNERABLE, [CVE], [], [CVE], State.PATCHED),
        (VULNERABLE, [], [], [CVE], State.PATCHED),
        (PATCHED, ["CVE-2020-0688"], ["CVE-2022-41082"], [], State.PATCHED),
    ],
)
def test_a_test_outranks_a_word_and_a_word_outranks_a_version(
    version: str | None, claimed: list[str], verified: list[str], refuted: list[str], expected: State
) -> None:
    assert judge(version, claimed, verified, refuted, BUILDS, PACK.cves).state is expected


CVES = st.lists(st.sampled_from([CVE, "CVE-2021-27065", "CVE-2020-0688"]), max_size=2, unique=True)
VERSIONS = st.none() | st.sampled_from([VULNERABLE, PATCHED, UNDECIDABLE, "14.3.513.0", "15.2.9999", "1.2.3"])


@given(st.lists(st.tuples(VERSIONS, CVES, CVES, CVES), min_size=1, max_size=8))
def test_sql_says_the_same_as_the_plain_form(cases: list[tuple[str | None, list[str], list[str], list[str]]]) -> None:
    import duckdb
    import pyarrow as pa

    names = ("version", "claimed", "verified", "refuted")
    kinds = (pa.string(), *[pa.list_(pa.string())] * 3)
    columns = zip(*cases, strict=True)
    sightings = pa.table({n: pa.array(c, k) for n, c, k in zip(names, columns, kinds, strict=True)})
    sightings = sightings.append_column("nth", pa.array(range(len(cases))))
    with duckdb.connect() as connection:
        connection.register("s", sightings)
        connection.register("v", version_table(sorted({v for v, *_ in cases if v is not None}), BUILDS))
        sql = f"SELECT {weight_sql()} FROM s LEFT JOIN v ON s.version = v.version ORDER BY nth"
        weights = connection.execute(sql, {"cves": list(PACK.cves)}).fetchall()
    assert [weight for (weight,) in weights] == [judge(*case, BUILDS, PACK.cves).weight for case in cases]


def test_the_strongest_sighting_of_a_host_counts(tmp_path: Path) -> None:
    ports = [
        banner("192.0.2.1", UNDECIDABLE),
        banner("192.0.2.1", PATCHED, port=444),
        banner("192.0.2.1", None, port=445),
    ]
    add(tmp_path, "a.json", jsonl(*ports))
    (one,) = counts(tmp_path)
    assert one.addresses == {State.PATCHED: 1}


def servers(folder: Path) -> list[int]:
    return [sum(each.servers.values()) for each in counts(folder)]


def partition(folder: Path) -> set[frozenset[str]]:
    """Addresses by server."""
    from waspglass.census.identity import ensure_identity

    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        ensure_identity(reading)
        rows = reading.connection.execute("SELECT list(DISTINCT address) FROM identity GROUP BY server").fetchall()
    return {frozenset(addresses) for (addresses,) in rows}


def test_one_certificate_is_one_server(tmp_path: Path) -> None:
    add(
        tmp_path,
        "a.json",
        jsonl(*(banner(f"192.0.2.{n}", ssl=certificate("a")) for n in range(3)), banner("192.0.2.9")),
    )
    assert partition(tmp_path) == {frozenset({"192.0.2.0", "192.0.2.1", "192.0.2.2"}), frozenset({"192.0.2.9"})}
    (one,) = counts(tmp_path)
    assert (one.total, servers(tmp_path)) == (4, [2])


def test_another_digest_of_a_certificate_makes_no_second_server(tmp_path: Path) -> None:
    """A list with SHA-1 beside a source with SHA-256: the server at the address was two, and no source shared any."""
    mapping = Mapping(name="own", product="exchange", columns={"address": "ip", "certificate": "print"})
    add(tmp_path, "a.json", jsonl(banner("192.0.2.1", ssl=certificate("a"))))
    add(tmp_path, "2021-03-09.csv", f"ip,print\n192.0.2.1,{'AB:' * 19}AB\n".encode(), mapping=mapping)
    assert len(partition(tmp_path)) == 1


def test_an_inner_address_in_certificates_names_no_server(tmp_path: Path) -> None:
    """Many networks have a 192.168.1.10, and certificates name it."""
    names = ["192.168.1.10", "127.0.0.1", "*.168.1.10", "2001:db8::1", "1", "mail.10"]
    hosts = [banner(f"192.0.2.{n}", ssl=certificate(mark), hostnames=names) for n, mark in enumerate("ab")]
    add(tmp_path, "a.json", jsonl(*hosts, banner("192.0.2.2", hostnames=["_a.b.x1", "10.example"])))
    assert partition(tmp_path) == {frozenset({f"192.0.2.{n}"}) for n in range(3)}
    assert [each["names"] for each in rows(tmp_path)] == [[], [], ["_a.b.x1", "10.example"]]


def test_a_certificate_everywhere_says_nothing(tmp_path: Path) -> None:
    add(tmp_path, "a.json", jsonl(*(banner(f"192.0.2.{n}", ssl=certificate("a")) for n in range(33))))
    assert servers(tmp_path) == [33]


def test_a_certificate_that_moves_with_its_address_is_one_server(tmp_path: Path) -> None:
    """A small firm behind a line that gets another address each night, seen on more days than the limit of a day."""
    days = [f"2021-02-{day:02d}" for day in range(1, 29)] + [f"2021-03-{day:02d}" for day in range(1, 10)]
    moving = [banner(f"192.0.2.{n}", ssl=certificate("a"), timestamp=f"{day}T00:00:00") for n, day in enumerate(days)]
    shared = [banner(f"198.51.100.{n}", ssl=certificate("b")) for n in range(33)]
    add(tmp_path, "a.json", jsonl(*moving, *shared))
    found = partition(tmp_path)
    assert frozenset(f"192.0.2.{n}" for n in range(37)) in found
    assert len(found) == 1 + 33


def test_names_with_umlauts_are_those_that_scanners_spell_in_ascii(tmp_path: Path) -> None:
    """A list of a registry has them; they were left out, and the contact of the domain was not found."""
    names = [
        "Mail.MÜNCHEN.example.",
        " *.münchen.example",
        "mail.xn--mnchen-3ya.example",
        "ü" * 70 + ".example",
        "*.ü*.x",
        "ß",
    ]
    add(tmp_path, "a.json", jsonl(banner("192.0.2.1", hostnames=names), banner("192.0.2.2", hostnames=["b.example"])))
    assert [each["names"] for each in rows(tmp_path)] == [
        ["mail.xn--mnchen-3ya.example", "*.xn--mnchen-3ya.example"],
        ["b.example"],
    ]


def test_a_wildcard_certificate_names_no_server(tmp_path: Path) -> None:
    def host(number: int, own: str, mark: str = "a") -> dict[str, object]:
        names = ["*.hoster.example", "hoster.example"]
        cert: dict[str, object] = {"fingerprint": {"sha256": mark * 64}, "subject": {"CN": "*.hoster.example"}}
        head = f"HTTP/1.1 200\r\nX-OWA-Version: 15.1.2176.2\r\nX-FEServer: {own}\r\n"
        return banner(f"192.0.2.{number}", data=head, hostnames=names, ssl={"cert": cert})

    add(tmp_path, "a.json", jsonl(host(1, "EX01"), host(2, "EX02"), host(3, "EX02"), host(4, "EX04", "b")))
    assert partition(tmp_path) == {
        frozenset({"192.0.2.1"}), frozenset({"192.0.2.2", "192.0.2.3"}), frozenset({"192.0.2.4"})
    }  # fmt: skip


def test_names_of_a_provider_do_not_join_its_customers(tmp_path: Path) -> None:
    head = "HTTP/1.1 200\r\nX-OWA-Version: 15.1.2176.2\r\nX-FEServer: EXCHANGE\r\n"
    customers = [banner(f"192.0.2.{n}", data=head, hostnames=[f"kunde{n}.isp.example.net"]) for n in range(33)]
    coded = [
        banner("91.26.44.61", data=head, hostnames=["p5b1a2c3d.dip0.example.net"]),
        banner("91.26.44.62", data=head, hostnames=["p5b1a2c3e.dip0.example.net"]),
        banner("91.26.44.63", data=head, hostnames=["h091026044063.dip0.example.net"]),
    ]
    add(tmp_path, "a.json", jsonl(*customers, *coded))
    assert len(partition(tmp_path)) == 36


@pytest.mark.parametrize(("suffix", "servers"), [("co.at", 9), ("dyndns.org", 9), ("firma.co.at", 1)])
def test_a_name_below_which_anybody_registers_is_no_domain_of_one(tmp_path: Path, suffix: str, servers: int) -> None:
    """Nine firms called their server EX01; few addresses are under the suffix in a small store."""
    head = "HTTP/1.1 200\r\nX-OWA-Version: 15.1.2176.2\r\nX-FEServer: EX01\r\n"
    add(tmp_path, "a.json", jsonl(*(banner(f"192.0.2.{n}", data=head, hostnames=[f"k{n}.{suffix}"]) for n in range(9))))
    assert len(partition(tmp_path)) == servers


def test_a_name_of_an_inner_network_joins_nothing(tmp_path: Path) -> None:
    """Half of the small firms that somebody set up from one book have `server.domain.local`."""
    head = "HTTP/1.1 200\r\nX-OWA-Version: 15.1.2176.2\r\nX-FEServer: SERVER\r\n"
    names = [
        "server.domain.local",
        "server.domain.local",
        "exchange.firma.lan",
        "exchange.firma.lan",
        "local.a.example",
    ]
    rows = [
        banner(f"192.0.2.{n}", data=head, hostnames=[name], ssl=certificate("abcdef"[n]))
        for n, name in enumerate(names)
    ]
    add(tmp_path, "a.json", jsonl(*rows, banner("192.0.2.9", hostnames=["local.a.example"])))
    assert servers(tmp_path) == [5]


def test_a_host_name_joins_unless_it_is_made_from_the_address(tmp_path: Path) -> None:
    add(
        tmp_path,
        "a.json",
        jsonl(
            banner("192.0.2.1", hostnames=["mail.a.example"]),
            banner("192.0.2.2", hostnames=["mail.a.example"]),
            banner("198.51.100.7", hostnames=["ip-198-51-100-7.isp.example", "static.isp.example.net"]),
            banner("198.51.100.8", hostnames=["host7-8.100.51.198.isp.example"]),
        ),
    )
    assert frozenset({"192.0.2.1", "192.0.2.2"}) in partition(tmp_path)
    assert servers(tmp_path) == [3]


def test_a_bare_server_name_says_nothing_without_its_domain(tmp_path: Path) -> None:
    head = "HTTP/1.1 200\r\nX-OWA-Version: 15.1.2176.2\r\nX-FEServer: EX01\r\n"
    rows = [
        banner("192.0.2.1", data=head, hostnames=["mail.a.example"]),
        banner("192.0.2.2", data=head, hostnames=["owa.a.example"]),
        banner("192.0.2.3", data=head, hostnames=["mail.b.example"]),
        banner("192.0.2.4", data=head),
        banner("192.0.2.5", data=head),
    ]
    add(tmp_path, "a.json", jsonl(*rows))
    assert partition(tmp_path) == {
        frozenset({"192.0.2.1", "192.0.2.2"}), frozenset({"192.0.2.3"}), frozenset({"192.0.2.4"}), frozenset({"192.0.2.5"}),  # noqa: E501
    }  # fmt: skip


def test_an_address_that_was_handed_on_is_two_servers(tmp_path: Path) -> None:
    first = banner("192.0.2.1", ssl=certificate("a"), timestamp="2021-03-03T00:00:00")
    second = banner("192.0.2.1", ssl=certificate("b"), timestamp="2021-03-20T00:00:00")
    add(tmp_path, "a.json", jsonl(first, second))
    assert partition(tmp_path) == {frozenset({"192.0.2.1"})}
    from waspglass.census.identity import ensure_identity

    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        ensure_identity(reading)
        assert reading.connection.execute("SELECT count(DISTINCT server) FROM identity").fetchall() == [(2,)]


def test_a_source_without_certificates_joins_the_only_server_of_its_address(tmp_path: Path) -> None:
    add(tmp_path, "a.json", jsonl(banner("192.0.2.1", ssl=certificate("a")), banner("192.0.2.2", ssl=certificate("a"))))
    row = '"2021-03-09 00:00:00","192.0.2.1",443,"","exchange",0,"DE","","",0,0,,"15.1.2176.2","",'
    add(tmp_path, "2021-03-09-scan_exchange-de.csv", f"{COLUMNS_2021}\n{row}\n".encode())
    assert partition(tmp_path) == {frozenset({"192.0.2.1", "192.0.2.2"})}


def test_the_kept_identity_is_renewed_when_the_store_grows(tmp_path: Path) -> None:
    add(tmp_path, "a.json", jsonl(banner("192.0.2.1", ssl=certificate("a")), banner("192.0.2.2")))
    assert servers(tmp_path) == [2]
    assert len(list((tmp_path / "store" / "derived").glob("*.parquet"))) == 1
    add(tmp_path, "b.json", jsonl(banner("192.0.2.2", ssl=certificate("a"))))
    assert len(partition(tmp_path)) == 1
    assert len(list((tmp_path / "store" / "derived").glob("*.parquet"))) == 1


def test_a_store_that_cannot_be_written_to_answers_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(tmp_path, "a.json", jsonl(banner("192.0.2.1", ssl=certificate("a")), banner("192.0.2.2", ssl=certificate("a"))))
    for path in sorted((tmp_path / "store" / "derived").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (tmp_path / "store" / "derived").rmdir()

    make = Path.mkdir

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    def refuse_inside(path: Path, mode: int = 0o777, **more: bool) -> None:
        refuse() if path.is_relative_to(tmp_path / "store") else make(path, mode, **more)

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.makedirs", refuse)
    monkeypatch.setattr(Path, "mkdir", refuse_inside)
    assert servers(tmp_path) == [1]
    assert not (tmp_path / "store" / "derived").exists()
