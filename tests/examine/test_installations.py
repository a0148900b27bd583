"""Which of several folders of program files runs."""

from __future__ import annotations

import pytest

from tests.evidence.trees import memory_artefact
from tests.examine.test_assess import NEW, OLD, both
from waspglass.evidence.artefact import Artefact
from waspglass.examine.installations import above_programs, of_what_runs
from waspglass.model.facts import BuildSighting, Certainty
from waspglass.packs.pack import ArtefactKind

KINDS = {
    "program": ArtefactKind(kind="program", format="pe_version", title=both("programs")),
    "copy": ArtefactKind(kind="copy", format="pe_version", earlier="program", title=both("copies")),
    "log": ArtefactKind(kind="log", format="w3c", title=both("logs")),
}
ONE, TWO, LIBRARY = r"C:\A\V15\Bin\setup.exe", r"D:\B\V15\Bin\setup.exe", r"C:\A\V15\FrontEnd\x\bin\library.dll"
BUILDS = {ONE: OLD, TWO: NEW, LIBRARY: OLD}


def program(path: str, kind: str = "program") -> Artefact:
    return memory_artefact(b"MZ", path, "pe_version", kind)


def log(path: str) -> Artefact:
    return memory_artefact(b"", path, "w3c", "log")


def firm(*artefacts: Artefact, stated: str | None = None) -> set[str]:
    """The files that prove a build."""
    files = [one.file.path for one in artefacts if one.format == "pe_version"]
    seen = [BuildSighting(build=BUILDS[file], source=file, certainty=Certainty.PROVEN) for file in files]
    found = of_what_runs(seen, artefacts, KINDS, stated)
    assert [one.source for one in found] == files
    return {one.source for one in found if one.certainty is Certainty.PROVEN}


@pytest.mark.parametrize(
    ("logs", "stated", "running"),
    [
        ([], None, {ONE, TWO, LIBRARY}),
        ([], NEW, {TWO}),
        ([], OLD, {ONE, LIBRARY}),
        ([], "15.1.1.1", {ONE, TWO, LIBRARY}),
        ([r"C:\a\v15\logging\x.log"], None, {ONE, LIBRARY}),
        ([r"C:\a\v15\logging\x.log"], NEW, {ONE, LIBRARY}),
        ([r"C:\A\V15\Logging\x.log", r"D:\B\V15\Logging\x.log"], None, {ONE, TWO, LIBRARY}),
        ([r"C:\A\V15\Logging\x.log", r"D:\B\V15\Logging\x.log"], NEW, {TWO}),
        ([r"C:\A\V150\x.log"], None, {ONE, TWO, LIBRARY}),
    ],
)
def test_the_folder_with_the_logs_runs_and_else_the_one_that_the_facts_mean(
    logs: list[str], stated: str | None, running: set[str]
) -> None:
    assert firm(program(ONE), program(TWO), program(LIBRARY), *map(log, logs), stated=stated) == running


def test_one_installation_runs_wherever_its_logs_are() -> None:
    assert firm(program(ONE), program(LIBRARY), log(r"D:\B\V15\Logging\x.log"), stated=NEW) == {ONE, LIBRARY}


def test_a_copy_proves_nothing() -> None:
    assert firm(program(ONE, "copy")) == set()
    assert firm(program(ONE), program(TWO, "copy"), stated=NEW) == {ONE}


@pytest.mark.parametrize(("file", "folder"), [(ONE, "c:\\a\\v15\\"), (r"C:\x\a.exe", r"c:\x\a.exe"), ("a", "a")])
def test_a_drive_is_no_installation(file: str, folder: str) -> None:
    assert above_programs(file) == folder
