"""`waspglass census`: adds scan exports to a store and answers from it."""

from __future__ import annotations

import typer

from waspglass.cli.census_counts import diff, show
from waspglass.cli.census_reports import owners, report
from waspglass.cli.census_store import add, list_exports, remove
from waspglass.cli.epilog import epilog

__all__ = ["app"]

_CODES = (
    "0 done, 2 wrong use, 3 an export was refused or the store has no answer, 4 pack invalid,"
    " 5 output could not be written, 130 interrupted."
)

app = typer.Typer(
    help="From scan exports to who is exposed, vulnerable, patched, day by day, and who must be told.",
    epilog=epilog(_CODES),
    no_args_is_help=True,
)
for _name, _verb, _example in (
    ("add", add, "scans/*.json.gz 2021-03-09-scan_exchange-cert.csv --store march"),
    ("list", list_exports, "--store march"),
    ("remove", remove, "shodan-2021-03-09.json.gz --store march"),
    ("show", show, "--store march --date 2021-03-14 --by country --limit 10"),
    ("diff", diff, "2021-03-09 2021-03-22 --source shodan --store march"),
    ("owners", owners, "--contacts us.csv --sender CERT --reply-to cert@cert.example --out messages"),
    ("report", report, "--store march --country DE --lang de --out march.html"),
):
    app.command(_name, epilog=epilog(_CODES, f"census {_name} {_example}"))(_verb)
