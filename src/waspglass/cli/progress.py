"""A bar with bytes and findings so far, on a terminal that can move its cursor only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from waspglass.hunt.outcome.result import OnProgress, Progress

__all__ = ["progress_on"]


@contextmanager
def progress_on(stream: TextIO) -> Iterator[OnProgress | None]:
    """Gives a function that shows progress on `stream`, or None where nobody would see it."""
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, FileSizeColumn, TextColumn, TimeElapsedColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.fields[stage]}"),
        BarColumn(bar_width=20),
        FileSizeColumn(),  # how many bytes there will be is not known before all were found
        TransferSpeedColumn(),
        TextColumn("{task.fields[findings]} findings"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(file=stream), transient=True, refresh_per_second=5) as bar:
        task = bar.add_task("", total=None, stage="listing", findings=0)
        yield _shower(lambda **values: bar.update(task, **values))


def _shower(update: Callable[..., None]) -> OnProgress:
    def show(progress: Progress) -> None:
        update(completed=progress.bytes, stage=progress.stage, findings=progress.findings)

    return show
