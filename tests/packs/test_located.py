from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.model.document import Document
from waspglass.model.errors import Location, PackError
from waspglass.packs.located import field_line, read_table, read_text, read_yaml, yaml_document


class Inner(Document):
    size: int


class Sample(Document):
    name: str
    parts: tuple[Inner, ...] = ()


def fault_of(text: str) -> PackError:
    with pytest.raises(PackError) as caught:
        read_yaml(text, "f.yml", Sample)
    return caught.value


def test_a_fault_names_file_line_and_field() -> None:
    fault = fault_of("name: x\nparts:\n  - size: 1\n  - size: many\n")
    assert fault.location == Location("f.yml", 4, "parts.1.size")


def test_an_unknown_key_is_a_fault() -> None:
    assert fault_of("name: x\ncolour: red\n").location == Location("f.yml", 2, "colour")


def test_a_missing_key_is_a_fault_of_its_parent() -> None:
    assert fault_of("name: x\nparts:\n  - {}\n").location == Location("f.yml", 3, "parts.0.size")


def test_all_faults_are_listed() -> None:
    made, faults = yaml_document("name: 1\nparts: [{size: a}, {size: b}]\n", "f.yml", Sample)
    assert made is None
    assert [fault.location.field for fault in faults if fault.location] == ["name", "parts.0.size", "parts.1.size"]


@pytest.mark.parametrize(
    ("text", "line"),
    [("name: [x\nparts: ]", 2), ("- a\n- b\n", 1), ("", 1), ("!!python/object/apply:os.system ['id']\n", 1)],
)
def test_what_is_no_plain_mapping_is_refused(text: str, line: int) -> None:
    location = fault_of(text).location
    assert location is not None
    assert location.line == line


@given(st.text(max_size=200))
def test_any_text_gives_a_document_or_a_pack_error(text: str) -> None:
    made, faults = yaml_document(text, "f.yml", Sample)
    assert (made is None) == bool(faults)


def test_field_line_falls_back_to_the_nearest_parent() -> None:
    assert field_line("a:\n  b:\n    c: 1\n", ("a", "b", "nothing")) == 2


def test_a_row_with_a_fault_names_its_line() -> None:
    with pytest.raises(PackError) as caught:
        read_table("# why\nsize\n1\nx\n", "t.csv", Inner)
    assert caught.value.location == Location("t.csv", 4, "size")


def test_comments_empty_cells_and_quotes_of_a_table() -> None:
    assert read_table("# one\n# two\nsize\n", "t.csv", Inner) == ()
    assert read_table("size\n1\n# no row\n2\n", "t.csv", Inner) == (Inner(size=1), Inner(size=2))


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "has no header row"),
        ("# only a comment\n", 1, "has no header row"),
        ("# x\nsize\n1,2\n", 3, "row has 2 cells, the header names 1"),
        ("# x\nsize,colour\n1,2\n", 2, "no column 'colour' is known"),
        ("colour\n1\n", 1, "no column 'colour' is known; the column 'size' is missing"),
        ("size,size\n1,1\n", 1, "a column stands twice"),
        ('size\n"open\n', 2, "not valid CSV: unexpected end of data"),
    ],
)
def test_a_broken_table_is_refused(text: str, line: int, why: str) -> None:
    with pytest.raises(PackError) as caught:
        read_table(text, "t.csv", Inner)
    assert (caught.value.location, caught.value.message) == (Location("t.csv", line), why)


def test_a_table_without_rows_needs_its_columns_too() -> None:
    with pytest.raises(PackError, match="the column 'name' is missing"):
        read_table("parts\n", "t.csv", Sample)


def test_text_in_utf16_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("name: x", encoding="utf-16")
    with pytest.raises(PackError, match="UTF-16; save it as UTF-8"):
        read_text(path, "a.yml")


def test_bytes_that_are_not_utf8_name_their_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_bytes(b"name: x\nparts: \xff\n")
    with pytest.raises(PackError) as caught:
        read_text(path, "a.yml")
    assert caught.value.location == Location("a.yml", 2)


def test_an_absent_file_is_a_pack_error(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="cannot read"):
        read_text(tmp_path / "none.yml", "none.yml")
