"""A count of those into whom the flaws let nobody never holds an address that something else may open."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.census.exports import COLUMNS_TODAY, PACK, PATCHED, VULNERABLE, add
from waspglass.census.no_entry import without_entry
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder
from waspglass.packs.builds import BuildTable
from waspglass.packs.pack import Pack

OLD, OLD_PATCHED = "14.3.509.0", "14.3.513.0"
LINE = "Exchange Server 2010"


def numbers(folder: Path, pack: Pack = PACK) -> dict[str, int]:
    with open_reading(Folder(str(folder / "store")), pack) as reading:
        (scan,) = reading.scans()
        return {line.product: number for line, number in without_entry(reading, scan)}


def report(*sightings: tuple[str, str]) -> bytes:
    """Sightings of one address, each a tag and a version, on a port of its own."""
    rows = (
        f'"2021-03-09 00:00:00","high","192.0.2.1","tcp",{port},"","{tag}",64496,"DE","","",0,"","","{version}","",""'
        for port, (tag, version) in enumerate(sightings, 443)
    )
    return "\n".join([COLUMNS_TODAY, *rows, ""]).encode()


@pytest.mark.parametrize("files", [1, 2])
@pytest.mark.parametrize(
    ("sightings", "number"),
    [
        ([("exchange", OLD)], 1),
        ([("exchange", OLD), ("exchange", PATCHED)], 1),
        ([("exchange;cve-2021-26857", OLD)], 1),
        ([("exchange", OLD_PATCHED)], 0),
        ([("exchange", OLD), ("exchange", VULNERABLE)], 0),
        ([("exchange;cve-2021-26855", OLD)], 0),
        ([("exchange", OLD), ("exchange;cve-2021-26855", "")], 0),
    ],
)
def test_all_that_makes_an_address_vulnerable_counts(
    tmp_path: Path, sightings: list[tuple[str, str]], number: int, files: int
) -> None:
    for part in range(files):
        rows = sightings[part::files]
        if rows:
            add(tmp_path, f"2021-03-09-other_report-{part}.csv", report(*rows))
    assert numbers(tmp_path) == ({LINE: number} if number else {})


def test_a_line_is_none_whose_name_begins_with_its_name(tmp_path: Path) -> None:
    add(tmp_path, "2021-03-09-other_report-x.csv", report(("exchange", VULNERABLE)))
    product = BuildTable(PACK.builds).state(VULNERABLE).known
    assert product is not None
    for name, number in ((product.product, 1), (product.product[:-1], 0)):
        line = PACK.no_entry[0].model_copy(update={"product": name})
        assert numbers(tmp_path, PACK.model_copy(update={"no_entry": (line,)})) == ({name: 1} if number else {})


def test_a_pack_without_builds_or_without_such_lines_has_none(tmp_path: Path) -> None:
    add(tmp_path, "2021-03-09-other_report-x.csv", report(("exchange", OLD)))
    assert numbers(tmp_path, PACK.model_copy(update={"builds": ()})) == {}
    assert numbers(tmp_path, PACK.model_copy(update={"no_entry": ()})) == {}
