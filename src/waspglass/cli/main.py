"""The root of the command line.

Verb modules import nothing heavy at their top, so that `waspglass --help` answers at once.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from waspglass.cli import census, examine, pack, trace

__all__ = ["app", "run"]

app = typer.Typer(
    name="waspglass",
    help="After a mass exploitation: was this server entered, is somebody still inside, who must be told?",
    epilog="A patch puts a lid on the glass. It says nothing about the wasp inside.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("examine")(examine.examine)
app.add_typer(census.app, name="census")
app.add_typer(trace.app, name="trace")
app.add_typer(pack.app, name="pack")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"waspglass {version('waspglass')}")
        raise typer.Exit


@app.callback()
def _root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """After a mass exploitation: was this server entered, is somebody still inside, who must be told?"""


def run() -> None:
    """Runs the program; our own errors become one line on standard error and the exit code of their class.

    A terminal that cannot show a character gets its escape, not a crash.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except KeyboardInterrupt:
        sys.stderr.write("waspglass: interrupted\n")
        sys.exit(130)
    except Exception as error:
        from waspglass.model.errors import WaspglassError
        from waspglass.model.escape import printable

        if not isinstance(error, WaspglassError):
            raise
        sys.stderr.write(f"waspglass: {printable(str(error))}\n")
        sys.exit(error.exit_code)
