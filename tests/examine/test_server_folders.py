"""Which folders of a collection are taken for servers."""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.open import open_evidence
from waspglass.evidence.tree import EvidenceFile
from waspglass.examine.observations import Observations
from waspglass.examine.server_folders import server_folders, told_apart
from waspglass.model.finding import Effect, Finding, Rung


@dataclass(frozen=True)
class _File:
    path: str
    above: tuple[str, ...] = ()


def _artefact(*parts: str) -> Artefact:
    at = next((index for index, part in enumerate(parts) if len(part) == 1), None)
    path = "\\".join(parts) if at is None else "\\".join((f"{parts[at]}:", *parts[at + 1 :]))
    file = _File(path, () if at is None else parts[: at + 1])
    return Artefact("iis", "w3c", cast("EvidenceFile", file), {})


@pytest.mark.parametrize(
    ("one", "other", "servers"),
    [
        ("MX01", "MX02", True),
        ("mx1.example.org", "mx2.example.org", True),
        ("Collection-MX01-2021-03-20T10_00_00Z", "Collection-MX02-2021-03-20T11_00_00Z", True),
        ("Collection-MX01-2021-03-20T10_00_00Z", "Collection-MX01-2021-03-21T10_00_00Z", False),
        ("logs", "pages", False),
        ("part1", "part2", False),
        ("triage1", "Triage 2", False),
        ("20210320101500", "20210321101500", False),
        ("collection-1", "collection-2", False),
        ("Day 1", "Day 2", False),
        ("volume1", "volume2", False),
    ],
)
def test_only_names_that_differ_in_a_number_are_servers(one: str, other: str, servers: bool) -> None:
    found = server_folders([_artefact(one, "C", "a.log"), _artefact(other, "C", "b.log")])
    assert bool(found) is servers


def test_two_drives_of_one_server_are_one_server() -> None:
    assert server_folders([_artefact("vol-a1", "C", "a.log"), _artefact("vol-a2", "D", "b.log")]) == {}


@pytest.mark.parametrize(
    ("below", "servers"),
    [
        (("uploads", "auto"), True),
        (("uploads", "lazy_ntfs"), True),
        (("a site", "a room"), False),  # the folder above the drive has the same name in both
        (("uploads", "auto", "ntfs"), False),  # deeper than any collector lays it
    ],
)
def test_folders_of_collectors_may_stand_between_a_server_and_its_drives(below: tuple[str, ...], servers: bool) -> None:
    found = [_artefact(name, *below, "C", f"{name}.log") for name in ("MX01", "MX02")]
    assert bool(server_folders(found)) is servers


@pytest.mark.parametrize(("one", "other", "servers"), [("MX01", "MX02", True), ("part1", "part2", False)])
def test_archives_in_the_evidence_are_folders(one: str, other: str, servers: bool) -> None:
    files = (_File(rf"{name}.zip\C\inetpub\{name}.log") for name in (one, other))
    found = [Artefact("iis", "w3c", cast("EvidenceFile", file), {}) for file in files]
    assert bool(server_folders(found)) is servers


def test_the_place_of_a_file_comes_from_the_evidence(tmp_path: Path) -> None:
    """Whatever the collection came as: what lies above the drive tells of servers."""
    for name in ("MX01", "MX02"):
        log = tmp_path / "case" / name / "C" / "logs" / f"{name}.log.gz"
        log.parent.mkdir(parents=True)
        log.write_bytes(gzip.compress(b"x"))
    whole = {Path(shutil.make_archive(str(tmp_path / "case"), kind, tmp_path / "case")) for kind in ("zip", "gztar")}
    (tmp_path / "zips").mkdir()
    for name in ("MX01", "MX02"):
        shutil.make_archive(str(tmp_path / "zips" / name), "zip", tmp_path / "case" / name)
    for path in (tmp_path / "case", tmp_path / "zips", *whole):
        with open_evidence(path) as evidence:
            logs = [Artefact("iis", "w3c", file, {}) for file in evidence.files() if "log" in file.path]
        found = server_folders(logs)
        assert {name.partition(".")[0] for name in found.values()} == {"MX01", "MX02"}, path


def test_what_joins_files_of_two_servers_is_a_hint_and_the_rest_stays() -> None:
    log = Finding(id="1", rung=Rung.EXPLOITED, effect=Effect.SHOWS, rule="r", title="t", source=r"C:\a.log")
    page = Finding(id="2", rung=Rung.IMPLANTED, effect=Effect.CONTEXT, rule="r", title="t", source=r"C:\b.aspx")
    joined = Finding(
        id="3",
        rung=Rung.IMPLANTED,
        effect=Effect.SHOWS,
        rule="j",
        title="t",
        source=r"C:\b.aspx",
        evidence=("1", "2"),
    )
    seen = Observations(evidence="x", findings=(log, page, joined))
    apart = told_apart(seen, {r"C:\a.log": "MX01", r"C:\b.aspx": "MX02"})
    assert [one.effect for one in apart.findings] == [Effect.SHOWS, Effect.CONTEXT, Effect.HINT]
    context = joined.model_copy(update={"effect": Effect.CONTEXT})
    kept = told_apart(
        Observations(evidence="x", findings=(log, page, context)), {log.source: "MX01", page.source: "MX02"}
    )
    assert [one.effect for one in kept.findings] == [Effect.SHOWS, Effect.CONTEXT, Effect.CONTEXT]
    together = told_apart(seen, {r"C:\a.log": "MX01", r"C:\b.aspx": "MX01"})
    assert [one.effect for one in together.findings] == [Effect.SHOWS, Effect.CONTEXT, Effect.SHOWS]
