from __future__ import annotations

import os
from errno import EACCES
from pathlib import Path

import pytest

from tests.packs.conftest import Edit
from waspglass.model.errors import Location, PackError
from waspglass.packs.load import built_in_packs, load_pack, pack_folder


def test_a_folder_becomes_a_pack(tiny: Edit) -> None:
    pack = load_pack(tiny())
    assert (pack.id, pack.cves, [kind.kind for kind in pack.kinds]) == ("tiny", ("CVE-2020-12345",), ["iis"])
    assert [row.build for row in pack.builds] == ["1.0.1.1", "1.0.1.2"]
    assert [source.path for source in pack.sigma] == ["sigma/page.yml"]
    assert pack.title.text("de") == "Eine Kampagne"


def test_the_digest_is_of_what_the_pack_knows(tiny: Edit) -> None:
    before = load_pack(tiny()).sha256
    assert load_pack(tiny()).sha256 == before
    assert load_pack(tiny("samples/good.log", ("/good", "/other"))).sha256 == before
    assert load_pack(tiny("builds.csv", ("a list", "another list"))).sha256 != before


def test_the_digest_is_also_of_the_known_good_hashes(tiny: Edit) -> None:
    folder = tiny("pack.yml", ("cves:", "known_good: known.bin\ncves:"))
    (folder / "known.bin").write_bytes(b"1")
    before = load_pack(folder).sha256
    (folder / "known.bin").write_bytes(b"2")
    assert load_pack(folder).sha256 != before


def test_what_nothing_reads_changes_no_digest(tiny: Edit) -> None:
    """A pack that is kept in git changed its digest with each commit."""
    pack = load_pack(tiny())
    folder = tiny()
    for name in ("notes.txt", "README.md", ".git/HEAD", "sigma/._page.yml", "sigma/.old/page.yml", "sigma/page.yml~"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("title: [no YAML")
    assert load_pack(folder) == pack
    (folder / "sigma" / "more").mkdir()
    (folder / "sigma" / "more" / "page.yml").write_text((folder / "sigma" / "page.yml").read_text())
    assert load_pack(folder).sha256 != pack.sha256


@pytest.mark.parametrize(
    ("name", "change", "line", "field"),
    [
        ("pack.yml", ("cves:", "cvs:"), None, "cves"),
        ("artefacts.yml", ("entry: true", "entry: perhaps"), 9, "kinds.0.entry"),
        ("builds.csv", (",yes,", ",maybe,"), 4, "fixes"),
        ("timeline.csv", ("quoted", "unverified"), 2, "confidence"),
        ("advice.yml", ("priority: 2", "priority: 9"), 4, "advice.0.priority"),
    ],
)
def test_a_fault_names_file_line_and_field(
    tiny: Edit, name: str, change: tuple[str, str], line: int | None, field: str
) -> None:
    folder = tiny(name, change)
    with pytest.raises(PackError) as caught:
        load_pack(folder)
    assert caught.value.location == Location(str(folder / name), line, field)
    assert caught.value.exit_code == 4


def test_a_pack_of_another_format_is_refused(tiny: Edit) -> None:
    with pytest.raises(PackError, match="waspglass/pack/9"):
        load_pack(tiny("pack.yml", ("pack/1", "pack/9")))


def test_an_unknown_name_lists_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(PackError) as caught:
        pack_folder("nothing")
    assert "proxylogon" in str(caught.value)
    with pytest.raises(PackError):
        load_pack(tmp_path)


@pytest.mark.parametrize("name", built_in_packs())
def test_built_in_packs_load(name: str) -> None:
    pack = load_pack(name)
    assert pack.id == name
    assert pack.window.first_exploitation < pack.window.patch_available
    assert pack.sigma
    assert pack.advice
    assert any(kind.entry for kind in pack.kinds)


@pytest.mark.parametrize("name", ["clocks.yml", "builds.csv", "sigma"])
def test_what_nobody_may_look_at_is_not_taken_for_absent(
    tiny: Edit, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """From Python 3.14 on `Path.exists` says of it that it is not there; without rules a host would look clean."""
    folder, look = tiny(), Path.stat

    def refused(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path == folder / name:
            raise PermissionError(EACCES, os.strerror(EACCES), str(path))
        return look(path, follow_symlinks=follow_symlinks)

    for question, answer in (("exists", os.path.exists), ("is_dir", os.path.isdir), ("is_file", os.path.isfile)):
        monkeypatch.setattr(Path, question, lambda path, answer=answer: path != folder / name and answer(path))
    monkeypatch.setattr(Path, "stat", refused)
    with pytest.raises(PackError, match="Permission denied"):
        load_pack(str(folder))
