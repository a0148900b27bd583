from __future__ import annotations

import pytest
from typer.main import get_group
from typer.testing import CliRunner

from waspglass.cli.commands import VERBS, program


def commands(words: list[str]) -> list[str]:
    return list(get_group(program(words)).commands)


def test_without_a_verb_all_of_them_are_there() -> None:
    assert commands([]) == commands(["--help"]) == commands(["exmaine"]) == list(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_builds_itself_alone_and_has_its_help(verb: str) -> None:
    assert commands([verb, "x"]) == [verb]
    alone, among = (CliRunner().invoke(program(words), [verb, "--help"]).output for words in ([verb], []))
    assert alone == among
    assert "Usage" in alone


def test_a_mistaken_verb_is_named() -> None:
    done = CliRunner().invoke(program(["exmaine"]), ["exmaine"])
    assert done.exit_code == 2
    assert "exmaine" in done.output
