"""Entries of packs that begin with what a base says of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.packs.conftest import Edit
from waspglass.model.errors import PackError
from waspglass.packs import based
from waspglass.packs.check import check_pack
from waspglass.packs.folder import ClocksFile
from waspglass.packs.load import load_pack
from waspglass.packs.located import read_yaml
from waspglass.packs.stored import folder_key

ROOT = Path(__file__).parents[2]


def test_an_entry_has_the_keys_of_its_base_and_its_own_first() -> None:
    whole, own = read_yaml(
        "clocks:\n- {id: gdpr-72h, base: eu}\n- {id: gdpr-72h, base: eu, hours: 1, law: Art. 1}\n", "c.yml", ClocksFile
    ).clocks
    assert (whole.hours, whole.law.en) == (72, "GDPR Art. 33, Regulation (EU) 2016/679")
    assert (own.hours, own.law.en, own.law.de) == (1, "Art. 1", "Art. 1")
    assert (own.title, own.text, own.when, own.sources) == (whole.title, whole.text, whole.when, whole.sources)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("{id: gdpr-72h, base: mars}", "there is no base mars"),
        ("{id: gdpr-72h, base: [eu]}", "there is no base"),
        ("{id: gdpr-72h, base: ../eu}", "there is no base"),
        ("{id: gdpr-73h, base: eu}", "the base eu says nothing of gdpr-73h"),
        ("{id: [gdpr-72h], base: eu}", "the base eu says nothing of"),
        ("{base: eu}", "the base eu says nothing of"),
        ("{id: gdpr-72h, base: eu, hours: -1}", "greater than or equal to 0"),
    ],
)
def test_a_fault_of_such_an_entry_is_told_with_its_line(entry: str, fault: str) -> None:
    with pytest.raises(PackError, match=fault) as error:
        read_yaml(f"# of the EU\nclocks:\n  - {entry}\n", "c.yml", ClocksFile)
    assert error.value.location is not None
    assert error.value.location.line == 3


def test_the_reference_names_all_entries_of_the_bases() -> None:
    rows = [line for line in (ROOT / "docs/reference/packs.md").read_text().splitlines() if line.startswith("| `")]
    for base in based.bases():
        (row,) = (row for row in rows if row.startswith(f"| `{base}` |"))
        names = re.findall(r"`([^`]+)`", row)[2:]
        assert names == list(yaml.safe_load(based.base_file(base).read_text()))


def test_a_base_counts_for_the_digest_and_the_store(tiny: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny("clocks.yml", None)
    alone = load_pack(folder).sha256
    (folder / "clocks.yml").write_text("clocks: [{id: gdpr-72h, base: eu}]\n")
    before = load_pack(folder).sha256, folder_key(folder)
    assert not check_pack(folder)
    changed = folder.parent / "base"
    changed.mkdir()
    for name in based.bases():
        (changed / f"{name}.yml").write_text(based.base_file(name).read_text() + "# law of another year\n")
    monkeypatch.setattr(based, "_FOLDER", changed)
    after = load_pack(folder).sha256, folder_key(folder)
    assert len({alone, *before, *after}) == 5
    (folder / "clocks.yml").unlink()
    assert load_pack(folder).sha256 == alone
