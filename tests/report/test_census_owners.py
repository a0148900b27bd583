"""Messages to owners: every cell safe, the words in the owner's language, and no path made of an address."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.census.exports import add, added, rows
from waspglass.census.contacts import Contact
from waspglass.census.judge import WEIGHTS
from waspglass.census.owners import ExposedHost, Notice
from waspglass.model.errors import OutputError
from waspglass.packs.builds import State
from waspglass.packs.load import load_pack
from waspglass.report.census_owners import COLUMNS, Sender, attachment, message, write_notices
from waspglass.report.tlp import Tlp

PACK = load_pack("proxylogon")
SENDER = Sender("Example CERT", "cert@cert.example", dt.date(2021, 3, 9))


def host(state: State = State.VULNERABLE, **changes: object) -> ExposedHost:
    values: dict[str, object] = {
        "address": "192.0.2.1", "port": 443, "transport": "tcp", "seen": dt.datetime(2021, 3, 9, 10, tzinfo=dt.UTC),
        "source": "shodan", "state": state, "own": next(each for each in WEIGHTS.values() if each.state is state),
        "cves": (), "compromise": None, "reported": False,
        "version": "15.1.2176.2", "line": "Exchange Server 2016", "names": ("mail.a.example",), "server_name": "EX1",
        "asn": 64496, "country": "DE",
        "region": "NW", "city": "Köln", "sector": None, "url": None,
    }  # fmt: skip
    return ExposedHost(**(values | changes))  # type: ignore[arg-type]  # tests name real fields only


@given(st.text(max_size=30))
def test_no_cell_is_a_formula_and_every_row_is_one_line(text: str) -> None:
    rows = list(
        csv.reader(
            io.StringIO(attachment([host(server_name=text, city=text, url=text, names=(text,))], PACK), newline="")
        )
    )
    assert len(rows) == 2
    assert rows[0] == list(COLUMNS)
    assert len(rows[1]) == len(COLUMNS)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in rows[1])
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") for character in "".join(rows[1]))


def test_each_cell_stands_under_its_name_in_the_way_of_shadowserver() -> None:
    text = attachment([host(transport=None, sector="Finance", url="/a.aspx")], PACK)
    head, row, rest = text.split("\r\n")
    assert (head, rest) == (",".join(COLUMNS), "")
    assert dict(zip(head.split(","), row.split(","), strict=True)) == {
        "timestamp": "2021-03-09 10:00:00", "severity": "critical", "ip": "192.0.2.1", "protocol": "tcp",
        "port": "443", "hostname": "mail.a.example", "tag": "proxylogon;vulnerable;seen-by-shodan", "asn": "64496",
        "geo": "DE", "region": "NW", "city": "Köln", "naics": "", "hostname_source": "", "sector": "Finance",
        "version": "15.1.2176.2", "servername": "EX1", "url": "/a.aspx",
    }  # fmt: skip
    assert ",udp,53," in attachment([host(transport="udp", port=53)], PACK)


def test_the_line_of_an_address_has_all_ports_the_last_time_and_no_terminal_escape() -> None:
    late = dt.datetime(2021, 3, 9, 11, 30, tzinfo=dt.UTC)
    seen = (
        host(port=53, transport="udp", names=("a\x1b[2J.example",), seen=late),
        host(port=None, compromise="web\x1bshell", reported=True),
        host(),
    )
    assert (
        r"192.0.2.1 udp/53 tcp/443 (a\x1b[2J.example): reported as compromised (web\x1bshell), vulnerable; Shodan,"
        " 2021-03-09 11:30 UTC"
    ) in message(Notice(Contact("a@b.example"), seen), PACK, SENDER)


def test_a_tag_says_only_what_this_source_saw_and_names_no_flaw_that_it_does_not() -> None:
    def tag(state: State = State.VULNERABLE, **changes: object) -> str:
        row = attachment([host(state, **changes)], PACK).splitlines()[1]
        return row.split(",")[COLUMNS.index("tag")]

    assert tag() == "proxylogon;vulnerable;seen-by-shodan"
    assert tag(cves=("CVE-2021-26857",)) == "proxylogon;vulnerable;cve-2021-26857;seen-by-shodan"
    assert tag(State.PATCHED, compromise="webshell", reported=True) == "proxylogon;webshell;seen-by-shodan"
    assert tag(State.PATCHED, reported=True) == "proxylogon;seen-by-shodan"
    patched_since = tag(State.PATCHED, own=WEIGHTS[90], cves=("CVE-2021-26855",), compromise="webshell")
    assert patched_since == "proxylogon;webshell;seen-by-shodan"
    assert tag(own=WEIGHTS[20], compromise="implant") == "proxylogon;compromised;seen-by-shodan"


@pytest.mark.parametrize(
    ("pack", "version", "product"),
    [("proxylogon", "15.1.2176.2", "exchange"), ("toolshell", "16.0.0.5400", "sharepoint")],
)
def test_the_list_of_a_message_that_is_added_is_no_report_of_shadowserver(
    tmp_path: Path, pack: str, version: str, product: str
) -> None:
    """It has the columns of `scan_exchange`, and counted as such, also where it was about SharePoint."""
    told = [host(version=version), host(State.PATCHED, address="192.0.2.2", compromise="webshell", reported=True)]
    table = attachment(told, load_pack(pack))
    assert added(add(tmp_path, "hosts.csv", table.encode())) == (2, {})
    found = [(row["source"], row["product"], row["compromise"]) for row in rows(tmp_path)]
    assert found == [("table.hosts", product, None), ("table.hosts", product, "webshell")]


@pytest.mark.parametrize("before", ["\r\n", f"{','.join(COLUMNS)}\r\n", f"{',' * (len(COLUMNS) - 1)}\r\n"])
def test_a_list_of_a_message_is_known_though_its_first_row_says_nothing(tmp_path: Path, before: str) -> None:
    table = attachment([host()], PACK).replace("\r\n", f"\r\n{before}", 1)
    add(tmp_path, "hosts.csv", table.encode())
    assert [row["source"] for row in rows(tmp_path)] == ["table.hosts"]


def test_a_report_whose_hosts_call_themselves_as_our_tags_stays_one(tmp_path: Path) -> None:
    """Whoever names a server chooses what stands in these cells."""
    report = attachment([host(server_name="x;seen-by-y", names=("seen-by-z",), url=";seen-by-")], PACK)
    add(tmp_path, "today.csv", report.replace(";seen-by-shodan", "").encode())
    assert [row["source"] for row in rows(tmp_path)] == ["shadowserver.scan_exchange"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("vulnerable", "WHAT TO DO", "patched and still reported")),
        ("de", ("verwundbar", "WAS ZU TUN IST", "gepatcht und trotzdem")),
    ],
)
def test_the_message_is_in_the_owners_language(language: str, words: tuple[str, ...]) -> None:
    notice = Notice(
        Contact("a@b.example", "B\x1b[2J AG", language),
        (host(), host(State.PATCHED, compromise="webshell", reported=True, address="192.0.2.2")),
    )
    text = message(notice, PACK, SENDER)
    for word in (*words, "TLP:AMBER", "192.0.2.1", "2021-03-09", "Shodan", "cert@cert.example", "hosts.csv"):
        assert word in text
    assert "\x1b" not in text
    other = {"en": "verwundbar", "de": "WHAT"}[language]
    assert other not in text


def test_a_message_names_ten_hosts_and_counts_the_others() -> None:
    hosts = tuple(host(address=f"192.0.2.{n}") for n in range(25))
    text = message(Notice(Contact("a@b.example"), hosts), PACK, SENDER)
    assert "192.0.2.9 " in text
    assert "192.0.2.10 " not in text
    assert "and 15 more" in text


def test_files_are_written_and_an_address_is_no_path(tmp_path: Path) -> None:
    told = [Notice(Contact("../../etc/x@b.example"), (host(),)), Notice(Contact("=cmd@b.example", "=1+1"), (host(),))]
    write_notices(told, [host(address="203.0.113.5")], PACK, SENDER, tmp_path / "out")
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert len(files) == 6
    assert (tmp_path / "out" / "unmatched.csv").read_bytes().endswith(b"\r\n")
    assert os.name != "posix" or (tmp_path / "out").stat().st_mode & 0o077 == 0
    assert all(name.startswith("out/") for name in files)
    assert "203.0.113.5" in (tmp_path / "out" / "unmatched.csv").read_text(encoding="utf-8")
    index = list(csv.DictReader((tmp_path / "out" / "owners.csv").open(encoding="utf-8")))
    assert [row["vulnerable"] for row in index] == ["1", "1"]
    assert index[1]["name"] == "'=1+1"
    with pytest.raises(OutputError):
        write_notices(told, [], PACK, SENDER, tmp_path / "out")


def test_where_they_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match=r"^[^\[]*out: messages cannot be written: [^\[]+$"):
        write_notices([], [], PACK, SENDER, tmp_path / "out")


@pytest.mark.parametrize("tlp", list(Tlp))
def test_every_marking_is_explained(tlp: Tlp) -> None:
    for language in ("en", "de"):
        text = message(
            Notice(Contact("a@b.example", language=language), (host(),)), PACK, Sender("X", "y", SENDER.day, tlp)
        )
        assert text.startswith(f"{tlp.label}\n")
        assert f"  {tlp.label}: " in text
        # TLP 2.0: these stay in the organisation, and whoever runs its servers is not of it.
        ask_first = {"en": "ask us before you pass it on", "de": "fragen Sie uns, bevor"}[language]
        give_it = {"en": "give them this message", "de": "geben Sie ihm diese Nachricht"}[language]
        closed = tlp in (Tlp.RED, Tlp.AMBER_STRICT)
        assert ({"en": "your customers'", "de": "Ihren Kunden"}[language] in text) is not closed
        assert (ask_first in text, give_it in text) == (closed, not closed)


@pytest.mark.parametrize(
    ("language", "cut_off", "update"),
    [("en", "1. Cut off hosts", "1. Install the"), ("de", "1. Als kompromittiert", "1. Das Sicherheitsupdate")],
)
def test_the_first_step_fits_what_was_seen(language: str, cut_off: str, update: str) -> None:
    for report, first, other in (("webshell", cut_off, update), (None, update, cut_off)):
        seen = host(compromise=report, reported=report is not None)
        text = message(Notice(Contact("a@b.example", language=language), (seen,)), PACK, SENDER)
        assert first in text
        assert other not in text


@pytest.mark.parametrize(
    ("state", "language", "words"),
    [
        (State.UNDECIDABLE, "en", "whether it is patched is not known"),
        (State.UNKNOWN, "de", "ob es gepatcht ist, ist nicht bekannt"),
        (State.NOT_AFFECTED, "en", "of a version without the flaw"),
        (State.NOT_AFFECTED, "de", "mit einer Version ohne diese Lücke"),
    ],
)
def test_a_state_is_said_in_words_that_an_owner_knows(state: State, language: str, words: str) -> None:
    notice = Notice(Contact("a@b.example", language=language), (host(state, compromise="webshell", reported=True),))
    told = {"en": "reported as compromised (webshell)", "de": "als kompromittiert gemeldet (webshell)"}[language]
    assert f"{told}, {words};" in message(notice, PACK, SENDER)


def test_what_is_known_of_an_address_outranks_what_is_not() -> None:
    seen = (host(State.UNKNOWN, reported=True), host(State.PATCHED, reported=True))
    for hosts in (seen, seen[::-1]):
        text = message(Notice(Contact("a@b.example"), hosts), PACK, SENDER)
        assert "the report does not name this service, patched; Shodan" in text


@pytest.mark.parametrize(
    ("language", "words", "wrong"),
    [
        (
            "en",
            ("reported as compromised:            0", "At 1 address something was reported", "somebody else's"),
            "1. Cut",
        ),
        ("de", ("als kompromittiert gemeldet:              0", "An 1 Adresse wurde etwas", "ein fremder"), "1. Als"),
    ],
)
def test_a_neighbour_at_an_address_is_not_told_that_its_own_host_was_reported(
    language: str, words: tuple[str, ...], wrong: str
) -> None:
    """Behind NAT or a shared host, who had a patched server beside a reported one read "patched and still reported"."""
    notice = Notice(Contact("a@b.example", language=language), (host(State.PATCHED, reported=True),))
    assert (notice.compromised, notice.beside, notice.under_lid) == (0, 1, 0)
    text = message(notice, PACK, SENDER)
    assert all(each in text for each in words)
    assert wrong not in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("1 of your addresses needs action", "Seen on 9 March 2021 by: Shodan.")),
        ("de", ("Handlungsbedarf bei 1 Ihrer Adressen", "Gesehen am 9. März 2021 durch: Shodan.")),
    ],
)
def test_one_host_on_one_day_is_said_so(language: str, words: tuple[str, ...]) -> None:
    text = message(Notice(Contact("a@b.example", language=language), (host(),)), PACK, SENDER)
    assert all(each in text for each in words)


def test_the_hosts_that_the_message_is_about_are_shown_first() -> None:
    calm = tuple(host(State.PATCHED, address=f"192.0.2.{n}", reported=True) for n in range(20))
    notice = Notice(Contact("a@b.example"), (*calm, host(address="192.0.2.99")))
    assert "192.0.2.99 tcp/443 (mail.a.example): vulnerable" in message(notice, PACK, SENDER)


def test_an_address_is_one_line_whoever_saw_it() -> None:
    seen = (host(port=8443, source="nmap", names=()), host(),
            host(State.PATCHED, source="shadowserver.x", compromise="webshell", reported=True))  # fmt: skip
    text = message(Notice(Contact("a@b.example"), seen), PACK, SENDER)
    assert (
        "192.0.2.1 tcp/8443 tcp/443 (mail.a.example): reported as compromised (webshell), vulnerable;"
        " Nmap, Shodan, Shadowserver x, 2021-03-09" in text
    )
    assert text.count("192.0.2.1") == 1


@pytest.mark.parametrize(
    ("language", "password", "others", "alone"),
    [
        ("en", "without a password", "The other vulnerable hosts", "1 of the vulnerable addresses shows Exchange"),
        ("de", "ohne Passwort", "In die übrigen verwundbaren Systeme", "1 der verwundbaren Adressen zeigt Exchange"),
    ],
)
def test_a_line_into_which_the_flaws_let_nobody_is_told_so(
    language: str, password: str, others: str, alone: str
) -> None:
    """Exchange 2010 has one of the four flaws, and was told that anybody can come in."""

    def text(*changes: dict[str, object]) -> str:
        hosts = tuple(host(State.VULNERABLE, **each) for each in changes)
        return " ".join(message(Notice(Contact("a@b.example", language=language), hosts), PACK, SENDER).split())

    old: dict[str, object] = {"version": "14.3.509.0", "line": "Exchange Server 2010", "address": "192.0.2.2"}
    for only in (text(old), text(old | {"cves": ("CVE-2021-26857",), "own": WEIGHTS[70]})):
        assert alone in only
        assert password not in only
        assert "CVE-2021-26855" not in only
    mixed = text(old, {})
    assert alone in mixed
    assert f"{others} " in mixed
    assert password in mixed
    # What another source saw at the address, or says of it, may let somebody in.
    named = old | {"cves": ("CVE-2021-26855",), "own": WEIGHTS[90]}
    nothing = old | {"own": WEIGHTS[50]}
    for whole in (text({}), text(named), text(old, {"address": "192.0.2.2"}), text(old, named), text(nothing)):
        assert password in whole
        assert alone not in whole
        assert others not in whole


@pytest.mark.parametrize(("language", "word"), [("en", "stolen machine keys"), ("de", "Gestohlene Machine Keys")])
def test_what_the_campaign_asks_for_beyond_the_update_is_in_it(language: str, word: str) -> None:
    """An owner of SharePoint who only installs the update stays open to whoever took the keys."""
    notice = Notice(Contact("a@b.example", language=language), (host(),))
    text = message(notice, load_pack("toolshell"), SENDER)
    assert word in text
    assert max(map(len, text.splitlines())) < 160
    assert word not in message(notice, PACK, SENDER)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("go back to 3 January 2021", "no password", "no order")),
        ("de", ("seit dem\n  3. Januar 2021", "kein Passwort", "keine Anordnung")),
    ],
)
def test_it_says_since_when_whether_it_is_real_and_that_it_is_no_order(language: str, words: tuple[str, ...]) -> None:
    text = message(Notice(Contact("a@b.example", language=language), (host(),)), PACK, SENDER)
    assert all(word in text for word in words)
    assert text.endswith(".\n")
