"""Every reason for which something is skipped, wherever it may lie: what hides an entry, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.scenarios.notation import lay_out
from waspglass.examine.blindness import blinding_skips
from waspglass.examine.run import Request, examine
from waspglass.hunt.cache import Cache, user_cache_folder
from waspglass.model.assessment import Assessment, Verdict
from waspglass.model.facts import Facts
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.load import load_pack

PACK = load_pack("proxylogon")
FILE = r"C:\inetpub\logs\LogFiles\W3SVC1\u_ex210301.log"
ARCHIVE = r"C:\inetpub\logs\LogFiles\W3SVC1\old.zip"
FOLDER = r"C\inetpub\logs\LogFiles\W3SVC2"

NOTHING: set[str] = set()
LINES = {FILE}
CONTENT = {FILE, ARCHIVE}
ALL = {FILE, ARCHIVE, FOLDER}
DECIDED = {
    SkipReason.UNREADABLE: ALL,
    SkipReason.ENCRYPTED: ALL,
    SkipReason.DAMAGED: ALL,
    SkipReason.TRUNCATED: ALL,
    SkipReason.CUT_LINE: NOTHING,
    SkipReason.OUTSIDE_ROOT: ALL,
    SkipReason.SPECIAL_FILE: ALL,
    SkipReason.TOO_LARGE: ALL,
    SkipReason.COMPRESSION_BOMB: ALL,
    SkipReason.TOO_MANY_FILES: ALL,
    SkipReason.TOO_DEEP: ALL,
    SkipReason.DUPLICATE_PATH: ALL,
    SkipReason.SAME_FILE: NOTHING,
    SkipReason.NOT_RECOGNISED: CONTENT,
    SkipReason.EMPTY: NOTHING,
    SkipReason.NO_HEADER: LINES,
    SkipReason.MALFORMED_LINE: LINES,
    SkipReason.LINE_TOO_LONG: LINES,
    SkipReason.BAD_TIME: LINES,
    SkipReason.MISSING_FIELD: NOTHING,
    SkipReason.OTHER_SITE: NOTHING,
    SkipReason.NO_SUCH_LOG: NOTHING,
    SkipReason.UNSUPPORTED_RULE: NOTHING,
    SkipReason.INVALID_RULE: NOTHING,
    SkipReason.OUT_OF_WINDOW: NOTHING,
    SkipReason.NEEDS_EXTRA: LINES,
    SkipReason.LIMIT_REACHED: NOTHING,
    SkipReason.UNDECIDED: LINES,
}


def blinds(source: str, reason: SkipReason = SkipReason.UNREADABLE, logs: tuple[str, ...] = ()) -> bool:
    return bool(blinding_skips([Skipped(source=source, reason=reason)], PACK, evidence="host.zip", entry_logs=logs))


def test_every_reason_is_decided() -> None:
    assert set(DECIDED) == set(SkipReason)


@pytest.mark.parametrize("place", [FILE, FOLDER, ARCHIVE])
@pytest.mark.parametrize("reason", SkipReason)
def test_each_reason_at_each_place(reason: SkipReason, place: str) -> None:
    assert blinds(place, reason) == (place in DECIDED[reason])


@pytest.mark.parametrize(
    "source",
    [
        "host.zip",  # the evidence itself, or what was counted but not named
        "C",
        "MX01\\D%3A",
        r"MX01\uploads\auto\D%3A",  # drives, as collectors lay them out
        r"MX01\uploads\ntfs\%5C%5C.%5CD%3A",
        r"fs\sysvol",
        r"MX01\D$",
        r"a collection\of a server\D",
        r"C\inetpub",
        r"C\inetpub\logs",
        r"C:\inetpub\logs\LogFiles",
        r"C:\inetpub\logs\LogFiles\W3SVC1\2020\January",
        r"D\Exchange\Logging\HttpProxy",
        r"C:\Program Files\Microsoft\Exchange Server\V15\Logging\HttpProxy\Ecp\HttpProxy_2021030100-1.LOG",
        r"host.zip\C/inetpub/logs/LogFiles/W3SVC1/u_ex210301.log",
        r"..\inetpub\logs\LogFiles\W3SVC1\u_ex210301.log",
        r"D:\backup\u_ex210301.7z",
        r"D:\backup\u_ex210301.log.rar",
        r"D:\backup\LogFiles.zip",
        r"D:\saved\Ecp\HttpProxy_2021030100-1.zip",
        r"D:\Exchange\Logging\HttpProxy\Ecp\march.zip",
        r"D:\restore\inetpub\logs\LogFiles\W3SVC1\2020\January",
        r"C:\inetpub\logs.tar.gz",
        "logs-of-march.rar",
        r"collected.zip\logs.zip",
    ],
)
def test_places_where_an_entry_log_may_lie(source: str) -> None:
    assert blinds(source)


@pytest.mark.parametrize(
    "source",
    [
        r"C:\ProgramData\McAfee\Agent\update.zip",
        r"C:\Users\bob\Downloads\setup.7z",
        r"C:\inetpub\wwwroot\backup.zip",
        r"C:\inetpub\wwwroot\aspnet_client",
        r"C\Documents and Settings",
        r"C\System Volume Information",
        r"C:\Users\x",
        r"C:\Windows\System32\LogFiles\WMI\RtBackup",
        r"C:\Windows\System32\winevt\Logs\Security.evtx",
        r"C:\Windows\System32\config\SOFTWARE",
        r"host.zip\C/Users/bob/x.7z",
        "readme.lnk",
        r"a collection\of a server\of old\D",  # nobody lays drives out like this
        r"MX01\C\D",
    ],
)
def test_places_where_none_lies(source: str) -> None:
    assert not blinds(source)


def test_a_folder_beside_those_that_were_read() -> None:
    assert blinds(r"D\IISLogs\site2", logs=(r"D:\IISLogs\site1\u_ex210301.log",))
    assert blinds(r"D\IISLogs\site1\old", logs=(r"D:\IISLogs\site1\u_ex210301.log",))
    assert blinds("W3SVC2", logs=(r"W3SVC1\u_ex210301.log",))
    assert blinds("older", logs=("u_ex210301.log",))
    assert not blinds(r"D\Photos", logs=(r"D:\u_ex210301.log",))
    assert not blinds(r"D\Photos", logs=(r"D:\IISLogs\site1\u_ex210301.log", r"D:\logs\u_ex210301.log"))


@pytest.mark.parametrize("source", ["renamed.log", r"D:\export\renamed.log"])
def test_a_log_that_was_read_by_its_content(source: str) -> None:
    """It speaks for the time that it covers, so what is wrong in it counts as in any other."""
    assert blinds(source, SkipReason.MALFORMED_LINE, logs=(source,))
    assert not blinds(source, SkipReason.MALFORMED_LINE)
    assert not blinds(source, SkipReason.CUT_LINE, logs=(source,))


def test_one_file_told_of_twice_is_one() -> None:
    twice = [Skipped(source=FILE, reason=reason) for reason in (SkipReason.DAMAGED, SkipReason.NO_HEADER)]
    assert len(blinding_skips(twice, PACK)) == 1


QUIET = {
    "iis": "C:\\inetpub\\logs\\LogFiles\\W3SVC1",
    "quiet": {"from": "2021-01-02", "to": "2021-03-19"},
}


def assessed(evidence: Path) -> Assessment:
    builds = [{"build": "15.1.2106.2", "from": "2020-10-01"}, {"build": "15.1.2106.13", "from": "2021-03-05"}]
    facts = Facts.model_validate({"collected_at": "2021-03-20", "builds": builds})
    cache = Cache(user_cache_folder())
    return examine(Request(evidence, PACK, datetime(2021, 4, 2, tzinfo=UTC), "test", facts, cache=cache))


def test_a_linked_folder_of_logs_is_no_clean_bill(tmp_path: Path) -> None:
    evidence = lay_out({"evidence": [QUIET]}, tmp_path)
    assert assessed(evidence).verdict is Verdict.CLEAN
    try:
        (evidence / "C/inetpub/logs/LogFiles/W3SVC3").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    found = assessed(evidence)
    assert found.verdict is Verdict.CANNOT_TELL
    assert "blinded" in {limit.id for limit in found.limits}


def test_a_log_without_a_header_is_counted_once(tmp_path: Path) -> None:
    bare = {"file": "C:\\inetpub\\logs\\LogFiles\\W3SVC2\\u_ex210319.log", "text": "2021-03-19 00:00:00 GET /\n"}
    found = assessed(lay_out({"evidence": [QUIET, bare]}, tmp_path))
    assert [skip.count for skip in found.skipped if skip.reason is SkipReason.NO_HEADER] == [1]
    (limit,) = (limit for limit in found.limits if limit.id == "blinded")
    assert limit.text.startswith("One file")


NCSA = '203.0.113.5 - - [03/Mar/2021:04:00:00 +0000] "POST /ecp/y.js HTTP/1.1" 200 5\n'
NATIVE = "203.0.113.5, -, 3/3/2021, 4:00:00, W3SVC1, MX01, 10.0.0.1, 12, 1, 2, 200, 0, POST, /ecp/y.js, -,\n"


@pytest.mark.parametrize(
    ("log", "text"),
    [
        (r"W3SVC1\nc210303.log", NCSA),
        (r"W3SVC1\in21030304.log", NATIVE),
        (r"W3SVC1\u_ncsa1.log", NCSA),
        (r"site\u_in210303.log", NATIVE),
    ],
)
def test_logs_in_other_formats_of_the_web_server_are_read(tmp_path: Path, log: str, text: str) -> None:
    path = f"C:\\inetpub\\logs\\LogFiles\\{log}"

    def with_log(name: str, text: str) -> Assessment:
        (tmp_path / name).mkdir()
        return assessed(lay_out({"evidence": [QUIET, {"file": path, "text": text}]}, tmp_path / name))

    found = with_log("attacked", text)
    assert found.verdict is Verdict.ATTEMPTED
    assert {finding.source for finding in found.findings} == {path}
    assert with_log("quiet", text.replace("/ecp/y.js", "/quiet")).verdict is Verdict.CLEAN
    damaged = with_log("damaged", text.replace("/ecp/y.js", "/quiet") + "damaged\n")
    assert damaged.verdict is Verdict.CANNOT_TELL
    assert [skip.reason for skip in damaged.skipped if skip.source == path] == [SkipReason.MALFORMED_LINE]


@pytest.mark.parametrize(
    ("log", "text", "detail"),
    [
        (r"W3SVC\ra210303.ibl", "binary", "its content is another"),
        (r"W3SVC1\ex210303.log", "zeroed", "its content is another"),
    ],
)
def test_logs_in_other_formats_of_the_web_server_are_no_clean_bill(
    tmp_path: Path, log: str, text: str, detail: str
) -> None:
    other = {"file": f"C:\\inetpub\\logs\\LogFiles\\{log}", "text": text}
    found = assessed(lay_out({"evidence": [QUIET, other]}, tmp_path))
    assert found.verdict is Verdict.CANNOT_TELL
    (skip,) = (skip for skip in found.skipped if skip.source == other["file"])
    assert skip.reason is SkipReason.NOT_RECOGNISED
    assert detail in (skip.detail or "")


def test_files_that_are_only_called_like_logs_of_the_web_server_hide_nothing(tmp_path: Path) -> None:
    names = (r"inetpub\logs\LogFiles\W3SVC1\install.log", r"Windows\in210303.log", r"tools\nc.log", r"books\a.ibl")
    others = [{"file": f"C:\\{name}", "text": NCSA} for name in names]
    assert assessed(lay_out({"evidence": [QUIET, *others]}, tmp_path)).verdict is Verdict.CLEAN
