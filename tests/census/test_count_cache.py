"""Counts that are kept are those that would be made, and are forgotten when anything under them changes."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.census.exports import COLUMNS_2021, PACK, PATCHED, VULNERABLE, add, banner, certificate, counts, jsonl
from waspglass.census.count import By, count
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder
from waspglass.packs.builds import State


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "store" / "derived" / "counts").glob("*.json"))


def test_the_second_answer_is_the_first(tmp_path: Path) -> None:
    add(
        tmp_path, "2021-03-09.json", jsonl(banner("192.0.2.1"), banner("192.0.2.2", PATCHED), banner("192.0.2.3", None))
    )
    for by in By:
        assert counts(tmp_path, by) == counts(tmp_path, by)
    assert len(kept(tmp_path)) == len(By)


def test_it_is_really_taken_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    add(tmp_path, "2021-03-09.json", jsonl(banner("192.0.2.1")))
    first = counts(tmp_path)
    (path,) = kept(tmp_path)
    path.write_text(path.read_text().replace('"vulnerable": 1', '"vulnerable": 7'))
    assert counts(tmp_path)[0].addresses == {State.VULNERABLE: 7}
    path.write_text("{")
    assert counts(tmp_path) == first


def test_new_files_and_another_pack_are_counted_anew(tmp_path: Path) -> None:
    add(tmp_path, "2021-03-09.json", jsonl(banner("192.0.2.1", ssl=certificate("a")), banner("192.0.2.2")))
    assert counts(tmp_path)[0].servers == {State.VULNERABLE: 2}
    row = '"2021-03-20 00:00:00","192.0.2.9",443,"","exchange",0,"DE","","",0,0,,"15.1.2176.2","",'
    add(tmp_path, "2021-03-20-scan_exchange-x.csv", f"{COLUMNS_2021}\n{row}\n".encode())
    add(tmp_path, "more-2021-03-10.json", jsonl(banner("192.0.2.2", ssl=certificate("a"))))
    assert counts(tmp_path)[0].servers == {State.VULNERABLE: 1}
    other = PACK.model_copy(update={"sha256": "0" * 64, "builds": ()})
    with open_reading(Folder(str(tmp_path / "store")), other) as reading:
        assert count(reading, reading.scans())[0].addresses == {State.UNKNOWN: 2}


def test_a_store_that_cannot_be_written_still_answers(tmp_path: Path) -> None:
    add(tmp_path, "2021-03-09.json", jsonl(banner("192.0.2.1", VULNERABLE)))
    shutil.rmtree(tmp_path / "store" / "derived")
    (tmp_path / "store" / "derived").write_text("in the way")
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        assert count(reading, reading.scans(), servers=False)[0].total == 1
