"""`waspglass trace`: is this sample derived from what we shared?

`trace` is a group whose default command is the trace itself: the words `matrix` and `index` are sub-commands, all else
is a sample. A file of one of these names is given as `./matrix`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from typer.core import TyperGroup

from waspglass.cli.epilog import epilog
from waspglass.cli.out_folder import refuse_taken
from waspglass.cli.streams import columns, say, say_json, tell

if TYPE_CHECKING:
    from waspglass.model.errors import UsageError
    from waspglass.model.skip import Skipped
    from waspglass.trace.executor import Executor

__all__ = ["app"]

DEFAULT_COMMAND = "run"


class DefaultsToRun(TyperGroup):
    """Hands arguments that name no sub-command to the default command."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # typer keeps click under a private name
        """Puts the default command in front unless a sub-command or only a wish for help is there."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [DEFAULT_COMMAND, *args]
        return super().parse_args(ctx, args)


_EXAMPLE = "trace found.ps1 --against shared/ --background others/ --out report"
_OTHER_CODES = "2 wrong use or nothing can be read, 5 output could not be written, 130 interrupted."

_CODES = f"0 done, {_OTHER_CODES}"

app = typer.Typer(
    cls=DefaultsToRun,
    help="Is this sample derived from what we shared? SAMPLE... --against SHARED..., or a sub-command.",
    epilog=f"{epilog(example=_EXAMPLE)}\n\nIts options and exit codes: waspglass trace run --help",
    subcommand_metavar="SAMPLE... --against SHARED... | COMMAND",
    no_args_is_help=True,
)


def _unread(what: str, skipped: Sequence[Skipped]) -> UsageError:
    """That nothing is left to compare, and why: the first three skips in words."""
    from waspglass.model.errors import UsageError

    why = [f"{s.source}: {s.reason.value}{f' ({s.detail})' if s.detail else ''}" for s in skipped[:3]]
    return UsageError(f"{what} can be read", hint="; ".join(why) or "Nothing is in it")


Jobs = Annotated[int | None, typer.Option(help="Processes; default one for each processor.", show_default=False)]
Cluster = Annotated[
    str | None,
    typer.Option(
        help="Work on a Ray cluster: local, auto, HOST:6379 or ray://HOST:10001 (needs the extra cluster).",
        metavar="ADDRESS",
        show_default=False,
    ),
]


@contextmanager
def _executor(jobs: int | None, cluster: str | None) -> Iterator[Executor]:
    from waspglass.model.errors import UsageError
    from waspglass.trace.executor import local_executor

    if cluster is None:
        yield local_executor(jobs)
        return
    if jobs is not None:
        raise UsageError("--jobs and --cluster exclude each other", hint="Give one of them")
    from waspglass.trace.cluster import RayCluster

    with RayCluster(cluster) as ray:
        yield ray


@app.command("matrix", epilog=epilog(_CODES, "trace matrix programs/ --scores scores.csv"))
def matrix(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Folder or archive whose files are compared.")
    ] = None,
    pairs: Annotated[Path | None, typer.Option(help="CSV path_a,path_b[,lang]: score only these pairs.")] = None,
    scores: Annotated[Path | None, typer.Option(help="Write path_a,path_b,score,llr,verdict as CSV.")] = None,
    least: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Least score of pairs written; default 0, and 0.1 above 2 million pairs."),
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="Pairs shown.")] = 20,
    jobs: Jobs = None,
    cluster: Cluster = None,
) -> None:
    """Compare all files of a folder with one another, or the pairs of a list."""
    import numpy as np

    from waspglass.model.errors import UsageError
    from waspglass.report.trace_text import matrix_text
    from waspglass.report.visible import visible
    from waspglass.trace.calibration import load_calibration
    from waspglass.trace.collection import Collection
    from waspglass.trace.commons import load_commons
    from waspglass.trace.load import load
    from waspglass.trace.matrix import BestPairs, all_pairs, least_score, listed_pairs
    from waspglass.trace.pairs_file import read_pairs, write_scores
    from waspglass.trace.parts import ALL_WITH_PARTS
    from waspglass.trace.reading import read_programs

    calibration, commons = load_calibration(), load_commons(licences=False)
    skipped: tuple[Skipped, ...] = ()
    with _executor(jobs, cluster) as executor:
        if pairs is not None:
            if least is not None:
                raise UsageError("--least is for folders", hint="All pairs that --pairs lists are written")
            listed = read_pairs(pairs, folder, executor)
            if listed.unknown:
                some = ", ".join(listed.unknown[:5]) + ", ..." * (len(listed.unknown) > 5)
                tell(f"waspglass: {visible(f'{pairs}: lang is no language that is known, and passed over: {some}')}\n")
            collection = Collection(listed.programs, commons)
            first, second = (np.array(side, dtype=np.int64) for side in (listed.first, listed.second))
            tables = iter([listed_pairs(collection, first, second, calibration)])
        elif folder is not None:
            loaded = load([folder])
            skipped = loaded.skipped
            if not loaded.sources:
                raise _unread("no file", skipped)
            parts = len(loaded.sources) <= ALL_WITH_PARTS
            collection = Collection(read_programs(loaded.sources, executor, parts=parts), commons)
            del loaded
            floor = least_score(len(collection)) if least is None else least
            tables = all_pairs(collection, calibration, floor, executor)
        else:
            raise UsageError("nothing to compare", hint="Give a folder, or a list with --pairs")
        best = BestPairs(top)
        watched = best.watch(tables)
        names = [program.name for program in collection.programs]
        written = write_scores(scores, names, watched) if scores is not None else sum(len(table) for table in watched)
    say(f"{matrix_text(collection.programs, best.table(), written, skipped)}\n")


Paths = Annotated[
    list[Path], typer.Argument(metavar="SAMPLE", help="Files, folders or archives that were found.", show_default=False)
]


@app.command(
    DEFAULT_COMMAND,
    hidden=True,
    epilog=epilog(f"0 independent, 30 derived, 40 cannot tell; {_OTHER_CODES}", _EXAMPLE),
)
def run(
    samples: Paths,
    against: Annotated[
        list[Path] | None, typer.Option("--against", help="What was shared: file, folder, archive; repeatable.")
    ] = None,
    background: Annotated[
        list[Path] | None, typer.Option(help="Independent programs for the same task; the match is measured on them.")
    ] = None,
    base: Annotated[list[Path] | None, typer.Option(help="Code given to everybody; it does not count.")] = None,
    index: Annotated[Path | None, typer.Option(help="Index of shared files; only candidates are compared.")] = None,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="What is printed.")] = "text",
    out: Annotated[Path | None, typer.Option(help="Folder for trace.html, trace.json and trace.txt.")] = None,
    language: Annotated[Literal["en", "de"], typer.Option("--lang", help="Language of the reports.")] = "en",
) -> None:
    """Is this sample derived from what we shared? The word `run` may be left out."""
    from waspglass.model.errors import UsageError
    from waspglass.report.trace_write import REPORTS, rendered, write_trace
    from waspglass.report.visible import visible
    from waspglass.trace.calibration import load_calibration
    from waspglass.trace.commons import load_commons
    from waspglass.trace.lineage_measured import load_lineage_measured
    from waspglass.trace.load import load, load_candidates
    from waspglass.trace.trace import trace
    from waspglass.trace.verdict import Verdict

    if not against and index is None:
        raise UsageError("nothing to compare with", hint="Name what was shared with --against, or an --index")
    if out is not None:
        inside = "the reports would be written into a folder that is read; they hold its texts"
        refuse_taken(
            out, [*samples, *(against or []), *(background or []), *(base or [])], inside=inside, names=REPORTS
        )
    found = load(samples)
    shared = load(against or [])
    if index is not None:
        shared = shared.joined(load_candidates(index, found.sources))
    others, given = load(background or []), load(base or [])
    if not found.sources:
        raise _unread("no sample", found.skipped)
    if not shared.sources and index is None:
        raise _unread("nothing that was shared", shared.skipped)
    result = trace(
        found.sources, shared.sources, others.sources, given.sources,
        calibration=load_calibration(), commons=load_commons(), lineage=load_lineage_measured(),
        skipped=[*found.skipped, *shared.skipped], skipped_besides=[*others.skipped, *given.skipped],
        shared_besides=shared.besides,
    )  # fmt: skip
    (say_json if form == "json" else say)(f"{rendered(result, form, language, columns())}\n")
    for path in write_trace(result, out, language) if out is not None else ():
        (tell if form == "json" else say)(f"{visible(str(path))}\n")
    codes = {Verdict.INDEPENDENT: 0, Verdict.DERIVED: 30, Verdict.CANNOT_TELL: 40}
    raise typer.Exit(codes[result.verdict])


@app.command("index", epilog=epilog(_CODES, "trace index shared/ --out shared-index"))
def index_folder(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder or archive to index.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder for the index.", show_default=False)],
    jobs: Jobs = None,
    cluster: Cluster = None,
) -> None:
    """Index many files, so that one sample can be traced against them without comparing all."""
    from waspglass.report.trace_text import index_text
    from waspglass.trace.files import file_names
    from waspglass.trace.index import build_index, index_files
    from waspglass.trace.load import load

    skipped: list[Skipped] = []
    if folder.is_dir():
        with _executor(jobs, cluster) as executor:
            built = index_files(file_names(folder, skipped, without=out), out, executor)
    else:
        loaded = load([folder])
        skipped += loaded.skipped
        built = build_index(loaded.sources, out)
    skipped += built.skipped
    if not built.files:
        raise _unread("no file", skipped)
    say(f"{index_text(built.files, str(out), skipped)}\n")
