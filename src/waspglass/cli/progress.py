"""A bar with bytes and findings so far, on a terminal that can move its cursor only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from waspglass.hunt.outcome.result import OnProgress, Progress

__all__ = ["progress_on"]

_ROOM_FOR_ALL = 60
"""Narrower terminals get neither bar nor speed, so that the rest stays on one line."""


@contextmanager
def progress_on(stream: TextIO) -> Iterator[OnProgress | None]:
    """Gives a function that shows progress on `stream`, or None where nobody would see it."""
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, FileSizeColumn, TextColumn, TimeElapsedColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    console = Console(file=stream)
    stage, findings = TextColumn("{task.fields[stage]}"), TextColumn("{task.fields[findings]} findings")
    size = FileSizeColumn(Column(no_wrap=True))  # how many bytes there will be is not known before all were found
    elapsed = TimeElapsedColumn(Column(no_wrap=True))
    all_of_them = (stage, BarColumn(bar_width=20), size, TransferSpeedColumn(Column(no_wrap=True)), findings, elapsed)
    shown = all_of_them if console.width >= _ROOM_FOR_ALL else (stage, size, findings, elapsed)
    with Bar(*shown, console=console, transient=True, refresh_per_second=5) as bar:
        task = bar.add_task("", total=None, stage="listing", findings=0)
        yield _shower(lambda **values: bar.update(task, **values))


def _shower(update: Callable[..., None]) -> OnProgress:
    def show(progress: Progress) -> None:
        update(completed=progress.bytes, stage=progress.stage, findings=progress.findings)

    return show
