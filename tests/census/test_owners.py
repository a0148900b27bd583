"""Who is told: the longest prefix wins, nobody is lost, and what was reported once stays reported."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.census.exports import COLUMNS_2021, PACK, PATCHED, UNDECIDABLE, VULNERABLE, add, banner, jsonl
from waspglass.census.contacts import Contact, Contacts, read_contacts
from waspglass.census.owners import ExposedHost, Notice, exposed_hosts, notices
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder
from waspglass.model.errors import UsageError
from waspglass.packs.builds import State

CONTACTS = """email,name,language,sector,cidr,asn,domain
net@a.example,A,de,,192.0.2.0/24,,
half@a.example,Half,en,,192.0.2.0/25,,
six@a.example,Six,,,2001:db8::/32,,
dom@b.example,B,,,,,b.example
sub@b.example,Sub,,,,,sub.b.example
as@c.example,C,,,,AS64496,
"""


@pytest.fixture
def contacts(tmp_path: Path) -> Contacts:
    path = tmp_path / "contacts.csv"
    path.write_text(CONTACTS, encoding="utf-8-sig")
    return read_contacts(path)


@pytest.mark.parametrize(
    ("address", "names", "asn", "email"),
    [
        ("192.0.2.5", ["x.b.example"], 64496, "half@a.example"),
        ("192.0.2.200", [], None, "net@a.example"),
        ("2001:db8::5", [], 64496, "six@a.example"),
        ("203.0.113.1", ["mail.b.example"], 64496, "dom@b.example"),
        ("203.0.113.1", ["a.sub.b.example"], None, "sub@b.example"),
        ("203.0.113.1", ["notb.example"], 64496, "as@c.example"),
        ("203.0.113.1", ["b.example.evil.example"], 1, None),
    ],
)
def test_the_most_exact_contact_wins(
    contacts: Contacts, address: str, names: list[str], asn: int | None, email: str | None
) -> None:
    found = contacts.find(address, names, asn)
    assert (None if found is None else found[0][0].email) == email


def test_of_domains_of_one_length_the_first_in_the_alphabet_wins(tmp_path: Path) -> None:
    """Not the one that a set happens to hand out first: the same owner is told each time."""
    names = [f"{letter}.example" for letter in "hgfedcba"]
    path = tmp_path / "c.csv"
    path.write_text("email,domain\n" + "".join(f"noc@{name},{name}\n" for name in names))
    found = read_contacts(path).find("192.0.2.1", [f"mail.{name}" for name in names], None)
    assert found is not None
    assert found[1] == "a.example"


@pytest.mark.parametrize("header", ["email,email,cidr", "Email,email ,cidr", "email,cidr,cidr"])
def test_of_two_columns_with_one_name_none_is_left_out_without_a_word(tmp_path: Path, header: str) -> None:
    path = tmp_path / "contacts.csv"
    path.write_text(f"{header}\nnoc@a.example,192.0.2.0/24,198.51.100.0/24\n")
    with pytest.raises(UsageError, match=r"several columns are called (email|cidr)"):
        read_contacts(path)


def test_contacts_as_a_spreadsheet_in_german_saves_them(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_text(
        "\ufeffEmail; CIDR;Name; Language;Sector\nnoc@a.example ; 192.0.2.0/24;Müller, Söhne;DE;Energie\n",
        encoding="utf-8",
    )
    found = read_contacts(path).find("192.0.2.1", [], None)
    assert found is not None
    assert found[0][0] == Contact("noc@a.example", "Müller, Söhne", "de", "Energie")
    path.write_text("email\tdomain\nnoc@a.example\tb.example\n")
    assert read_contacts(path).find("192.0.2.1", ["x.b.example"], None) == ((Contact("noc@a.example"),), "b.example")
    path.write_bytes("email;cidr;name\nnoc@a.example;192.0.2.0/24;Müller\n".encode("cp1252"))
    with pytest.raises(UsageError, match="Save the file as UTF-8"):
        read_contacts(path)


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)), min_size=1, max_size=30),
    st.integers(0, 2**32 - 1),
)
def test_longest_prefix_is_that_of_the_naive_search(networks: list[tuple[int, int]], address: int) -> None:
    contacts = Contacts()
    made = {ipaddress.ip_network((value >> (32 - length) << (32 - length), length)) for value, length in networks}
    for network in made:
        contacts.add_network(network, Contact(str(network)))
    host = ipaddress.ip_address(address)
    inside = [network for network in made if host in network]
    found = contacts.find(str(host), [], None)
    assert (None if found is None else found[0][0].email) == (
        str(max(inside, key=lambda network: network.prefixlen)) if inside else None
    )


@pytest.mark.parametrize(
    "row",
    ["nobody,x,de,,192.0.2.0/24,,", "a@b.example,x,fr,,192.0.2.0/24,,", "a@b.example,x,de,,192.0.2.1/24,,", "a@b.example,x,de,,,,",  # noqa: E501
     "a@b.example,x,de,,192.0.2.0/24,AS1,", "a@b.example,x,de,,,AS0,", "a@b.example,x,de,,,4294967296,", "a@b.example,x,de,,,ASX,", "a@b.example\nBcc: x@y.example,x,de,,192.0.2.0/24,,", "a@b.example,x,,,,,..", "a@b.example,x,,,,,☃-.ü", "a@b.example,x,,,,,example", f"{'a' * 65}@b.example,x,de,,192.0.2.0/24,,",],  # noqa: E501
)  # fmt: skip
def test_a_wrong_contact_is_worse_than_none(tmp_path: Path, row: str) -> None:
    path = tmp_path / "c.csv"
    first = row.split(",")[0]
    quoted = f'"{first}"' + row.removeprefix(first)
    path.write_text(f"email,name,language,sector,cidr,asn,domain\n{quoted}\n")
    with pytest.raises(UsageError) as caught:
        read_contacts(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("header", ["", "\n", "mail,cidr\n", "email,name\n", "Kontakt;Netz\n"])
def test_without_an_address_or_what_it_is_for_it_is_no_contact_file(tmp_path: Path, header: str) -> None:
    """A file of the header alone was a list of nobody."""
    path = tmp_path / "c.csv"
    path.write_text(header)
    with pytest.raises(UsageError, match=r"c\.csv:1: not a contact file"):
        read_contacts(path)


@pytest.mark.parametrize(("kind", "value"), [("cidr", "192.0.2.0/24"), ("asn", "AS64496"), ("domain", "a.example")])
def test_one_of_the_three_is_enough_and_a_row_may_end_early(tmp_path: Path, kind: str, value: str) -> None:
    path = tmp_path / "c.csv"
    for more in ("", ",name,sector"):
        path.write_text(f"email,{kind}{more}\nnoc@a.example,{value}\n")
        found = read_contacts(path).find("192.0.2.1", ["mail.a.example"], 64496)
        assert found == ((Contact("noc@a.example"),), value)


def test_a_file_that_cannot_be_opened_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.csv: contacts cannot be read"):
        read_contacts(tmp_path / "absent.csv")


@pytest.mark.parametrize("last", ["b@x.example,198.51.100.0/24,B", 'b@x.example,198.51.100.0/24,"B"', 'b,c,B"'])
def test_a_quote_that_is_not_closed_hides_no_contact(tmp_path: Path, last: str) -> None:
    """The rows after it became part of a name, and their owners were not told."""
    path = tmp_path / "c.csv"
    path.write_text(f'email,cidr,name\na@x.example,192.0.2.0/24,"A\n{last}\n')
    with pytest.raises(UsageError, match=r"c\.csv:[23]: .* quote in this line or before it not closed"):
        read_contacts(path)


@pytest.mark.parametrize(
    "swallowed", ['"A\nb@x.example,198.51.100.0/24,B"', '"A\rb@x.example,,B"', 'A,"\nb@x.example,,B"']
)
def test_a_cell_over_several_lines_hides_no_contact(tmp_path: Path, swallowed: str) -> None:
    """Also where lines end as on old Macs, and where the header has no name for the cell."""
    path = tmp_path / "c.csv"
    path.write_bytes(f"email,cidr,name\na@x.example,192.0.2.0/24,{swallowed}\n".encode())
    with pytest.raises(UsageError, match="a cell goes over several lines"):
        read_contacts(path)


def test_what_follows_a_quote_is_no_part_of_the_address(tmp_path: Path) -> None:
    """Two addresses in one cell would be one that nobody has."""
    path = tmp_path / "c.csv"
    path.write_text('email,cidr\n"noc@a.example".b.example,192.0.2.0/24\n')
    with pytest.raises(UsageError, match=r"c\.csv:2: contacts cannot be read"):
        read_contacts(path)


@pytest.mark.parametrize("written", ["A.Example", "a.example.", ".a.example"])
def test_a_domain_is_the_same_in_capitals_and_with_a_dot_at_either_end(tmp_path: Path, written: str) -> None:
    path = tmp_path / "c.csv"
    path.write_text(f"email,domain\nnoc@a.example,{written}\n")
    assert read_contacts(path).find("192.0.2.1", ["mail.a.example"], None) == ((Contact("noc@a.example"),), "a.example")


def test_a_domain_with_umlauts_is_that_of_the_scan(tmp_path: Path) -> None:
    """`straße` and `strasse` are two domains, of two owners."""
    path = tmp_path / "c.csv"
    path.write_text("email,domain\na@x.example,Straße.München.example\nb@x.example,strasse.münchen.example\n", "utf-8")
    contacts = read_contacts(path)
    for domain, email in (("xn--strae-oqa", "a@x.example"), ("strasse", "b@x.example")):
        found = contacts.find("192.0.2.1", [f"mail.{domain}.xn--mnchen-3ya.example"], None)
        assert found is not None
        assert [each.email for each in found[0]] == [email]


def exposed(folder: Path, day: int) -> list[ExposedHost]:
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        return list(exposed_hosts(reading, dt.date(2021, 3, day)))


def test_a_report_of_a_compromise_outlives_the_patch(tmp_path: Path) -> None:
    shell = '"2021-03-09 08:00:00","192.0.2.1",443,"","exchange;webshell",0,"DE","","",0,0,,"15.1.2176","","/a.aspx"'
    gone = shell.replace("192.0.2.1", "192.0.2.7")
    add(tmp_path, "2021-03-09-scan_exchange-x.csv", f"{COLUMNS_2021}\n{shell}\n{gone}\n".encode())
    add(
        tmp_path,
        "2021-03-20.json",
        jsonl(banner("192.0.2.1", PATCHED), banner("192.0.2.2", VULNERABLE), banner("192.0.2.3", PATCHED)),
    )
    found = {(host.address, host.source): host for host in exposed(tmp_path, 20)}
    assert set(found) == {
        ("192.0.2.1", "shodan"), ("192.0.2.1", "shadowserver.scan_exchange"), ("192.0.2.2", "shodan"),
        ("192.0.2.7", "shadowserver.scan_exchange"),
    }  # fmt: skip
    report = found["192.0.2.1", "shadowserver.scan_exchange"]
    assert (report.state, report.compromise, report.url) == (State.PATCHED, "webshell", "/a.aspx")
    assert found["192.0.2.1", "shodan"].compromise is None
    notice = Notice(Contact("a@b.example"), tuple(found.values()))
    assert (notice.vulnerable, notice.compromised, notice.under_lid) == (1, 2, 1)


def test_what_one_source_calls_vulnerable_is_not_under_the_lid(tmp_path: Path) -> None:
    rows = [
        f'"2021-03-20 08:00:00","192.0.2.1",443,"","{tag}",0,"DE","","",0,0,,"15.1.2176","",'
        for tag in ("exchange;cve-2021-26855", "exchange;webshell")
    ]
    add(tmp_path, "2021-03-20-scan_exchange-x.csv", "\n".join([COLUMNS_2021, *rows, ""]).encode())
    add(tmp_path, "2021-03-20.json", jsonl(banner("192.0.2.1", PATCHED)))
    notice = Notice(Contact("a@b.example"), tuple(exposed(tmp_path, 20)))
    assert (notice.vulnerable, notice.compromised, notice.under_lid) == (1, 1, 0)


def test_every_exposed_host_is_told_or_listed(tmp_path: Path, contacts: Contacts) -> None:
    addresses = [f"192.0.2.{n}" for n in range(100, 160)] + [f"203.0.113.{n}" for n in range(40)]
    add(tmp_path, "2021-03-20.json", jsonl(*(banner(address) for address in addresses)))
    hosts = exposed(tmp_path, 20)
    told, unmatched = notices(hosts, contacts)
    assert sorted(host.address for notice in told for host in notice.hosts) == sorted(addresses[:60])
    assert sorted(host.address for host in unmatched) == sorted(addresses[60:])
    assert [notice.contact.email for notice in told] == ["half@a.example", "net@a.example"]


def test_old_scans_are_not_told_again(tmp_path: Path) -> None:
    add(tmp_path, "2021-03-01.json", jsonl(banner("192.0.2.1")))
    add(tmp_path, "2021-03-20.json", jsonl(banner("192.0.2.2")))
    assert [host.address for host in exposed(tmp_path, 20)] == ["192.0.2.2"]


@pytest.mark.parametrize(("one", "again"), [("noc@a.example", "NOC@a.example"), ("NOC@a.example", "noc@a.example")])
def test_each_contact_of_a_network_is_told_once(tmp_path: Path, one: str, again: str) -> None:
    path = tmp_path / "c.csv"
    rows = (f"{one},192.0.2.0/24", "abuse@a.example,192.0.2.0/24", f"{again},192.0.2.0/24")
    path.write_text("\n".join(["email,cidr", *rows, ""]))
    add(tmp_path, "2021-03-20.json", jsonl(banner("192.0.2.1")))
    told, unmatched = notices(exposed(tmp_path, 20), read_contacts(path))
    assert [(notice.contact.email, len(notice.hosts)) for notice in told] == [
        ("abuse@a.example", 1),
        (one, 1),
    ]
    assert unmatched == ()


def test_what_nmap_does_not_know_of_an_address_another_source_does(tmp_path: Path) -> None:
    """Country, names and AS number: the host would be told as Shodan's and listed as one without a contact."""
    script = '<script id="http-vuln-cve2021-26855" output="x"><elem key="state">VULNERABLE</elem></script>'
    port = f'<ports><port protocol="tcp" portid="443"><state state="open"/>{script}</port></ports>'
    hosts = "".join(f'<host><address addr="192.0.2.{n}" addrtype="ipv4"/>{port}</host>' for n in (1, 2, 3))
    add(tmp_path, "nmap-2021-03-20.xml", f"<nmaprun>{hosts}</nmaprun>".encode())
    seen = [
        banner("192.0.2.1", hostnames=["mail.a.example"], location={"country_code": "AT"}),
        banner("192.0.2.2", asn="AS64496", location={"country_code": "DE"}),
    ]
    add(tmp_path, "2021-03-20.json", jsonl(*seen))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        found = list(exposed_hosts(reading, dt.date(2021, 3, 20), country="AT"))
    where = [(host.address, host.source, host.country, host.own.tested) for host in found]
    assert where == [
        ("192.0.2.1", "nmap", "AT", True), ("192.0.2.1", "shodan", "AT", False), ("192.0.2.3", "nmap", None, True),
    ]  # fmt: skip
    path = tmp_path / "c.csv"
    path.write_text("email,domain\nnoc@a.example,a.example\n")
    told, unmatched = notices(found, read_contacts(path))
    assert [(host.address, host.source) for notice in told for host in notice.hosts] == [
        ("192.0.2.1", "nmap"), ("192.0.2.1", "shodan"),
    ]  # fmt: skip
    assert [host.address for host in unmatched] == ["192.0.2.3"]


def test_who_reported_a_web_shell_did_not_test(tmp_path: Path) -> None:
    """The state of a reported host can be of another source's test; the message named the reporter as the tester."""
    shell = '"2021-03-20 08:00:00","192.0.2.1",443,"","exchange;webshell",0,"DE","","",0,0,,"15.1.2176","","/a.aspx"'
    add(tmp_path, "2021-03-09-scan_exchange-x.csv", f"{COLUMNS_2021}\n{shell}\n".encode())
    add(tmp_path, "2021-03-20.json", jsonl(banner("192.0.2.1", None, opts={"vulns": ["!CVE-2021-26855"]})))
    found = {host.source: (host.state, host.own.tested) for host in exposed(tmp_path, 20)}
    assert found == {"shodan": (State.PATCHED, True), "shadowserver.scan_exchange": (State.PATCHED, False)}


def test_the_flaws_that_are_told_are_those_that_the_source_names(tmp_path: Path) -> None:
    """Of a version nobody knows which: another flaw than the campaign's first affects Exchange 2010."""
    tested = banner("192.0.2.2", None, opts={"vulns": ["CVE-2021-26857", "CVE-2021-26855", "CVE-2021-34473"]})
    add(tmp_path, "2021-03-20.json", jsonl(banner("192.0.2.1", "14.3.509.0"), tested))
    claimed = reported("443", "cve-2021-27065;cve-2020-0688").replace("192.0.2.1", "192.0.2.3")
    add(tmp_path, "2021-03-20-scan_exchange-x.csv", f"{COLUMNS_2021}\n{claimed}\n".encode())
    assert [(host.own.state, host.own.tested, host.cves, host.line) for host in exposed(tmp_path, 20)] == [
        (State.VULNERABLE, False, (), "Exchange Server 2010"),
        (State.VULNERABLE, True, ("CVE-2021-26855", "CVE-2021-26857"), None),
        (State.VULNERABLE, False, ("CVE-2021-27065",), "Exchange Server 2016"),
    ]


def test_the_state_of_an_earlier_report_is_the_worst_that_is_seen_now_and_later_reports_are_not_known(
    tmp_path: Path,
) -> None:
    shell = '"2021-03-09 08:00:00","192.0.2.1",443,"","exchange;webshell",0,"DE","","",0,0,,"15.1.2176","",'
    add(tmp_path, "2021-03-09-scan_exchange-x.csv", f"{COLUMNS_2021}\n{shell}\n".encode())
    add(tmp_path, "2021-03-21-scan_exchange-x.csv", f"{COLUMNS_2021}\n{shell.replace('2.1', '2.2')}\n".encode())
    add(tmp_path, "2021-03-20.json", jsonl(banner("192.0.2.1"), banner("192.0.2.1", PATCHED, port=444)))
    found = {(host.address, host.source): host.state for host in exposed(tmp_path, 20)}
    assert found["192.0.2.1", "shadowserver.scan_exchange"] is State.VULNERABLE
    assert {address for address, _ in found} == {"192.0.2.1"}


def test_a_source_is_asked_for_its_own_names_first_and_then_for_what_the_others_know(
    tmp_path: Path, contacts: Contacts
) -> None:
    """Nmap knows no AS number and no name; two ports of one address have names of two owners."""
    script = '<script id="http-vuln-cve2021-26855" output="x"><elem key="state">VULNERABLE</elem></script>'
    port = f'<ports><port protocol="tcp" portid="443"><state state="open"/>{script}</port></ports>'
    hosts = f'<host><address addr="203.0.113.1" addrtype="ipv4"/>{port}</host>'
    add(tmp_path, "nmap-2021-03-20.xml", f"<nmaprun>{hosts}</nmaprun>".encode())
    named = [banner("203.0.113.2", port=443, hostnames=["mail.b.example"], asn="AS64496")]
    named += [banner("203.0.113.2", port=444, hostnames=["a.sub.b.example"])]
    add(tmp_path, "2021-03-20.json", jsonl(banner("203.0.113.1", asn="AS64496"), *named))
    told, unmatched = notices(exposed(tmp_path, 20), contacts)
    assert {each.contact.email: [(host.source, host.port) for host in each.hosts] for each in told} == {
        "as@c.example": [("nmap", 443), ("shodan", 443)],
        "dom@b.example": [("shodan", 443)],
        "sub@b.example": [("shodan", 444)],
    }
    assert unmatched == ()


def test_a_source_that_does_not_see_an_address_vulnerable_knows_its_owner_too(
    tmp_path: Path, contacts: Contacts
) -> None:
    """Nmap's test found the flaw; the banner's version cannot decide, and its AS number and names were not used."""
    script = '<script id="http-vuln-cve2021-26855" output="x"><elem key="state">VULNERABLE</elem></script>'
    port = f'<ports><port protocol="tcp" portid="443"><state state="open"/>{script}</port></ports>'
    hosts = "".join(f'<host><address addr="203.0.113.{n}" addrtype="ipv4"/>{port}</host>' for n in (1, 2))
    add(tmp_path, "nmap-2021-03-20.xml", f"<nmaprun>{hosts}</nmaprun>".encode())
    unclear = [
        banner("203.0.113.1", UNDECIDABLE, asn="AS64496"),
        banner("203.0.113.2", PATCHED, hostnames=["mail.b.example"]),
    ]
    add(tmp_path, "2021-03-20.json", jsonl(*unclear))
    told, unmatched = notices(exposed(tmp_path, 20), contacts)
    assert {each.contact.email: [(host.address, host.source, host.asn) for host in each.hosts] for each in told} == {
        "as@c.example": [("203.0.113.1", "nmap", 64496)],
        "dom@b.example": [("203.0.113.2", "nmap", None)],
    }
    assert unmatched == ()


@pytest.mark.parametrize("seen", [VULNERABLE, PATCHED])
def test_the_owner_of_another_port_is_not_told(tmp_path: Path, contacts: Contacts, seen: str) -> None:
    """Behind one address of a provider may be servers of strangers: each would learn where the other is open."""
    script = '<script id="http-vuln-cve2021-26855" output="x"><elem key="state">VULNERABLE</elem></script>'
    port = f'<ports><port protocol="tcp" portid="8443"><state state="open"/>{script}</port></ports>'
    hosts = "".join(f'<host><address addr="203.0.113.{n}" addrtype="ipv4"/>{port}</host>' for n in (1, 2))
    add(tmp_path, "nmap-2021-03-20.xml", f"<nmaprun>{hosts}</nmaprun>".encode())
    named = [banner(f"203.0.113.{n}", seen, hostnames=["mail.b.example"]) for n in (1, 2)]
    named[0]["asn"] = "AS64496"
    add(tmp_path, "2021-03-20.json", jsonl(*named))
    told, unmatched = notices([host for host in exposed(tmp_path, 20) if host.source == "nmap"], contacts)
    assert {each.contact.email: [host.address for host in each.hosts] for each in told} == {
        "as@c.example": ["203.0.113.1"]
    }
    assert [host.address for host in unmatched] == ["203.0.113.2"]


def test_of_equal_sightings_the_last_is_told_whatever_the_order_of_rows(tmp_path: Path) -> None:
    seen = [
        banner("192.0.2.1", timestamp=f"2021-03-20T{hour:02}:00:00", location={"city": f"City {hour}"})
        for hour in (9, 17, 12)
    ]
    for order, rows in enumerate((seen, seen[::-1])):
        folder = tmp_path / str(order)
        folder.mkdir()
        add(folder, "2021-03-20.json", jsonl(*rows))
        (host,) = exposed(folder, 20)
        assert (host.seen.hour, host.city) == (17, "City 17")


@pytest.mark.parametrize("asked", [9, 20])
def test_each_owner_of_a_shared_address_is_told_of_the_report_with_its_name(tmp_path: Path, asked: int) -> None:
    """Of two names at one port one was told, and the other was not listed as unmatched either; later as well."""
    path = tmp_path / "c.csv"
    path.write_text("email,domain\na@a.example,a.example\nb@b.example,b.example\n")
    shells = [
        reported("443", "webshell", f"/{name}.aspx").replace('443,""', f'443,"mail.{name}.example"') for name in "abc"
    ]
    add(tmp_path, "2021-03-09-scan_exchange-x.csv", "\n".join([COLUMNS_2021, *shells, ""]).encode())
    add(tmp_path, "2021-03-20.json", jsonl(banner("192.0.2.9", PATCHED)))
    found, unmatched = notices(exposed(tmp_path, asked), read_contacts(path))
    told = [(notice.contact.email, [host.url for host in notice.hosts]) for notice in found]
    assert told == [("a@a.example", ["/a.aspx"]), ("b@b.example", ["/b.aspx"])]
    assert [host.url for host in unmatched] == ["/c.aspx"]


def test_nobody_is_told_of_the_service_beside_theirs_because_another_source_knows_theirs_only(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("email,domain\na@a.example,a.example\n")
    shells = [
        reported("443", "webshell", f"/{name}.aspx").replace('443,""', f'443,"mail.{name}.example"') for name in "ac"
    ]
    add(tmp_path, "2021-03-20-scan_exchange-x.csv", "\n".join([COLUMNS_2021, *shells, ""]).encode())
    add(tmp_path, "2021-03-20.json", jsonl(banner("192.0.2.1", VULNERABLE, hostnames=["mail.a.example"])))
    (found,), unmatched = notices(exposed(tmp_path, 20), read_contacts(path))
    assert {host.names for host in found.hosts} == {("mail.a.example",)}
    assert [host.names for host in unmatched] == [("mail.c.example",)]


@pytest.mark.parametrize(("names", "told"), [(3, True), (101, False)])
def test_a_port_of_very_many_names_has_no_owner_by_one_of_them(tmp_path: Path, names: int, *, told: bool) -> None:
    path = tmp_path / "c.csv"
    path.write_text("email,domain\na@a.example,a.example\n")
    add(tmp_path, "2021-03-20-scan_exchange-x.csv", "\n".join([COLUMNS_2021, reported("443", "webshell"), ""]).encode())
    seen = [banner("192.0.2.1", PATCHED, hostnames=[f"{n}.a.example"]) for n in range(names)]
    add(tmp_path, "2021-03-20.json", jsonl(*seen))
    found, unmatched = notices([one for one in exposed(tmp_path, 20) if one.compromise], read_contacts(path))
    assert (len(found), len(unmatched)) == ((1, 0) if told else (0, 1))


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0"])
def test_nobody_owns_all_addresses(tmp_path: Path, network: str) -> None:
    """Each host of the world that has no nearer contact would be told to one owner, and none be listed as unmatched."""
    path = tmp_path / "c.csv"
    path.write_text(f"email,cidr\na@a.example,{network}\n")
    with pytest.raises(UsageError, match=r"c\.csv:2: .*every address there is.*unmatched\.csv"):
        read_contacts(path)


def reported(port: str, tag: str, page: str = "/a.aspx") -> str:
    return f'"2021-03-09 08:00:00","192.0.2.1",{port},"","exchange;{tag}",0,"DE","","",0,0,,"15.1.2176","","{page}"'


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ([], [("443", "webshell")], {(443, "webshell"): 1}),
        ([], [("", "webshell")], {(None, "webshell"): 1}),
        ([("443", "webshell")], [("443", "webshell")], {(443, "webshell"): 1}),
        ([("443", "webshell")], [("443", "cve-2021-26855")], {(443, "webshell"): 1, (443, None): 1}),
        ([("443", "webshell")], [("444", "webshell")], {(444, "webshell"): 1}),
        ([("443", "webshell")], [("444", "cve-2021-26855")], {(443, "webshell"): 1, (444, None): 1}),
    ],
)
def test_a_report_is_told_once_and_beside_what_is_seen_now(
    tmp_path: Path,
    before: list[tuple[str, str]],
    now: list[tuple[str, str]],
    told: dict[tuple[int | None, str | None], int],
) -> None:
    for day, rows in ((9, before), (12, now)):
        if rows:
            text = "\n".join([COLUMNS_2021, *(reported(port, tag) for port, tag in rows), ""])
            add(tmp_path, f"2021-03-{day:02}-scan_exchange-x.csv", text.encode())
    assert Counter((host.port, host.compromise) for host in exposed(tmp_path, 12)) == told


def test_of_several_reports_the_last_one_is_told(tmp_path: Path) -> None:
    for day, page in ((9, "/first.aspx"), (12, "/last.aspx")):
        text = f"{COLUMNS_2021}\n{reported('443', 'webshell', page)}\n"
        add(tmp_path, f"2021-03-{day:02}-scan_exchange-x.csv", text.encode())
    add(tmp_path, "2021-03-20.json", jsonl(banner("192.0.2.9")))
    assert [(host.address, host.url) for host in exposed(tmp_path, 20)] == [
        ("192.0.2.1", "/last.aspx"),
        ("192.0.2.9", None),
    ]


def test_of_reports_to_two_recipients_the_same_one_is_told_in_whatever_order_they_were_added(tmp_path: Path) -> None:
    told = []
    for order in ((1, 2), (2, 1)):
        folder = tmp_path / str(order[0])
        for number in order:
            text = f"{COLUMNS_2021}\n{reported('443', 'webshell', f'/{number}.aspx')}\n"
            add(folder, f"2021-03-09-scan_exchange-recipient{number}.csv", text.encode())
        told.append([host.url for host in exposed(folder, 9)] + [host.url for host in exposed(folder, 20)])
    assert told == [["/1.aspx", "/1.aspx"]] * 2


@pytest.mark.parametrize(
    ("names", "name"),
    [(["*.b.example", "mail.b.example"], "mail.b.example"), (["*.b.example"], "*.b.example"), ([], "")],
)
def test_a_host_is_called_by_a_wildcard_only_where_it_has_no_name(tmp_path: Path, names: list[str], name: str) -> None:
    add(tmp_path, "2021-03-20.json", jsonl(banner("192.0.2.1", hostnames=names)))
    assert [host.name for host in exposed(tmp_path, 20)] == [name]


def test_sources_that_differ_about_the_country_do_not_part_a_host_from_its_report(tmp_path: Path) -> None:
    """With `--country DE` who had the host read that a report did not name it: the report had it in Austria."""
    text = f"{COLUMNS_2021}\n{reported('443', 'webshell')}\n".replace('"DE"', '"AT"')
    add(tmp_path, "2021-03-09-scan_exchange-x.csv", text.encode())
    add(tmp_path, "2021-03-20.json", jsonl(banner("192.0.2.1"), banner("192.0.2.2")))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        told = {
            country: [
                (host.address, host.country, host.compromise)
                for host in exposed_hosts(reading, dt.date(2021, 3, 20), country)
            ]
            for country in ("AT", "DE", "FR")
        }
    both = [("192.0.2.1", "AT", "webshell"), ("192.0.2.1", "DE", None)]
    assert told == {"AT": both, "DE": [*both, ("192.0.2.2", "DE", None)], "FR": []}
