from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.trace.programs import INDEPENDENT, ORIGINAL, background, renamed
from waspglass.cli.commands import program
from waspglass.model.errors import OutputError, UsageError

runner = CliRunner()
app = program()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = {"shared.py": ORIGINAL, "copy.py": ORIGINAL + "\n# end\n", "named.py": renamed(ORIGINAL)}
    texts |= {f"other{i}.py": text for i, text in enumerate(INDEPENDENT)}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_sample_needs_no_sub_command(folder: Path) -> None:
    done = runner.invoke(app, ["trace", str(folder / "copy.py"), "--against", str(folder / "shared.py")])
    assert done.exit_code == 30, done.output
    assert done.output.startswith("DERIVED: ")


def test_the_exit_code_tells_the_answers_apart(folder: Path) -> None:
    done = runner.invoke(app, ["trace", str(folder / "named.py"), "--against", str(folder / "other0.py")])
    assert done.exit_code in {0, 40}


def test_json_and_a_folder_of_reports(folder: Path) -> None:
    out = folder / "out"
    arguments = ["trace", str(folder / "copy.py"), "--against", str(folder / "shared.py"), "--format", "json"]
    done = runner.invoke(app, [*arguments, "--out", str(out), "--lang", "de"])
    assert json.loads(done.stdout)["verdict"] == "derived"
    assert {path.name for path in out.iterdir()} == {"trace.html", "trace.json", "trace.txt"}
    assert "ABGELEITET" in (out / "trace.txt").read_text(encoding="utf-8")


def test_a_file_of_a_sub_commands_name_is_given_as_a_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "matrix").write_text(ORIGINAL, encoding="utf-8")
    monkeypatch.chdir(folder)
    assert runner.invoke(app, ["trace", "./matrix", "--against", "shared.py"]).exit_code == 30
    assert runner.invoke(app, ["trace", "matrix", "."]).output.startswith("7 programs")


def test_matrix_of_a_list_of_pairs(folder: Path) -> None:
    pairs = folder / "pairs.csv"
    pairs.write_text("path_a,path_b,label\nshared.py,copy.py,1\nshared.py,other1.py,0\n", encoding="utf-8")
    scores = folder / "scores.csv"
    done = runner.invoke(app, ["trace", "matrix", "--pairs", str(pairs), "--scores", str(scores)])
    assert done.exit_code == 0, done.output
    with scores.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["path_a"], row["path_b"]) for row in rows] == [("shared.py", "copy.py"), ("shared.py", "other1.py")]
    assert rows[0]["verdict"] == "derived"
    assert float(rows[0]["score"]) > float(rows[1]["score"])
    assert float(rows[0]["llr"]) > 0 > float(rows[1]["llr"])


def test_matrix_of_a_folder_has_each_pair_once(folder: Path) -> None:
    scores = folder.parent / "scores.csv"
    runner.invoke(app, ["trace", "matrix", str(folder), "--scores", str(scores)])
    assert len(scores.read_text(encoding="utf-8").splitlines()) == 1 + 6 * 5 // 2


def test_an_index_is_built_and_asked(folder: Path) -> None:
    index = folder.parent / "index"
    assert "6 files" in runner.invoke(app, ["trace", "index", str(folder), "--out", str(index)]).output
    done = runner.invoke(app, ["trace", str(folder / "copy.py"), "--index", str(index)])
    assert done.exit_code == 30, done.output


def test_an_index_in_the_folder_that_is_indexed_does_not_hold_itself(folder: Path) -> None:
    files = sorted(path.as_posix() for path in folder.iterdir())
    for _ in range(2):
        assert runner.invoke(app, ["trace", "index", str(folder), "--out", str(folder / "index")]).exit_code == 0
        assert json.loads((folder / "index" / "names.json").read_text(encoding="utf-8"))["names"] == files


def test_a_folder_without_files_is_not_indexed(tmp_path: Path) -> None:
    done = runner.invoke(app, ["trace", "index", str(tmp_path), "--out", str(tmp_path / "index")])
    assert isinstance(done.exception, UsageError)


@pytest.mark.parametrize(
    "arguments",
    [["a.py"], ["a.py", "--against", "missing.py"], ["matrix"], ["matrix", "--pairs", "pairs.csv", "--least", "0.9"]],
)
def test_wrong_use_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    (folder / "a.py").write_text(ORIGINAL, encoding="utf-8")
    (folder / "pairs.csv").write_text("path_a,path_b\na.py,shared.py\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    done = runner.invoke(app, ["trace", *arguments])
    assert isinstance(done.exception, UsageError)


def test_a_wrong_format_is_answered_with_the_right_ones(folder: Path) -> None:
    done = runner.invoke(app, ["trace", str(folder), "--against", str(folder), "--format", "xml"])
    assert done.exit_code == 2
    assert "json" in done.output


def test_one_is_said_in_the_singular(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    pairs = folder / "pairs.csv"
    pairs.write_text("path_a,path_b\nshared.py,copy.py\n", encoding="utf-8")
    assert runner.invoke(app, ["trace", "matrix", "--pairs", str(pairs)]).output.startswith("2 programs, 1 pair\n")
    index = tmp_path_factory.mktemp("one") / "index"
    done = runner.invoke(app, ["trace", "index", str(folder / "shared.py"), "--out", str(index)])
    assert done.output.startswith("1 file indexed in ")


def test_a_language_of_a_list_that_is_not_known_is_told(folder: Path) -> None:
    pairs = folder / "pairs.csv"
    pairs.write_text("path_a,path_b,lang\nshared.py,copy.py,py\x1bton\n", encoding="utf-8")
    done = runner.invoke(app, ["trace", "matrix", "--pairs", str(pairs)])
    assert done.exit_code == 0, done.output
    assert "passed over: py\\x1bton" in done.stderr


def test_a_list_of_pairs_with_a_missing_file_names_the_line(folder: Path) -> None:
    pairs = folder / "pairs.csv"
    pairs.write_text("path_a,path_b\nshared.py,nothing.py\n", encoding="utf-8")
    done = runner.invoke(app, ["trace", "matrix", "--pairs", str(pairs)])
    assert "pairs.csv:2 (path_b)" in str(done.exception)


@pytest.mark.usefixtures("links")
def test_what_could_not_be_read_of_the_samples_limits_the_answer(folder: Path) -> None:
    found = folder / "found"
    found.mkdir()
    (found / "a.py").write_text(INDEPENDENT[0] * 6, encoding="utf-8")
    arguments = ["trace", str(found), "--against", str(folder / "long.py"), "--format", "json"]
    (folder / "long.py").write_text(ORIGINAL * 3, encoding="utf-8")
    assert json.loads(runner.invoke(app, arguments).stdout)["comparisons"][0]["verdict"] == "independent"
    assert runner.invoke(app, arguments).exit_code == 0
    (found / "link.py").symlink_to(folder / "copy.py")
    assert runner.invoke(app, arguments).exit_code == 40


@pytest.mark.parametrize("which", ["sample", "shared", "matrix"])
def test_a_folder_in_which_nothing_can_be_read_is_said(folder: Path, which: str) -> None:
    empty = folder / "empty"
    empty.mkdir()
    file, nothing = str(folder / "copy.py"), str(empty)
    arguments = {
        "sample": [nothing, "--against", file], "shared": [file, "--against", nothing], "matrix": ["matrix", nothing],
    }  # fmt: skip
    done = runner.invoke(app, ["trace", *arguments[which]])
    assert isinstance(done.exception, UsageError)


def test_what_is_wrong_with_the_shared_files_is_not_said_of_the_samples(folder: Path) -> None:
    empty = folder / "empty"
    empty.mkdir()
    (folder / "shared.7z").write_bytes(b"7z\xbc\xaf'\x1c\x00\x04")
    done = runner.invoke(app, ["trace", str(empty), "--against", str(folder / "shared.7z")])
    assert str(done.exception) == "no sample can be read. Nothing is in it"


@pytest.mark.parametrize("option", ["sample", "--against", "--background", "--base"])
def test_reports_are_not_written_into_a_folder_that_is_read(folder: Path, option: str) -> None:
    """They hold the shared text, and the next run would find it there."""
    (folder / "in").mkdir()
    (folder / "in" / "a.py").write_text(ORIGINAL, encoding="utf-8")
    sample = str(folder / ("in" if option == "sample" else "copy.py"))
    arguments = ["trace", sample, "--against", str(folder / "shared.py"), "--out", str(folder / "in" / "out")]
    arguments += [] if option == "sample" else [option, str(folder / "in")]
    done = runner.invoke(app, arguments)
    assert isinstance(done.exception, UsageError)
    assert not (folder / "in" / "out").exists()


def test_what_keeps_reports_from_being_written_is_said_before_the_work(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "trace.html").write_text("somebody's notes", encoding="utf-8")
    done = runner.invoke(
        app, ["trace", str(folder / "copy.py"), "--against", str(folder / "shared.py"), "--out", str(folder / "out")]
    )
    assert isinstance(done.exception, OutputError)
    assert done.stdout == ""


@pytest.mark.skipif(os.name != "posix", reason="needs a pipe")
def test_a_reader_that_leaves_early_keeps_no_report_from_being_written(folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    arguments = ["trace", str(folder / "copy.py"), "--against", str(folder / "shared.py"), "--out", str(folder / "out")]
    done = subprocess.run([sys.executable, "-m", "waspglass", *arguments], stdout=writer, check=False)
    os.close(writer)
    assert done.returncode == 30
    assert len(list((folder / "out").iterdir())) == 3


@pytest.mark.skipif(os.name != "posix", reason="uses a POSIX shell")
def test_a_full_disk_leaves_no_half_index(tmp_path: Path) -> None:
    for number, text in enumerate(background(60)):
        (tmp_path / f"{number}.py").write_bytes(text.raw)
    words = [sys.executable, "-m", "waspglass.cli", "trace", "index", ".", "--out", "index"]
    command = ["bash", "-c", 'ulimit -f 1; "$@"', "bash", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert "index: the index cannot be written (no room" in done.stderr
    assert list((tmp_path / "index").iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize("verb", ["matrix", "index"])
def test_an_interruption_leaves_nothing_half_written(tmp_path: Path, verb: str) -> None:
    """A real SIGINT to the whole group, as a terminal sends it, while there is something half-written."""
    many = tmp_path / "many"
    many.mkdir()
    for number in range(1500 if verb == "index" else 400):
        text = "\n".join([ORIGINAL, *(f"print({number} * {line})" for line in range(20))])
        (many / f"{number}.py").write_text(text, encoding="utf-8")
    out = tmp_path / "out"
    arguments = [str(many), "--scores" if verb == "matrix" else "--out", str(out)]
    command = [sys.executable, "-m", "waspglass", "trace", verb, *arguments, "--jobs", "2"]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE) as run:
        while run.poll() is None and not [*tmp_path.glob(".waspglass-*"), *out.glob(".unfinished-*")]:
            time.sleep(0.01)
        os.killpg(run.pid, signal.SIGINT)
        said = run.communicate()[1]
    assert (run.returncode, said) == (130, b"waspglass: interrupted\n")
    assert [path.name for path in tmp_path.iterdir() if path.name != "out"] == ["many"]
    assert list(out.iterdir()) == [] if verb == "index" else not out.exists()


def test_an_index_without_anything_alike_is_said_to_be_so(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("other")
    (place / "page.html").write_text("<p>Opening hours: Monday to Friday, nine to five</p>\n" * 9, encoding="utf-8")
    runner.invoke(app, ["trace", "index", str(place), "--out", str(place / "index")])
    done = runner.invoke(app, ["trace", str(folder / "shared.py"), "--index", str(place / "index")])
    assert done.exit_code == 40
    assert "no file of the index" in done.output.splitlines()[0]
