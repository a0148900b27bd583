from __future__ import annotations

import os
import re
from collections.abc import Callable
from errno import EACCES, ENOENT
from pathlib import Path
from typing import NoReturn

import pytest

from tests.report.hostile import STRINGS, everywhere
from tests.report.sample import clean, every_verdict, occupied
from waspglass.model.assessment import Assessment
from waspglass.model.errors import OutputError
from waspglass.report.write import Format, check_reports, write_reports


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("assessment", every_verdict(), ids=lambda assessment: str(assessment.verdict))
def test_all_reports_are_written(tmp_path: Path, assessment: Assessment) -> None:
    written = write_reports(assessment, tmp_path / "new" / "folder")
    assert names(tmp_path / "new" / "folder") == {form.value for form in Format}
    assert [path.name for path in written] == [form.value for form in Format]
    assert Assessment.model_validate_json((tmp_path / "new/folder/assessment.json").read_bytes()) == assessment


def test_only_the_formats_asked_for(tmp_path: Path) -> None:
    assert write_reports(clean(), tmp_path, [Format.JSON]) == (tmp_path / "assessment.json",)
    assert names(tmp_path) == {"assessment.json"}


def test_the_reports_are_in_the_language_of_the_assessment(tmp_path: Path) -> None:
    write_reports(occupied(language="de"), tmp_path, [Format.TEXT, Format.HTML])
    assert "WARUM" in (tmp_path / "report.txt").read_text("utf-8")
    assert '<html lang="de">' in (tmp_path / "report.html").read_text("utf-8")


def test_an_earlier_report_is_replaced(tmp_path: Path) -> None:
    for assessment in every_verdict():
        write_reports(assessment, tmp_path)
    assert len(names(tmp_path)) == len(Format)


@pytest.mark.parametrize("form", Format)
def test_every_report_is_known_as_ours(tmp_path: Path, form: Format) -> None:
    for assessment in (clean(), occupied(), everywhere("x" * 3000)):
        write_reports(assessment, tmp_path, [form])


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("rules", [0, 12])
@pytest.mark.parametrize("generator", ["waspglass in our pipeline", "SOAR 3 \u00b7 examine", "made by " + "x " * 99])
def test_reports_of_a_program_that_calls_the_library_are_replaced(
    tmp_path: Path, generator: str, rules: int, language: str
) -> None:
    assessment = occupied(language=language)
    pack = assessment.pack.model_copy(update={"added_rules": rules})
    assessment = assessment.model_copy(update={"generator": generator, "pack": pack})
    for _ in range(2):
        write_reports(assessment, tmp_path)


@pytest.mark.parametrize("form", Format)
def test_a_foreign_file_is_not_overwritten(tmp_path: Path, form: Format) -> None:
    foreign = tmp_path / form.value
    foreign.write_text("notes of somebody else")
    with pytest.raises(OutputError, match="not written by waspglass") as caught:
        write_reports(clean(), tmp_path)
    assert foreign.read_text() == "notes of somebody else"
    assert names(tmp_path) == {form.value}
    assert caught.value.hint


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize(
    "text",
    [
        "#!/bin/sh\nwaspglass examine evidence --out report\n",
        "# How we use waspglass\n\nIts pages say `\u00b7 waspglass 0.1.0 \u00b7` at their end.\n\nThat is all.\n",
        "Notes \u00b7 of our team \u00b7 made 2021-03-03 04:12 UTC\n\nThe page was removed.\n",
        '{"runs": ["waspglass"], "schema": "ours/1"}',
        "<!DOCTYPE html><html><title>What waspglass said</title></html>",
    ],
    ids=["script", "notes", "footer before the end", "settings", "page"],
)
def test_a_file_that_only_speaks_of_waspglass_is_foreign(tmp_path: Path, form: Format, text: str) -> None:
    (tmp_path / form.value).write_text(text)
    with pytest.raises(OutputError, match="not written by waspglass"):
        write_reports(clean(), tmp_path, [form])
    assert (tmp_path / form.value).read_text() == text


@pytest.mark.usefixtures("links")
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text('{"generator": "waspglass"}')
    out = tmp_path / "out"
    out.mkdir()
    (out / "assessment.json").symlink_to(victim)
    with pytest.raises(OutputError, match="link"):
        write_reports(clean(), out)
    assert victim.read_text() == '{"generator": "waspglass"}'


@pytest.mark.usefixtures("links")
def test_a_dangling_link_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "report.html").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="link"):
        write_reports(clean(), tmp_path)
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_in_the_place_of_a_report(tmp_path: Path) -> None:
    (tmp_path / "report.txt").mkdir()
    with pytest.raises(OutputError, match="folder"):
        write_reports(clean(), tmp_path)


def test_out_may_not_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_reports(clean(), tmp_path / "out")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        write_reports(clean(), tmp_path)


@pytest.mark.parametrize("fault", [KeyboardInterrupt, MemoryError, OSError])
@pytest.mark.parametrize("at_call", [1, 3, 5])
def test_an_interruption_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: type[BaseException], at_call: int
) -> None:
    write_reports(clean(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    calls = 0

    def interrupted(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == at_call:
            raise fault

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises((fault, OutputError)):
        write_reports(occupied(), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_interruption_right_after_a_file_was_made_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = os.open

    def interrupted(path: Path, flags: int, mode: int = 0o777) -> int:
        os.close(make(path, flags, mode))
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_reports(clean(), tmp_path)
    assert names(tmp_path) == set()


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_reports(clean(), tmp_path)
    assert names(tmp_path) == set()


def test_a_drive_that_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has paths of which not even the root is there."""

    def missing(path: Path, **_options: bool) -> NoReturn:
        raise FileNotFoundError(ENOENT, "The system cannot find the path specified", str(path))

    monkeypatch.setattr(Path, "stat", missing)
    with pytest.raises(OutputError, match="cannot be written"):
        check_reports(tmp_path, Format)


def test_a_report_that_a_program_has_open_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows replaces no file that is open."""

    def refused(path: Path, target: Path) -> NoReturn:
        raise PermissionError(EACCES, "Access is denied", str(path), None, str(target))

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(OutputError, match=re.escape(str(tmp_path / "report.html"))) as caught:
        write_reports(clean(), tmp_path)
    assert "Close it" in str(caught.value)
    assert names(tmp_path) == set()


def test_one_report_that_a_program_has_open_leaves_all_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows neither replaces nor renames it, not even to the name that it has."""
    write_reports(clean(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for name in ("rename", "replace"):
        move = getattr(Path, name)

        def moved(path: Path, target: Path, move: Callable[[Path, Path], Path] = move) -> Path:
            if target.name == Format.TIMELINE:
                raise PermissionError(EACCES, "Access is denied", str(path), None, str(target))
            return move(path, target)

        monkeypatch.setattr(Path, name, moved)
    with pytest.raises(OutputError, match=re.escape(str(tmp_path / Format.TIMELINE))):
        write_reports(occupied(), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a file has the rights of its folder")
def test_reports_are_private_to_their_owner(tmp_path: Path) -> None:
    for path in write_reports(clean(), tmp_path):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", STRINGS)
def test_names_of_files_never_come_from_the_evidence(tmp_path: Path, text: str) -> None:
    write_reports(everywhere(text), tmp_path)
    assert names(tmp_path) == {form.value for form in Format}
