from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.packs.conftest import Edit
from waspglass.packs.load import built_in_packs, load_pack
from waspglass.packs.stored import folder_key, pack_from_json, pack_to_json


class Shelf(dict[str, bytes]):
    """A store in memory that counts what it is given."""

    puts = 0

    def put(self, key: str, body: bytes) -> None:
        self[key] = body
        self.puts += 1


@pytest.mark.parametrize("name", built_in_packs())
def test_a_stored_pack_is_the_pack(name: str) -> None:
    pack, shelf = load_pack(name), Shelf()
    assert load_pack(name, shelf) == pack
    again = load_pack(name, shelf)
    assert shelf.puts == 1
    assert again == pack
    assert again.model_dump_json() == pack.model_dump_json()
    assert {type(kind.actor) for kind in again.kinds} == {type(kind.actor) for kind in pack.kinds}
    assert [kind.shows for kind in again.kinds] == [kind.shows for kind in pack.kinds]
    assert again.window.first_exploitation.tzinfo is not None


def test_a_changed_file_is_read_anew(tiny: Edit) -> None:
    shelf, folder = Shelf(), tiny()
    assert load_pack(folder, shelf).builds[0].build == "1.0.1.1"
    (folder / "builds.csv").write_text((folder / "builds.csv").read_text().replace("1.0.1.1", "9.0.1.1"))
    assert load_pack(folder, shelf).builds[0].build == "9.0.1.1"
    assert shelf.puts == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows tells no time at which an inode changed")
def test_a_file_with_its_old_times_is_still_noticed(tiny: Edit) -> None:
    folder = tiny()
    before, times = folder_key(folder), (folder / "builds.csv").stat()
    (folder / "builds.csv").write_text((folder / "builds.csv").read_text().replace("1.0.1.1", "9.0.1.1"))
    os.utime(folder / "builds.csv", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert folder_key(folder) != before


def test_a_new_rule_is_noticed_and_a_new_sample_is_not(tiny: Edit) -> None:
    folder = tiny()
    before = folder_key(folder)
    (folder / "samples" / "more.log").write_text("x")
    assert folder_key(folder) == before
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("x")
    assert folder_key(folder) == before
    (folder / "sigma" / "more.yml").write_text("x")
    assert folder_key(folder) != before


@pytest.mark.parametrize("wrong", [b"", b"null", b"[]", b"{}", b'{"id": 1}'])
def test_what_is_no_stored_pack_is_none(wrong: bytes, tiny: Edit) -> None:
    assert pack_from_json(wrong) is None
    shelf, folder = Shelf(), tiny()
    shelf[folder_key(folder) or ""] = wrong
    assert load_pack(folder, shelf) == load_pack(folder)


def test_a_stored_pack_that_lacks_a_part_is_none(tiny: Edit) -> None:
    table = json.loads(pack_to_json(load_pack(tiny())))
    del table["window"]
    assert pack_from_json(json.dumps(table).encode()) is None


def test_a_folder_that_is_gone_has_no_key(tmp_path: Path) -> None:
    assert folder_key(tmp_path / "nothing") is None
