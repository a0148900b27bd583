"""The census commands as a user meets them: exit codes, messages, and nothing heavy before it is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from errno import EACCES
from pathlib import Path
from typing import NoReturn, get_args

import pytest
from typer.testing import CliRunner, Result

from tests.census.exports import PATCHED, VULNERABLE, banner, jsonl
from waspglass.census.counted import By
from waspglass.census.errors import StoreError
from waspglass.cli.census import app
from waspglass.cli.census_counts import Grouping
from waspglass.model.errors import OutputError, UsageError, WaspglassError


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    export = tmp_path / "2021-03-09.json"
    export.write_bytes(
        jsonl(banner("192.0.2.1"), banner("192.0.2.2", PATCHED), "broken", banner("192.0.2.3", None, http={}))
    )
    result = run("add", export, "--store", tmp_path / "s")
    assert result.exit_code == 0
    assert "3 sightings, source shodan, 2021-03-09" in result.output
    assert "skipped 1: malformed line (first: line 3" in result.output
    return tmp_path / "s"


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom waspglass.cli.census import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "heavy = {'polars', 'duckdb', 'pyarrow', 'numpy', 'scipy', 'pydantic', 'jinja2'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_each_question_is_answered_without_what_only_the_tests_install(store: Path, tmp_path: Path) -> None:
    """DuckDB asks for pytz to hand a time with zone to Python; stix2, of the tests, brought it."""
    (tmp_path / "c.csv").write_text("email,cidr\na@a.example,192.0.2.0/24\n")
    told = ("--contacts", tmp_path / "c.csv", "--out", tmp_path / "out", "--sender", "S", "--reply-to", "R")
    asked = (["show"], ["owners", *map(str, told)], ["report", "--out", str(tmp_path / "report.html")])
    code = (
        "import sys\nfor name in ('pytz', 'stix2'): sys.modules[name] = None\n"
        "from typer.testing import CliRunner\nfrom waspglass.cli.census import app\n"
        f"for words in {asked!r}:\n"
        f"    done = CliRunner().invoke(app, [*words, '--store', {str(store)!r}])\n"
        "    assert done.exit_code == 0, repr(done.exception)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_show_in_each_form(store: Path) -> None:
    text = run("show", "--store", store)
    assert "1 sighting is of another or of no recognised product and not counted" in text.output
    (row,) = json.loads(run("show", "--store", store, "--format", "json").stdout)
    assert (row["addresses_vulnerable"], row["addresses_patched"], row["servers_vulnerable"]) == (1, 1, 1)
    assert run("show", "--store", store, "--format", "csv", "--by", "country").stdout.startswith("date,source,country,")


@pytest.mark.parametrize(
    "words",
    [("show", "--date", "soon"), ("show", "--pack", "nosuchpack"), ("show", "--date", "2021-05-01"),
     ("diff", "2021-03-10", "2021-03-09", "--source", "shodan"),
     ("diff", "2021-03-09", "2021-03-10", "--source", "nosuch")],
    ids=lambda words: " ".join(words),
)  # fmt: skip
def test_a_wrong_call_says_what_to_do(store: Path, words: tuple[str, ...]) -> None:
    result = run(*words, "--store", store)
    assert isinstance(result.exception, WaspglassError)
    assert result.exception.hint


@pytest.mark.parametrize(
    ("words", "choice"),
    [(("show", "--by", "colour"), "country"), (("show", "--format", "xml"), "csv"), (("report", "--lang", "fr"), "de"),
     (("diff", "2021-03-09", "2021-03-10", "--source", "shodan", "--unit", "cow"), "address")],
    ids=lambda words: " ".join(words),
)  # fmt: skip
def test_a_wrong_word_is_answered_with_the_right_ones(store: Path, words: tuple[str, ...], choice: str) -> None:
    result = run(*words, "--store", store)
    assert result.exit_code == 2
    assert choice in result.output


@pytest.mark.parametrize(
    "words",
    [("list",), ("remove", "x"), ("show",), ("diff", "2021-03-09", "2021-03-10", "--source", "shodan"), ("report",)],
    ids=lambda words: words[0],
)
def test_a_store_that_is_not_there_is_a_wrong_call(tmp_path: Path, words: tuple[str, ...]) -> None:
    """A misspelt --store was an empty one."""
    result = run(*words, "--store", tmp_path / "s")
    assert isinstance(result.exception, UsageError)
    assert "there is no such store" in str(result.exception)
    assert not list(tmp_path.iterdir())


def test_a_comparison_names_the_source_that_it_chose(store: Path, tmp_path: Path) -> None:
    export = tmp_path / "2021-03-10.json"
    export.write_bytes(jsonl(banner("192.0.2.1", PATCHED)))
    run("add", export, "--store", store)
    found = [run(*words, "--store", store).stdout for words in (DIFF, DIFF[:3])]
    assert found[0] == found[1]
    assert found[0].startswith("shodan: 2021-03-09 to 2021-03-10")


def test_the_words_for_grouping_are_those_of_the_census() -> None:
    assert get_args(Grouping) == tuple(each.value for each in By)


def test_groups_come_with_their_rank(store: Path, tmp_path: Path) -> None:
    export = tmp_path / "2021-03-10.json"
    hosts = [("192.0.2.1", "US"), ("192.0.2.2", "US"), ("192.0.2.3", "DE"), ("192.0.2.4", "AT"), ("192.0.2.5", "FR")]
    rows = [
        banner(address, PATCHED if at == "FR" else VULNERABLE, location={"country_code": at}) for address, at in hosts
    ]
    export.write_bytes(jsonl(*rows))
    run("add", export, "--store", store)
    found = json.loads(run("show", "--store", store, "--by", "country", "--format", "json").stdout)
    assert [(row["country"], row["rank"]) for row in found] == [("US", 1), ("AT", 2), ("DE", 2), ("FR", 4)]


def test_refused_exports_give_an_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(b"\x00\x01\x02")
    result = run("add", path, tmp_path / "absent.json", "--store", tmp_path / "s")
    assert result.exit_code == 3
    assert "not recognised" in result.output
    assert "cannot be opened" in result.output


def test_an_unknown_source_is_a_wrong_call(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(jsonl(banner("192.0.2.1")))
    assert isinstance(run("add", path, "--source", "zoomeye", "--store", tmp_path / "s").exception, UsageError)


@pytest.mark.parametrize(
    "words",
    [("show",), ("show", "--no-servers"), ("report", "--out", "x.html"),
     ("diff", "2021-03-09", "2021-03-10", "--source", "shodan")],
    ids=lambda words: " ".join(words),
)  # fmt: skip
def test_a_damaged_store_is_said_by_every_question(store: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    export = tmp_path / "2021-03-10.json"
    export.write_bytes(jsonl(banner("192.0.2.1", timestamp="2021-03-10T00:00:00")))
    assert run("add", export, "--store", store).exit_code == 0
    for path in store.rglob("*.parquet"):
        path.write_bytes(b"gone")
    caught = run(*words, "--store", store).exception
    assert isinstance(caught, WaspglassError)
    assert "the store cannot be read" in str(caught)


@pytest.mark.parametrize(
    "words",
    [("diff", "2021-03-09", "2021-03-10", "--source", "shodan", "--hosts", "c.csv/x.csv"),
     ("report", "--out", "x.html", "--country", "deu"),
     ("owners", "--contacts", "c.csv", "--out", "m", "--sender", "x", "--reply-to", "y", "--country", "Österreich")],
    ids=lambda words: " ".join(words[:1]),
)  # fmt: skip
def test_what_cannot_be_written_or_is_no_country_is_said(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.csv").write_text("email,cidr\na@b.example,192.0.2.0/24\n")
    export = tmp_path / "2021-03-10.json"
    export.write_bytes(jsonl(banner("192.0.2.1", timestamp="2021-03-10T00:00:00")))
    run("add", export, "--store", store)
    assert isinstance(run(*words, "--store", store).exception, WaspglassError)


def test_a_country_may_be_in_small_letters(store: Path, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("email,cidr\na@b.example,192.0.2.0/24\n")
    words = ("--contacts", tmp_path / "c.csv", "--out", tmp_path / "m", "--sender", "x", "--reply-to", "y")
    assert "owners: 1" in run("owners", "--store", store, *words, "--country", "de").output


def test_a_store_that_cannot_be_is_said(tmp_path: Path) -> None:
    export = tmp_path / "2021-03-10.json"
    export.write_bytes(jsonl(banner("192.0.2.1")))
    (tmp_path / "file").write_text("x")
    for place in ("s4://bucket/census", tmp_path / "file" / "store"):
        caught = run("add", export, "--store", place).exception
        assert isinstance(caught, StoreError), place


def two_days(store: Path, folder: Path) -> None:
    for day in ("2021-03-09", "2021-03-10"):
        export = folder / f"{day}.json"
        export.write_bytes(jsonl(banner("192.0.2.1", timestamp=f"{day}T00:00:00")))
        run("add", export, "--store", store)


DIFF = ("diff", "2021-03-09", "2021-03-10", "--source", "shodan")


def test_the_table_of_hosts_is_for_its_owner_and_replaces_none_but_its_like(store: Path, tmp_path: Path) -> None:
    two_days(store, tmp_path)
    hosts = tmp_path / "new" / "hosts.csv"
    for _ in range(2):
        assert run(*DIFF, "--hosts", hosts, "--store", store).exit_code == 0
        assert hosts.read_text().startswith("change,addresses,country,compromised\n")
    assert os.name != "posix" or hosts.stat().st_mode & 0o077 == 0
    hosts.write_text("change,addresses,country,compromised,mine\n")
    assert isinstance(run(*DIFF, "--hosts", hosts, "--store", store).exception, OutputError)
    assert hosts.read_text() == "change,addresses,country,compromised,mine\n"


@pytest.mark.parametrize("taken", ["report.html", "numbers.json", "pictures/world.svg", "pictures/world.png"])
def test_a_report_replaces_its_like_and_no_foreign_file(store: Path, tmp_path: Path, taken: str) -> None:
    two_days(store, tmp_path)
    words: tuple[object, ...] = ("report", "--out", tmp_path / "report.html", "--json", tmp_path / "numbers.json")
    words = (*words, "--store", store, "--pictures", tmp_path / "pictures")
    if taken.endswith(".png"):
        pytest.importorskip("resvg_py")
        words = (*words, "--png")
    for _ in range(2):
        done = run(*words)
        assert done.exit_code == 0, done.exception
    assert os.name != "posix" or (tmp_path / taken).stat().st_mode & 0o077 == 0
    (tmp_path / taken).write_text("notes of somebody else")
    assert isinstance(run(*words).exception, OutputError)
    assert (tmp_path / taken).read_text() == "notes of somebody else"


def test_add_says_how_rows_were_filed_and_names_a_file_once(tmp_path: Path) -> None:
    rows = [banner(f"192.0.2.{n}", timestamp=f"2021-03-0{n}T10:00:00") for n in (1, 2)]
    (tmp_path / "all.json").write_bytes(jsonl(*rows))
    (tmp_path / "none.json").write_bytes(b"")
    first = run("add", tmp_path / "all.json", tmp_path / "none.json", "--store", tmp_path / "store")
    assert "2021-03-01 to 2021-03-02, 2 days\n  each row is on the day of its own time" in first.stdout
    assert "none.json: refused: not recognised: it is empty" in first.stdout
    again = run("add", tmp_path / "all.json", "--store", tmp_path / "store")
    assert "already in the store (as all.json, 2021-03-01 to 2021-03-02, 2 days)" in again.stdout


def test_a_folder_is_its_files_without_hidden_ones_and_the_store(tmp_path: Path) -> None:
    downloads = tmp_path / "downloads"
    (downloads / "2021" / ".part").mkdir(parents=True)
    (downloads / "2021" / "2021-03-09.json").write_bytes(jsonl(banner("192.0.2.1")))
    (downloads / "2021-03-10.json").write_bytes(jsonl(banner("192.0.2.1")))
    for hidden in (downloads / ".DS_Store", downloads / "2021" / ".part" / "2021-03-11.json"):
        hidden.write_bytes(jsonl(banner("192.0.2.1")))
    words = ("add", downloads, "--store", downloads / "store")
    added = [line.split(":")[0] for line in run(*words).stdout.splitlines()]
    assert added == ["2021-03-09.json", "2021-03-10.json"]
    again = run(*words)
    assert (again.exit_code, again.stdout.count("already in the store"), again.stdout.count("\n")) == (0, 2, 2)
    (tmp_path / "empty").mkdir()
    assert "no file is in it" in run("add", tmp_path / "empty", "--store", tmp_path / "s").stderr


def test_a_store_that_is_elsewhere_takes_no_folder_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "2021-03-09.json").write_bytes(jsonl(banner("192.0.2.1")))
    assert "2021-03-09.json: 1 sighting" in run("add", tmp_path, "--store", f"memory://{tmp_path.as_posix()}").stdout


@pytest.mark.usefixtures("links")
def test_a_link_in_a_folder_is_followed_to_a_file_and_no_further(tmp_path: Path) -> None:
    for folder in ("downloads", "elsewhere"):
        (tmp_path / folder).mkdir()
    for day in ("2021-03-09", "2021-03-10"):
        (tmp_path / "elsewhere" / f"{day}.json").write_bytes(jsonl(banner("192.0.2.1")))
    (tmp_path / "downloads" / "2021-03-09.json").symlink_to(tmp_path / "elsewhere" / "2021-03-09.json")
    (tmp_path / "downloads" / "all").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    for name, target in {"gone": "nowhere", "loop": "loop.json", "below": "2021-03-09.json/x"}.items():
        (tmp_path / "downloads" / f"{name}.json").symlink_to(target)
    added = run("add", tmp_path / "downloads", "--store", tmp_path / "store")
    assert [line.split(":")[0] for line in added.stdout.splitlines()] == ["2021-03-09.json"]


def test_a_folder_that_cannot_be_listed_is_not_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: object) -> NoReturn:
        raise PermissionError(EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refused)
    assert isinstance(run("add", tmp_path, "--store", tmp_path / "store").exception, PermissionError)


def test_exports_that_nobody_may_look_at_are_not_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: str | Path, **options: bool) -> os.stat_result:
        if Path(path).name == "2021-03-09.json":
            raise PermissionError(EACCES, "Permission denied", str(path))
        return asked(path, **options)

    asked = os.stat
    (tmp_path / "2021-03-09.json").touch()
    monkeypatch.setattr(os, "stat", refused)
    assert isinstance(run("add", tmp_path, "--store", tmp_path / "store").exception, PermissionError)


def test_a_store_without_the_pack_s_product_says_so(store: Path) -> None:
    for form, shown in (("text", ""), ("csv", ""), ("json", "[]\n")):
        found = run("show", "--store", store, "--pack", "toolshell", "--format", form)
        assert (found.exit_code, found.stdout) == (0, shown)
        assert "no host of the product that the pack toolshell is about" in found.stderr


def test_no_negative_number_of_groups(store: Path) -> None:
    """It left out the last group without a word."""
    assert run("show", "--store", store, "--limit", "-1").exit_code == 2


@pytest.mark.parametrize("command", ["add", "list", "remove", "show", "diff", "owners", "report"])
def test_each_help_ends_with_an_example_and_the_exit_codes(command: str) -> None:
    shown = " ".join(run(command, "--help").output.split())
    assert f"For example: waspglass census {command} " in shown
    assert "3 an export was refused" in shown


def test_a_file_in_the_place_of_the_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("x")
    fault = run("show", "--store", tmp_path / "export.csv").exception
    assert isinstance(fault, UsageError)
    assert "this is a file" in fault.message


def test_a_country_that_no_source_knows_is_told(store: Path, tmp_path: Path) -> None:
    report = run("report", "--store", store, "--country", "xx", "--out", tmp_path / "r.html")
    assert "no source knows a host in XX" in report.stderr
    contacts = tmp_path / "contacts.csv"
    contacts.write_text("email,cidr\na@b.example,192.0.2.0/24\n")
    words = ("--contacts", contacts, "--sender", "S", "--reply-to", "s@b.example", "--out", tmp_path / "m")
    owners = run("owners", "--store", store, "--country", "xx", *words)
    assert owners.exit_code == 0
    assert ("nobody to tell" in owners.stderr) == ("owners: 0" in owners.stdout)


def test_what_the_flaws_alone_do_not_open_is_told_beside_the_count(tmp_path: Path) -> None:
    """Exchange 2010 has one of the four flaws; a country's count of open doors must not hold its servers unsaid."""
    (tmp_path / "2021-03-09.json").write_bytes(
        jsonl(banner("192.0.2.1"), banner("192.0.2.2", "14.3.509.0"), banner("192.0.2.3", "14.3.513.0"))
    )
    assert run("add", tmp_path / "2021-03-09.json", "--store", tmp_path / "s").exit_code == 0
    said = "hodan, vulnerable addresses of Exchange Server 2010: 1. Of the flaws of this campaign"
    shown = run("show", "--store", tmp_path / "s", "--by", "country")
    assert said in shown.stderr
    page = tmp_path / "page.html"
    assert run("report", "--store", tmp_path / "s", "--out", page).exit_code == 0
    assert said in page.read_text()


def test_every_answer_says_what_a_source_takes_for_honeypots(tmp_path: Path) -> None:
    (tmp_path / "2021-03-09.json").write_bytes(jsonl(banner("192.0.2.1"), banner("192.0.2.2", tags=["honeypot"])))
    (tmp_path / "contacts.csv").write_text("email,cidr\na@b.example,192.0.2.0/24\n")
    store, numbers = ("--store", tmp_path / "s"), tmp_path / "n.json"
    run("add", tmp_path / "2021-03-09.json", *store)
    words = ("--contacts", tmp_path / "contacts.csv", "--sender", "S", "--reply-to", "s@b.example")
    for shown in (run("show", *store), run("owners", *store, *words, "--out", tmp_path / "m")):
        assert "shodan takes 1 sighting for a honeypot: not counted" in shown.stderr
        assert "no recognised product" not in shown.stderr
    assert "192.0.2.2" not in "".join(path.read_text() for path in (tmp_path / "m").rglob("hosts.csv"))
    for language, text in {"en": "Shodan takes so many", "de": "hält Shodan für Honeypots"}.items():
        run("report", *store, "--out", tmp_path / "r.html", "--json", numbers, "--lang", language)
        assert text in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert json.loads(numbers.read_text())["not_counted"]["honeypots"] == {"shodan": 1}


def test_png_without_a_folder_for_it_is_refused(store: Path, tmp_path: Path) -> None:
    fault = run("report", "--store", store, "--png", "--out", tmp_path / "r.html").exception
    assert isinstance(fault, UsageError)
    assert not (tmp_path / "r.html").exists()
