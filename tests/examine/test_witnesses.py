"""Logs of other sites: those of a folder in which nothing of the product was ever asked for would show no entry."""

from __future__ import annotations

import pytest

from tests.evidence.trees import memory_artefact
from tests.examine.test_assess import both
from waspglass.evidence.artefact import Artefact
from waspglass.examine.witnesses import mute_folders
from waspglass.packs.load import load_pack
from waspglass.packs.pack import ArtefactKind

FIELDS = "date time cs-method cs-uri-stem sc-status"


def kinds(**witness: str) -> dict[str, ArtefactKind]:
    named = {name.replace("_", "-"): regex for name, regex in witness.items()}
    iis = ArtefactKind(kind="iis", format="w3c", entry=True, witness=named, title=both("logs"))
    other = ArtefactKind(kind="other", format="w3c", title=both("other logs"))
    pages = ArtefactKind(kind="pages", format="web_file", witness=named, title=both("pages"))
    return {one.kind: one for one in (iis, other, pages)}


def log(path: str, *paths: str, fields: str = FIELDS, kind: str = "iis") -> Artefact:
    rows = [f"2021-03-03 00:00:0{number} GET {one} 200" for number, one in enumerate(paths)]
    return memory_artefact("\r\n".join([f"#Fields: {fields}", *rows, ""]).encode(), path, "w3c", kind)


OWA = kinds(cs_uri_stem="^/owa/")
SITE1, SITE2 = r"C:\LogFiles\W3SVC1", r"C:\LogFiles\W3SVC2"


def test_a_folder_speaks_if_one_of_its_logs_knows_the_product() -> None:
    one = [log(rf"{SITE1}\u_ex1.log", "/", "/shop/"), log(rf"{SITE1}\u_ex2.log", "/", "/owa/auth/")]
    two = [log(rf"{SITE2}\u_ex1.log", "/", "/x/owa/"), log(rf"{SITE2.lower()}\u_ex2.log", "/shop/")]
    assert mute_folders([*one, *two], OWA) == {("iis", SITE2.lower()): 2}


def test_a_log_without_records_knows_nothing_of_the_product() -> None:
    assert mute_folders([log(rf"{SITE1}\u_ex1.log")], OWA) == {("iis", SITE1.lower()): 1}


def test_kinds_without_a_witness_and_files_that_are_no_logs_are_not_asked() -> None:
    page = memory_artefact(b"x", r"C:\wwwroot\x.aspx", "web_file", "pages")
    assert mute_folders([log(rf"{SITE1}\u_ex1.log", "/", kind="other"), page], OWA) == {}


@pytest.mark.parametrize(
    ("fields", "speaks"),
    [
        (FIELDS, True),
        ("date time cs-method x-other sc-status", False),  # the column that would tell is not there
        ("date time s-sitename cs-uri-stem sc-status", False),  # one that is there tells of another site
    ],
)
def test_every_column_that_is_there_must_tell_of_the_product(fields: str, speaks: bool) -> None:
    both_columns = kinds(cs_uri_stem="^/owa/", s_sitename="^W3SVC1$")
    found = mute_folders([log(rf"{SITE1}\u_ex1.log", "/owa/", fields=fields)], both_columns)
    assert (found == {}) is speaks


def test_a_site_for_administrators_speaks_for_others_only_if_the_configuration_lists_no_other() -> None:
    known = kinds(cs_uri_stem="^/_layouts/")
    known["iis"] = known["iis"].model_copy(update={"aside": {"cs-uri-stem": "^/_admin/"}})
    one, two = (
        log(rf"{SITE1}\u_ex1.log", "/_layouts/15/a.aspx"),
        log(rf"{SITE2}\u_ex1.log", "/_layouts/15/a.aspx", "/_admin/b"),
    )
    assert mute_folders([one, two], known) == {("iis", SITE2.lower()): 1}
    assert mute_folders([one, two], known, {"1", "2"}) == {("iis", SITE2.lower()): 1}
    assert mute_folders([one, two], known, {"2"}) == {}


def test_one_log_of_all_sites_has_that_for_administrators_and_speaks_for_the_others() -> None:
    known = kinds(cs_uri_stem="^/_layouts/")
    known["iis"] = known["iis"].model_copy(update={"aside": {"cs-uri-stem": "^/_admin/"}})
    central = log(r"C:\LogFiles\W3SVC\u_ex1.log", "/_layouts/15/a.aspx", "/_admin/b")
    assert mute_folders([central], known) == {}


def test_logs_of_ftp_connections_know_nothing_of_the_product() -> None:
    """The log of an FTP site as IIS writes it (know-it-peru/WebKnowIT): the one value that fits was the port."""
    pack = load_pack("proxylogon")
    header = "#Fields: date time c-ip s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status x-session x-fullpath"
    row = "2021-03-03 20:59:28 192.0.2.1 198.51.100.1 21 ControlChannelOpened - - 0 9eb0dc66 -"
    path = r"C:\inetpub\logs\LogFiles\FTPSVC1\u_ex210303.log"
    ftp = memory_artefact(f"{header}\r\n{row}\r\n".encode(), path, "w3c", "iis")
    assert mute_folders([ftp], {one.kind: one for one in pack.kinds}) == {("iis", path.rpartition("\\")[0].lower()): 1}
