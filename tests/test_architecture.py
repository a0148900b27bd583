"""The house: who may know whom, how long a file and a function may be, and what an `__init__` may hold."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "waspglass"
MODULES = sorted(path for path in SOURCE.rglob("*.py"))

LEVELS = {
    "model": 0,
    "evidence": 1,
    "packs": 1,
    "hunt": 2,
    "examine": 3,
    "census": 3,
    "groups": 3,
    "programme": 3,
    "trace": 3,
    "report": 4,
    "cli": 5,
    "centre": 5,
}
"""A folder may import from its own and from lower levels; folders of one level do not know each other."""
ROOMS = {"hunt": ("cache", "rules", "matching", "outcome", "scan", "hunting")}
"""Parts of a folder, lowest first; the same holds between them."""

MODULE_LINES = 400
FUNCTION_LINES = 60


def folder_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0]


def imported(tree: ast.AST) -> list[tuple[int, str]]:
    """Line and dotted name of each import of our own, also of those inside functions."""
    names: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "waspglass":
                names += [(node.lineno, f"waspglass.{alias.name}") for alias in node.names]
            else:
                names.append((node.lineno, node.module))
    return [(line, name) for line, name in names if name.split(".")[0] == "waspglass" and name != "waspglass"]


def forbidden(importer: str, imported_name: str) -> bool:
    other = imported_name.split(".")[1]
    if importer == other:
        return False
    return LEVELS[other] >= LEVELS[importer]


def forbidden_within(folder: str, room: str, imported_name: str) -> bool:
    parts = imported_name.split(".")
    if len(parts) < 3 or parts[1] != folder or parts[2] == room:
        return False
    return ROOMS[folder].index(parts[2]) > ROOMS[folder].index(room)


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent != SOURCE], ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_go_one_way(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    faults = [f"{path.name}:{line} {name}" for line, name in imported(tree) if forbidden(folder_of(path), name)]
    assert not faults


@pytest.mark.parametrize("folder", ROOMS)
def test_rooms_of_a_folder_import_one_way(folder: str) -> None:
    for path in (SOURCE / folder).rglob("*.py"):
        room = path.relative_to(SOURCE / folder).with_suffix("").parts[0]
        if room == "__init__":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        faults = [f"{path.name}:{line} {name}" for line, name in imported(tree) if forbidden_within(folder, room, name)]
        assert not faults


def test_the_rule_itself_finds_a_fault() -> None:
    tree = ast.parse("def f():\n    from waspglass.report import text\n    import waspglass.model.skip")
    assert [name for _, name in imported(tree) if forbidden("examine", name)] == ["waspglass.report"]
    assert forbidden("examine", "waspglass.trace.core")
    assert not forbidden("hunt", "waspglass.evidence.tree")
    assert forbidden_within("hunt", "rules", "waspglass.hunt.scan.blocks")
    assert not forbidden_within("hunt", "scan", "waspglass.hunt.rules.rule")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_and_functions_fit_in_a_head(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MODULE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LINES, f"{node.name} has {length} lines"


@pytest.mark.parametrize(
    "path", [p for p in MODULES if p.name == "__init__.py"], ids=lambda p: str(p.relative_to(SOURCE))
)
def test_an_init_holds_no_logic(path: Path) -> None:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assert all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)
    assert body, "an __init__ says what its package is"


def test_no_folder_of_odds_and_ends() -> None:
    names = {part for path in MODULES for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc"}
