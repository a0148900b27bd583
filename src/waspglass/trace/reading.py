"""Reads many sources into programs, on any executor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from waspglass.trace.executor import Executor
from waspglass.trace.parts import program_with_parts
from waspglass.trace.program import Program, Source, program_of

__all__ = ["read_programs"]

FILES = 64
BYTES = 1 << 20


def _groups(sources: Iterable[Source]) -> Iterator[tuple[Source, ...]]:
    """Runs of sources that are worth handing over: `FILES` of them, or fewer that have `BYTES` together."""
    group: list[Source] = []
    size = 0
    for source in sources:
        group.append(source)
        size += len(source.raw)
        if len(group) >= FILES or size >= BYTES:
            yield tuple(group)
            group, size = [], 0
    if group:
        yield tuple(group)


def _read(parts: bool, sources: Sequence[Source]) -> list[Program]:
    return [program_with_parts(source) if parts else program_of(source) for source in sources]


def read_programs(sources: Iterable[Source], executor: Executor, *, parts: bool = False) -> list[Program]:
    """`program_of` each source, in their order, or `program_with_parts`; sources are taken a few groups ahead only."""
    return [program for programs in executor.run(_read, parts, _groups(sources)) for program in programs]
