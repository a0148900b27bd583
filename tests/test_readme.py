"""The documents cannot lie: help texts, options and links are compared with the real ones."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path

import duckdb
import pytest
from typer.core import TyperGroup
from typer.main import get_command

from tools.build_commands import PAGE, help_of, page
from waspglass.census.add import AddOptions, add_exports
from waspglass.census.sources.all import all_sources
from waspglass.census.sources.mapping import read_mapping
from waspglass.census.store.folder import Folder
from waspglass.cli.commands import program
from waspglass.evidence.format import FORMATS
from waspglass.examine.facts_file import read_facts
from waspglass.packs.check_rules import RULE_CHECKS
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("README.md")),
]


def test_the_help_in_the_readme_is_the_real_one() -> None:
    found = re.search(r"<!-- begin help -->\n```\n(.*?)\n```\n<!-- end help -->", README, re.DOTALL)
    assert found
    assert found[1] == help_of("")


def test_the_help_in_the_reference_is_the_real_one() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tools/build_commands.py"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def anchors(document: Path) -> set[str]:
    """The names that headings have in links, as GitHub makes them."""
    prose = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_headings_lead_to_one(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target, heading in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", text):
        if "://" not in target:
            assert heading in anchors(document.parent / target if target else document), f"{target}#{heading}"


Options = dict[str, set[str]]


def options_of_commands() -> Options:
    """`census add` -> its options, for all commands."""
    found: Options = {}

    def walk(command: object, name: str) -> None:
        flags = {flag for one in getattr(command, "params", ()) for flag in (*one.opts, *one.secondary_opts)}
        found[name] = flags
        for key, child in (command.commands if isinstance(command, TyperGroup) else {}).items():
            walk(child, f"{name} {key}".strip())

    walk(get_command(program()), "")
    found["trace"] = found.pop("trace run")
    return found


COMMANDS = options_of_commands()
CALL = re.compile(r"waspglass ((?:[a-z]+ ?)*)((?:[^\n`|]|\\\n)*)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_options_in_documents_exist(document: Path) -> None:
    for words, rest in CALL.findall(document.read_text(encoding="utf-8")):
        name = " ".join(words.split()[:2])
        known = COMMANDS.get(name) or COMMANDS.get(name.split(" ")[0])
        if known is not None:
            flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", rest))
            assert flags <= known | {"--help"}, f"{document.name}: waspglass {name} has no {flags - known}"


def test_every_command_is_in_some_document() -> None:
    text = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    for name in COMMANDS:
        assert f"waspglass {name}" in text


def test_every_option_is_in_the_reference() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert not {flag for flags in COMMANDS.values() for flag in flags if flag.startswith("--") and flag not in text}


def block(document: str, language: str) -> str:
    """The first fenced block of a language in a document."""
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def test_the_examples_for_users_of_the_library_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs/reference/library.md").read_text(encoding="utf-8")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    said = []
    for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(example, "docs/reference/library.md", "exec"), names)
        said.append(capsys.readouterr().out)
    examined, counted, traced = said
    assert examined.startswith("occupied Patched but occupied: ")
    assert (tmp_path / "report" / "assessment.json").exists()
    assert "refused" not in counted
    assert re.search(r"^2021-03-\d\d \S+ DE \d+ \d+$", counted, re.MULTILINE)
    assert " derived\n" in traced


def test_the_facts_in_the_reference_are_accepted(tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    file.write_text(block("docs/reference/facts.md", "json"))
    facts = read_facts(file)
    assert facts.hostname == "MX01.example.org"
    assert len(facts.builds) == 2


def test_the_mapping_in_the_census_how_to_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "list.toml"
    file.write_text(block("docs/census-howto.md", "toml"))
    assert read_mapping(file).columns["version"] == "build"


def test_the_query_in_the_census_how_to_runs(tmp_path: Path) -> None:
    export = ROOT / "examples/census-march-2021/exports/shodan-2021-03-09.json.gz"
    options = AddOptions(all_sources(None), dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    list(add_exports(Folder(str(tmp_path / "census")), [export], options))
    query = block("docs/census-howto.md", "sql").replace("'census/", f"'{tmp_path}/census/")
    with duckdb.connect() as database:
        assert database.execute(query).fetchall()


def test_every_check_of_a_pack_is_in_the_reference() -> None:
    text = (ROOT / "docs/reference/packs.md").read_text(encoding="utf-8").split("\n## Checks\n")[1]
    known = {check.name for check in RULE_CHECKS}
    for path in (ROOT / "src/waspglass/packs").glob("check*.py"):
        known |= set(re.findall(r'Severity\.[A-Z]+, "([a-z-]+)"', path.read_text(encoding="utf-8")))
    assert not {name for name in known if f"`{name}`" not in text}


def test_every_format_is_in_the_reference() -> None:
    kinds = (ROOT / "docs/reference/packs.md").read_text(encoding="utf-8").split("\n| `format` |")[1].splitlines()[0]
    assert re.findall(r"`(\w+)`", kinds) == list(FORMATS)
    records = (ROOT / "docs/reference/evidence.md").read_text(encoding="utf-8")
    assert all(f"\n| `{name}` |" in records for name, one in FORMATS.items() if not one.lines)


def test_the_figures_of_trace_are_those_that_ship() -> None:
    text = (ROOT / "docs/trace-method.md").read_text(encoding="utf-8").split("| mean of families, held out |")[1]
    rows = [[cell.strip() for cell in line.split("|")[2:5]] for line in text.splitlines()[2:8]]
    calibration = load_calibration()
    fields = ("cllr", "min_cllr", "worst_cllr", "derived_found", "false_derived", "worst_false_derived")
    for place, regime in enumerate((calibration.linked, calibration.collection, calibration.alone)):
        assert regime.measured is not None
        for name, row in zip(fields, rows, strict=True):
            digits = len(row[place].removeprefix("."))
            assert float(row[place]) == pytest.approx(getattr(regime.measured, name), abs=0.51 * 10**-digits), name
    features = len(load_commons().feature)
    assert f"{features:,} hashes" in (ROOT / "docs/trace-method.md").read_text(encoding="utf-8")
