"""Which host wrote the evidence: by most of its records, and whether several did."""

from __future__ import annotations

import pytest

from tests.evidence.trees import memory_artefact
from tests.examine.test_assess import PACK, both
from waspglass.evidence.artefact import Artefact
from waspglass.examine.sightings import Identity, identity_of
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules.load import load_rules
from waspglass.model.facts import Facts
from waspglass.packs.pack import ArtefactKind, DerivedField

HOST = DerivedField(name="hostname", source=("s-computername",), regex="(.+)")
BUILD = DerivedField(name="build", source=("cs-version",), regex=r"([\d.]+)")
NAMED = PACK.model_copy(
    update={
        "kinds": (
            ArtefactKind(kind="log", format="w3c", derive=(HOST, BUILD), title=both("log")),
            ArtefactKind(kind="plain", format="w3c", title=both("log")),
        )
    }
)


def log(*rows: str, path: str = r"C:\logs\a.log", kind: str = "log") -> Artefact:
    lines = [f"2021-03-03 00:00:0{number} {one}" for number, one in enumerate(rows)]
    head = "#Fields: date time s-computername cs-version"
    return memory_artefact("\r\n".join([head, *lines, ""]).encode(), path, "w3c", kind)


def identity(*logs: Artefact) -> Identity:
    return identity_of(logs, NAMED, {}, Facts(), hunt(logs, load_rules(NAMED), readers={}).scanned)


def test_the_host_is_the_one_that_most_records_name() -> None:
    assert identity(log("MX02 -", "MX01 -", "MX01 -")).hostname == "MX01"
    assert identity(log("- -")).hostname is None
    assert identity(log("MX01 -", kind="plain")).hostname is None


def test_builds_are_hints_of_the_logs() -> None:
    found = identity(log("MX01 15.1.2106.2", "MX01 -"))
    assert [one.build for one in found.sightings] == ["15.1.2106.2"]


@pytest.mark.parametrize(
    ("names", "writers"),
    [
        (["MX01", "MX02"], ("MX01", "MX02")),
        (["mx01.example.org", "MX01"], ()),  # one server with and without its domain
        (["MX01", "-"], ()),
        (["192.0.2.5", "192.0.2.6"], ("192.0.2.5", "192.0.2.6")),
        (["MX01", "MX01", "mx03.a", "MX02"], ("MX01", "MX02", "MX03")),
    ],
)
def test_logs_of_one_kind_that_name_several_servers_were_mixed_up(names: list[str], writers: tuple[str, ...]) -> None:
    logs = [log(f"{name} -", path=rf"C:\logs\{number}.log") for number, name in enumerate(names)]
    assert identity(*logs).writers == writers


def test_logs_of_two_servers_in_one_file_were_mixed_up() -> None:
    assert identity(log("- -", "MX01 -", "MX01 -", "MX02 -")).writers == ("MX01", "MX02")
    among = [*["MX01 -"] * 3, *["MX02 -"] * 3] * 400
    assert identity(log(*among, "MX01 -")).writers == ("MX01", "MX02")
    long = ["MX01 -"] * 50_000  # 1.6 MB: one record of each MB is asked, the first and the last
    assert identity(log(*long, *["MX02 -"] * 50_000, *long)).writers == ("MX01", "MX02")


def test_records_under_a_header_that_is_not_theirs_name_no_server() -> None:
    head = "#Fields: date time s-computername c-ip s-port sc-status"
    rows = [f"2021-03-03 00:00:0{at} 192.0.2.{at} MX01 GET /" for at in range(3)]
    misread = memory_artefact("\r\n".join([head, *rows, ""]).encode(), r"C:\logs\a.log", "w3c", "log")
    assert identity(misread, log("MX01 -", path=r"C:\logs\b.log")).writers == ()


def test_a_name_is_shown_without_what_a_terminal_obeys() -> None:
    assert identity(log("MX01 -"), log("\x1b[2J -", path=r"C:\logs\b.log")).writers == ("MX01", r"\x1b[2J")


def test_a_name_that_is_too_long_for_one_is_cut_and_names_no_server() -> None:
    found = identity(log("x" * 300 + " -"), log("MX01 -", path=r"C:\logs\b.log"))
    assert found.hostname is not None
    assert (len(found.hostname), found.writers) == (253, ())
