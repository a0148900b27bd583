"""Several processes find what one finds, tell how far they are, and leave nothing running."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import time
import zipfile
from pathlib import Path

import pytest

from tests.hunt.evidence import IIS_FIELDS, artefact, iis, row, rules_of, sigma
from tests.hunt.scan.test_event_scan import DUMP, MANY, event_log
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.member import TreeFile
from waspglass.evidence.open import open_evidence
from waspglass.evidence.readers.evtx import EvtxReader
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome.result import Limits, Progress
from waspglass.hunt.scan.scan_file import Outcome, Pass, scan_file
from waspglass.hunt.scan.workers import scan_files
from waspglass.model.errors import Location
from waspglass.model.skip import SkipReason

PLANT = sigma(
    "s: {cs-uri-stem|contains: /ecp/}\ncondition: s",
    title="plant",
    extra="waspglass: {rung: exploited, capture: {address: {field: c-ip}}}",
)
LACKING = sigma("s: {cs-uri-stem|endswith: .js}\nf: {cs-host: good}\ncondition: s and not f", title="lacking")
RULES = rules_of(PLANT, LACKING, DUMP, indicators=["type,value\nip,203.0.113.9\n"])
READERS = {"evtx": EvtxReader()}


def _tree(root: Path) -> None:
    """Logs of several headers, one in a zip, one broken, and an event log."""
    text = "\r\n".join([f"#Fields: {IIS_FIELDS}", *[row("/ecp/x" if n % 99 == 5 else "/owa/") for n in range(3000)]])
    (root / "a.log").write_text(text)
    (root / "b.log").write_text(
        "no header\n" + text.replace(" cs(Referer)", "").replace("Mozilla/5.0 -", "Mozilla/5.0")
    )
    (root / "c.log").write_text(f"#Fields: {IIS_FIELDS} cs-host\r\n{row('/a.js')} x\r\nshort\r\n")
    (root / "empty.log").touch()
    with zipfile.ZipFile(root / "old.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("d.log", text + "\r\n" + row("/q", ip="203.0.113.9"))
    (root / "x.evtx").write_bytes(event_log([*MANY[:60], {"EventID": "1", "CommandLine": "comsvcs.dll, MiniDump"}]))


@pytest.mark.parametrize("workers", [2, 5, 64])
def test_the_number_of_workers_changes_nothing(tmp_path: Path, workers: int) -> None:
    _tree(tmp_path)
    with open_evidence(tmp_path) as evidence:
        found = [
            Artefact("iis", "w3c", file) if file.path.endswith(".log") else Artefact("events", "evtx", file)
            for file in evidence.files()
        ]
        alone = hunt(found, RULES, readers=READERS, limits=Limits(per_rule=20, context_per_actor=7))
        told: list[Progress] = []
        spread = hunt(
            found,
            RULES,
            readers=READERS,
            limits=Limits(per_rule=20, context_per_actor=7),
            workers=workers,
            progress=told.append,
        )
    assert spread == alone
    assert {one.rule for one in alone.findings} >= {"plant", "dump"}
    assert alone.context
    assert {one.reason for one in alone.skipped} >= {
        SkipReason.NO_HEADER,
        SkipReason.EMPTY,
        SkipReason.MISSING_FIELD,
        SkipReason.LIMIT_REACHED,
    }
    assert {one.stage for one in told} == {"scan", "follow-up"}
    assert told[-1].bytes >= sum(file.stat().st_size for file in tmp_path.glob("*.log"))


def _pass() -> Pass:
    return Pass(rules=RULES, chosen=RULES.rules, holes={}, readers=READERS, window=None, limits=Limits())


def _logs() -> list[Artefact]:
    return [artefact("iis", "\r\n".join((f"#Fields: {IIS_FIELDS}", row("/ecp/y"))), f"{n}.log") for n in range(6)]


def test_outcomes_can_be_pickled() -> None:
    outcome = scan_file(iis(row("/ecp/y")), _pass())
    assert outcome.hits
    assert pickle.loads(pickle.dumps(outcome)) == outcome


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that were forked during the test; the others are none of its business."""
    pids: list[int] = []
    fork = os.fork

    def noted() -> int:
        pid = fork()
        if pid:
            pids.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", noted)
    return pids


def _ended(pids: list[int]) -> bool:
    """True if there were some and none is left, not even to be waited for."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0)
            return False
    return bool(pids)


def test_a_process_that_dies_leaves_a_skip_and_the_others_go_on(forked: list[int]) -> None:
    def scan(one: Artefact, run: Pass) -> Outcome:
        if one.file.path == "2.log":
            os.kill(os.getpid(), signal.SIGKILL)
        return scan_file(one, run)

    outcomes = list(scan_files(_logs(), _pass(), 2, scan=scan))
    assert [len(one.hits) for one in outcomes] == [1, 1, 0, 1, 1, 1]
    assert [skip.reason for skip in outcomes[2].skipped] == [SkipReason.UNREADABLE]
    assert _ended(forked)


def test_where_all_processes_die_others_go_on(forked: list[int]) -> None:
    parent = os.getpid()

    def scan(one: Artefact, run: Pass) -> Outcome:
        assert os.getpid() != parent  # what kills a process would end the examination here
        if one.file.path in {"0.log", "1.log", "4.log"}:
            os.kill(os.getpid(), signal.SIGKILL)
        return scan_file(one, run)

    outcomes = list(scan_files(_logs(), _pass(), 2, scan=scan))
    assert [len(one.hits) for one in outcomes] == [0, 0, 1, 1, 0, 1]
    assert [len(one.skipped) for one in outcomes] == [1, 1, 0, 0, 1, 0]
    assert len(forked) == 4
    assert _ended(forked)


def test_where_no_process_reads_anything_this_one_does(monkeypatch: pytest.MonkeyPatch, forked: list[int]) -> None:
    monkeypatch.setattr("waspglass.hunt.scan.workers._Crew._indices", lambda _: iter(()))
    assert [len(one.hits) for one in scan_files(_logs(), _pass(), 2)] == [1] * 6
    assert len(forked) == 2


def test_a_fault_in_a_process_is_raised_in_its_parent(forked: list[int]) -> None:
    def scan(one: Artefact, run: Pass) -> Outcome:
        raise LookupError(one.file.path)

    with pytest.raises(LookupError, match=r"\.log"):
        list(scan_files(_logs(), _pass(), 2, scan=scan))
    assert _ended(forked)


def test_an_interrupt_ends_all_processes(forked: list[int]) -> None:
    parent = os.getpid()

    def scan(one: Artefact, run: Pass) -> Outcome:
        if one.file.path == "0.log":
            os.kill(parent, signal.SIGINT)
        time.sleep(20)
        return scan_file(one, run)

    with pytest.raises(KeyboardInterrupt):
        list(scan_files(_logs(), _pass(), 2, scan=scan))
    assert _ended(forked)


def test_one_process_scans_where_the_system_cannot_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert [len(one.hits) for one in scan_files(_logs(), _pass(), 2)] == [1] * 6


def test_files_of_disk_images_are_left_to_one_process() -> None:
    """Forked processes would move one and the same position in the image."""
    scanned_by: set[int] = set()

    def scan(one: Artefact, run: Pass) -> Outcome:
        scanned_by.add(os.getpid())
        return Outcome((), (), (), None)

    inside = TreeFile("x.log", None, None, None, io.BytesIO, forkable=False)
    list(scan_files([*_logs(), Artefact("iis", "w3c", inside)], _pass(), 2, scan=scan))
    assert scanned_by == {os.getpid()}


def test_a_fault_of_ours_in_a_process_is_raised_as_it_was(forked: list[int]) -> None:
    def scan(one: Artefact, run: Pass) -> Outcome:
        raise EvidenceReadError("gone", reason=SkipReason.TRUNCATED, location=Location("x.log", 3))

    with pytest.raises(EvidenceReadError, match=r"x\.log:3: gone") as caught:
        list(scan_files(_logs(), _pass(), 2, scan=scan))
    assert caught.value.reason is SkipReason.TRUNCATED
    assert _ended(forked)


class _AskingError(Exception):
    """Cannot be made again from its message, as many errors of libraries cannot."""

    def __init__(self, message: str, *, place: int) -> None:
        super().__init__(f"{message} at {place}")


def test_a_fault_that_cannot_be_made_again_is_a_skip(forked: list[int]) -> None:
    def scan(one: Artefact, run: Pass) -> Outcome:
        if one.file.path == "2.log":
            raise _AskingError("strange", place=5)
        return scan_file(one, run)

    outcomes = list(scan_files(_logs(), _pass(), 2, scan=scan))
    assert [len(one.hits) for one in outcomes] == [1, 1, 0, 1, 1, 1]
    assert [skip.reason for skip in outcomes[2].skipped] == [SkipReason.UNREADABLE]
    assert _ended(forked)
