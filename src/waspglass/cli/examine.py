"""`waspglass examine`: options, exit codes, and where the output goes."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from waspglass.cli.out_folder import refuse_taken
from waspglass.cli.pack import known_packs
from waspglass.cli.streams import colour_wanted, columns, say, say_json, tell
from waspglass.report.tlp import Tlp, tlp_level

if TYPE_CHECKING:
    from waspglass.model.assessment import Assessment

__all__ = ["EXIT_CODES", "examine"]

EXIT_CODES = (
    "0 clean, 10 attempted, 20 compromised, 30 occupied, 40 cannot tell; 2 wrong use, 3 evidence unusable,"
    " 4 pack or rules invalid, 5 output could not be written, 130 interrupted."
)

_Evidence = Annotated[
    Path,
    typer.Argument(
        metavar="EVIDENCE",
        help="Folder, .zip, .tar, .tar.gz, .tar.zst, one log, or a disk image (extra `images`).",
        readable=False,  # the evidence says it itself, with the exit code of evidence
    ),
]
_Pack = Annotated[
    str, typer.Option(help="Campaign pack: proxylogon, toolshell, or a folder of your own.", autocompletion=known_packs)
]
_Facts = Annotated[
    Path | None,
    typer.Option(help="JSON file with what you know: hostname, timezone, collected_at, builds, own_pages, proxies."),
]
_Since = Annotated[
    str | None, typer.Option(help="Look only at records from this time on: 2021-03-01 or 2021-03-01T12:00:00Z; UTC.")
]
_Until = Annotated[
    str | None, typer.Option(help="Look only at records up to this time; a date alone is 00:00 UTC of that day.")
]


def examine(
    words: typer.Context,
    evidence: _Evidence,
    pack: _Pack = "proxylogon",
    facts: _Facts = None,
    rules: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="More Sigma, YARA, STIX or CSV indicators: file or folder; repeatable."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for assessment.json, report.html, report.txt, bundle.stix.json, timeline.jsonl."),
    ] = None,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="What is printed.")] = "text",
    since: _Since = None,
    until: _Until = None,
    lang: Annotated[Literal["en", "de"], typer.Option(help="Language of answer and reports.")] = "en",
    tlp: Annotated[str, typer.Option(help=f"Marking of the STIX bundle (TLP 2.0): {', '.join(Tlp)}.")] = "amber",
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that scan logs at once.")] = 1,
) -> None:
    """Examine the evidence of one server: was it vulnerable, attacked, entered; is somebody still inside?"""
    from waspglass.cli.progress import progress_on
    from waspglass.examine.facts_file import read_facts, refuse_facts
    from waspglass.examine.run import Request
    from waspglass.examine.run import examine as run
    from waspglass.hunt.cache import Cache, user_cache_folder
    from waspglass.model import assessment as answers
    from waspglass.model.errors import UsageError
    from waspglass.model.facts import Facts
    from waspglass.packs.load import load_pack
    from waspglass.report.write import Format

    if words.args:
        hint = "Put a path with blanks between quotes, and examine each server by itself"
        raise UsageError(f"{words.args[0]!r} is one path too many", hint=hint)
    level = tlp_level(tlp)
    if out is not None:
        refuse_taken(out, [evidence], inside="the reports would be written into the evidence", names=Format)
    refuse_facts(evidence)
    cache = Cache(user_cache_folder())
    with progress_on(sys.stderr) as progress:
        request = Request(
            evidence=evidence,
            pack=load_pack(pack, cache),
            facts=read_facts(facts) if facts is not None else Facts(),
            rules=tuple(rules or ()),
            since=_moment("--since", since),
            until=_moment("--until", until),
            language=lang,
            created=datetime.now(UTC),
            generator=_generator(),
            workers=workers,
            cache=cache,
            progress=progress,
        )
        assessment = run(request)
    _answer(assessment, out, form, level)
    raise typer.Exit(answers.EXIT_CODES[assessment.verdict])


def _moment(option: str, text: str | None) -> datetime | None:
    from waspglass.model.document import parse_instant
    from waspglass.model.errors import UsageError

    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as fault:
        raise UsageError(f"{option} {text!r} is not a time", hint="Write 2021-03-01 or 2021-03-01T12:00:00Z") from fault


def _generator() -> str:
    from importlib.metadata import version

    return f"waspglass {version('waspglass')}"


def _answer(assessment: Assessment, out: Path | None, form: Literal["text", "json"], tlp: Tlp) -> None:
    """Writes the report files, and says the answer even if they cannot be written.

    The files come first, so that a reader of standard output who leaves early (`| head`) does not keep them from being
    written. Beside JSON on standard output their names go to standard error.
    """
    from waspglass.model.errors import OutputError

    names, fault = "", None
    if out is not None:
        try:
            names = _written(assessment, out, tlp)
        except OutputError as error:
            fault = error
    if form == "json":
        from waspglass.report.json_document import render_json

        tell(names)
        say_json(render_json(assessment))
    else:
        from waspglass.report.text import render_text

        say(render_text(assessment, colour=colour_wanted(), width=columns()) + names)
    if fault is not None:
        raise fault


def _written(assessment: Assessment, out: Path, tlp: Tlp) -> str:
    """The names of the report files, one a line."""
    from waspglass.report.visible import visible
    from waspglass.report.write import write_reports

    return "".join(f"{visible(str(path))}\n" for path in write_reports(assessment, out, tlp=tlp))
