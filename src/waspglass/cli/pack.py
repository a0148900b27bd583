"""`waspglass pack`: work on campaign packs."""

from __future__ import annotations

from typing import Annotated

import typer

from waspglass.cli.epilog import epilog
from waspglass.cli.streams import say

__all__ = ["app", "known_packs"]


def known_packs() -> list[str]:
    """Names of the packs that come along, for the completion of shells."""
    from waspglass.packs.load import built_in_packs

    return list(built_in_packs())


app = typer.Typer(help="Check campaign packs.", no_args_is_help=True)


@app.callback()
def _pack() -> None:
    """Check campaign packs."""


@app.command(epilog=epilog("0 no error, 4 errors.", "pack check ./my-campaign"))
def check(
    directory: Annotated[
        str,
        typer.Argument(
            metavar="PACK", help="Folder of the pack, or the name of a built-in one.", autocompletion=known_packs
        ),
    ],
) -> None:
    """Validate a pack: schema, sources, translations, and that each rule fires on its samples and only on them.

    Prints one issue a line as `file:line: severity: message`.
    """
    from waspglass.evidence.format import FORMATS
    from waspglass.examine.samples import rules_that_fire, unused_rules
    from waspglass.packs.check import check_pack
    from waspglass.packs.issue import Severity
    from waspglass.packs.load import pack_folder
    from waspglass.report.numbers import counted
    from waspglass.report.visible import visible

    folder = pack_folder(directory)  # as typed: `./toolshell` is a folder, `toolshell` the built-in pack
    issues = check_pack(folder, fires=rules_that_fire, unused=unused_rules, formats=frozenset(FORMATS))
    errors = sum(issue.severity is Severity.ERROR for issue in issues)
    told = "".join(f"{visible(str(issue))}\n" for issue in issues)
    say(f"{told}{counted(len(issues), 'issue')}, {counted(errors, 'error')}\n")
    raise typer.Exit(4 if errors else 0)
