"""The tree of commands.

Verb modules import nothing heavy at their top, and only the verb that is asked for is built, so that `waspglass --help`
and each verb answer at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import typer

__all__ = ["VERBS", "program"]


def _examine(app: typer.Typer) -> None:
    from waspglass.cli.epilog import epilog
    from waspglass.cli.examine import EXIT_CODES, examine

    example = "examine collection.zip --facts facts.json --out report"
    more = {"allow_extra_args": True}  # it refuses them itself, and says what to do
    app.command("examine", epilog=epilog(EXIT_CODES, example), context_settings=more)(examine)


def _census(app: typer.Typer) -> None:
    from waspglass.cli import census

    app.add_typer(census.app, name="census")


def _trace(app: typer.Typer) -> None:
    from waspglass.cli import trace

    app.add_typer(trace.app, name="trace")


def _pack(app: typer.Typer) -> None:
    from waspglass.cli import pack

    app.add_typer(pack.app, name="pack")


VERBS: Mapping[str, Callable[[typer.Typer], None]] = {
    "examine": _examine,
    "census": _census,
    "trace": _trace,
    "pack": _pack,
}
"""Each verb with what adds it to the program, in the order of the help text."""


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"waspglass {version('waspglass')}")
        raise typer.Exit


def _root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """After a mass exploitation: was this server entered, is somebody still inside, who must be told?"""


def program(words: Sequence[str] = ()) -> typer.Typer:
    """The program with the verb that the words begin with; with all verbs if they begin with none (help, a mistake)."""
    app = typer.Typer(
        name="waspglass",
        epilog="A patch puts a lid on the glass. It says nothing about the wasp inside.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    asked = VERBS.get(words[0]) if words else None
    for add in VERBS.values() if asked is None else (asked,):
        add(app)
    return app
