from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.trace.programs import INDEPENDENT, ORIGINAL
from waspglass.model.errors import OutputError, UsageError
from waspglass.trace import pairs_file
from waspglass.trace.executor import ClusterError, InProcess
from waspglass.trace.languages import language_named
from waspglass.trace.matrix import PairTable
from waspglass.trace.pairs_file import read_pairs, write_scores


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a b.py").write_text(ORIGINAL, encoding="utf-8")
    (tmp_path / "ü,x.py").write_text(INDEPENDENT[0], encoding="utf-8")
    return tmp_path


def listed(folder: Path, content: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    (folder / "pairs.csv").write_bytes(content)
    found = read_pairs(folder / "pairs.csv", None, InProcess())
    return found.first, found.second


@pytest.mark.parametrize(
    "content",
    [
        'path_a,path_b\na b.py,"ü,x.py"\n'.encode(),
        '\ufeffpath_a,path_b,label\r\na b.py,"ü,x.py",1\r\n'.encode(),
        'label,path_b,path_a,more\n0,"ü,x.py",a b.py\n'.encode(),
    ],
)
def test_names_with_blanks_and_commas_marks_and_other_columns(folder: Path, content: bytes) -> None:
    assert listed(folder, content) == ((0,), (1,))


def test_a_language_that_is_not_known_is_passed_over_and_told(folder: Path) -> None:
    lines = ["path_a,path_b,lang", *('a b.py,"ü,x.py",' + name for name in ("pyton", "Python", "", "pyton ", "c++"))]
    (folder / "pairs.csv").write_text("\n".join(lines), encoding="utf-8")
    found = read_pairs(folder / "pairs.csv", None, InProcess())
    assert found.unknown == ("pyton",)
    assert {program.language for program in found.programs} == {"python"}


def test_of_a_quotation_mark_that_is_open_no_encoding_is_blamed(folder: Path) -> None:
    (folder / "pairs.csv").write_text('path_a,path_b\n"' + "a,b\n" * 40_000, encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        read_pairs(folder / "pairs.csv", None, InProcess())
    assert "open quotation mark" in str(raised.value)


def test_a_list_without_pairs_is_a_list(folder: Path) -> None:
    assert listed(folder, b"path_a,path_b\n") == ((), ())


def test_pairs_may_be_there_twice_turned_and_of_one_file(folder: Path) -> None:
    content = 'path_a,path_b\na b.py,"ü,x.py"\n"ü,x.py",a b.py\na b.py,a b.py\na b.py,"ü,x.py"\n'.encode()
    assert listed(folder, content) == ((0, 1, 0, 0), (1, 0, 0, 1))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "columns"),
        (b"path_a;path_b\na;b\n", "columns"),
        (b"path_a,path_b\na b.py\n", r"pairs.csv:2 \(path_b\): a path is missing"),
        (b"path_a,path_b\n,a b.py\n", r"pairs.csv:2 \(path_a\): a path is missing"),
        (b"path_a,path_b\na b.py,no.py\n", r"pairs.csv:2 \(path_b\): there is no such file"),
        (b"path_a,path_b\na b.py,a\0b\n", "no such file|no CSV"),
        (b"path_a,path_b\n\n\na b.py,no.py\n", r"pairs.csv:4 \(path_b\): there is no such file"),
        (b'path_a,path_b,note\na b.py,a b.py,"of\ntwo lines"\na b.py,no.py\n', r"pairs.csv:4 \(path_b\)"),
        (b"path_a,path_b\n" + b"a" * 300 + b",a b.py\n", r"pairs.csv:2 \(path_a\): the file cannot be read"),
        (b"path_a,path_b\n\xff\xfe,a b.py\n", "no CSV"),
        (b"path_a,path_b\n" + b"a" * 200_000 + b",b\n", "no CSV"),
    ],
)
def test_what_is_wrong_with_a_list_is_said(folder: Path, content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        listed(folder, content)


@pytest.mark.parametrize("name", ["no.csv", "."])
def test_a_list_that_cannot_be_read_is_said(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_pairs(folder / name, None, InProcess())


@pytest.mark.usefixtures("links")
def test_scores_go_to_no_link_and_no_folder(folder: Path) -> None:
    (folder / "link.csv").symlink_to(folder / "a b.py")
    for name in ("link.csv", ".", "missing/out.csv"):
        with pytest.raises(OutputError):
            write_scores(folder / name, [], [])
    assert (folder / "a b.py").read_text(encoding="utf-8") == ORIGINAL


def a_table(first: int, second: int) -> PairTable:
    return PairTable(np.array([first]), np.array([second]), np.array([0.5]), np.array([1.0]), np.array([1]))


def test_names_that_are_no_text_are_written_as_far_as_they_can_be(tmp_path: Path) -> None:
    write_scores(tmp_path / "out.csv", ["a\udcff.py", 'b,"\n.py'], [a_table(0, 1)])
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["path_a"], row["path_b"]) == ("a\\udcff.py", 'b,"\n.py')


@pytest.mark.parametrize("fault", [KeyboardInterrupt, ClusterError])
def test_an_interruption_leaves_the_scores_that_were_there(tmp_path: Path, fault: type[BaseException]) -> None:
    def tables() -> Iterator[PairTable]:
        yield a_table(0, 1)
        raise fault("in the middle")

    for before in (None, b"of yesterday"):
        if before is not None:
            (tmp_path / "out.csv").write_bytes(before)
        with pytest.raises(fault):
            write_scores(tmp_path / "out.csv", ["a", "b"], tables())
        assert [path.read_bytes() for path in tmp_path.iterdir()] == ([] if before is None else [before])


def test_scores_may_go_to_a_device() -> None:
    assert write_scores(Path("/dev/null"), ["a", "b"], [a_table(0, 1)]) == 1
    assert not Path("/dev/null").is_file()


def test_a_folder_as_one_program_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs_file, "BYTE_LIMIT", 1000)
    (tmp_path / "many").mkdir()
    for number in range(50):
        (tmp_path / "many" / f"{number}.py").write_text("value = 1\n" * 50, encoding="utf-8")
    assert len(pairs_file._source("many", tmp_path / "many", None).raw) <= 2002


@pytest.mark.parametrize("language", ["", ",python"])
def test_a_page_beside_the_code_is_no_part_of_the_program(tmp_path: Path, language: str) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text(ORIGINAL, encoding="utf-8")
    (tmp_path / "two" / "README.md").write_text("# Of this and that\n\n" + "It is long. " * 900, encoding="utf-8")
    (tmp_path / "two" / "help.html").write_text("<p>(Help</p>", encoding="utf-8")
    (tmp_path / "pairs.csv").write_text(f"path_a,path_b{language and ',lang'}\none,two{language}\n", encoding="utf-8")
    one, two = read_pairs(tmp_path / "pairs.csv", None, InProcess()).programs
    assert (one.language, one.views.keys()) == (two.language, two.views.keys()) == ("python", one.views.keys())
    assert all(np.array_equal(one.views[view], two.views[view]) for view in one.views)


def test_files_of_a_folder_have_their_own_encodings(tmp_path: Path) -> None:
    texts = {"a.py": ("utf-8-sig", "a = 'Käse'"), "b.py": ("cp1252", "b = 'Käse'"), "c.py": ("utf-16", "c = 'Käse'")}
    for name, (encoding, text) in texts.items():
        (tmp_path / name).write_text(text, encoding=encoding)
    found = pairs_file._source("folder", tmp_path, None).raw.decode("utf-8")
    assert found == "a = 'Käse'\nb = 'Käse'\nc = 'Käse'"


@pytest.mark.parametrize(
    ("files", "language", "kept"),
    [
        ({"a.c": 10, "b.h": 10, "T.java": 15}, "", "a.c b.h"),
        ({"a.c": 10, "b.h": 10, "T.java": 15}, "java", "T.java"),
        ({"a.c": 10, "b.h": 10}, "java", "a.c b.h"),
        ({"a.py": 10, "dump.sql": 90, "page.html": 90}, "", "a.py"),
        ({"README.md": 90, "a.sql": 10, "b.sql": 10}, "", "a.sql b.sql"),
        ({"README.md": 90, "a.yml": 10}, "", "README.md a.yml"),
        ({"README.md": 90, "a.yml": 10}, "sigma", "a.yml"),
        ({"README.md": 90, "a.unknown": 10}, "", "README.md a.unknown"),
        ({"README.md": 90, "a.unknown": 10}, "python", "README.md a.unknown"),
        ({"a.py": 10, "LICENSE": 90}, "text", "a.py"),
        ({"notes.md": 10}, "", "notes.md"),
        ({"a.dat": 10, "b": 10}, "", "a.dat b"),
    ],
)
def test_a_folder_is_read_in_the_language_of_most_of_its_code(
    tmp_path: Path, files: dict[str, int], language: str, kept: str
) -> None:
    for name, size in files.items():
        (tmp_path / name).write_bytes(b";" * size)
    found, _ = pairs_file._of_one_language(sorted(tmp_path.iterdir()), language_named(language))
    assert sorted(file.name for file in found) == sorted(kept.split())


def test_of_a_folder_without_code_what_is_no_text_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\r")
    assert pairs_file._of_one_language([tmp_path / "a.png"], None)[0] == [tmp_path / "a.png"]
    (tmp_path / "b.html").write_text("<p>Page</p>", encoding="utf-8")
    assert pairs_file._of_one_language(sorted(tmp_path.iterdir()), None)[0] == [tmp_path / "b.html"]
