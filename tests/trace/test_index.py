from __future__ import annotations

from pathlib import Path

import pytest

from tests.trace.programs import ORIGINAL, background, renamed, source
from waspglass.model.errors import OutputError, UsageError
from waspglass.trace.index import build_index, open_index
from waspglass.trace.load import each_source, load_candidates


def test_the_source_of_a_disguised_copy_is_the_first_candidate(tmp_path: Path) -> None:
    others = [source(f"n{i}.py", text.raw.decode() + f"\nx{i} = {i}\n") for i, text in enumerate(background(40))]
    assert build_index([*others, source("shared.py", ORIGINAL)], tmp_path / "index") == 41
    found = open_index(tmp_path / "index").candidates(renamed(ORIGINAL).encode(), 5)
    assert found[0].name == "shared.py"
    assert 0.1 < found[0].share <= 1.0


def test_a_folder_is_indexed_and_its_files_are_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "a.py").write_text(ORIGINAL, encoding="utf-8")
    (folder / "gone.py").write_text(ORIGINAL + "# other\n", encoding="utf-8")
    (folder / "link.py").symlink_to(folder / "a.py")
    assert build_index(each_source(folder), tmp_path / "index") == 2
    (folder / "gone.py").unlink()
    loaded = load_candidates(tmp_path / "index", [source("found.py", ORIGINAL)])
    assert [Path(one.name).name for one in loaded.sources] == ["a.py"]
    assert [skip.source for skip in loaded.skipped] == [(folder / "gone.py").as_posix()]


@pytest.mark.parametrize("damage", ["missing", "json", "npy", "version"])
def test_a_damaged_index_is_refused(tmp_path: Path, damage: str) -> None:
    index = tmp_path / "index"
    build_index([source("a.py", ORIGINAL)], index)
    if damage == "missing":
        (index / "names.json").unlink()
    elif damage == "json":
        (index / "names.json").write_text("[", encoding="utf-8")
    elif damage == "npy":
        (index / "features.npy").write_bytes(b"\x93NUMPY nonsense")
    else:
        (index / "names.json").write_text('{"version": 99, "names": []}', encoding="utf-8")
    with pytest.raises(UsageError):
        open_index(index)


def test_a_foreign_folder_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError):
        build_index([], tmp_path)
