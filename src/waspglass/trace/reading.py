"""Reads many sources into programs, on any executor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from waspglass.trace.executor import Executor
from waspglass.trace.files import in_batches
from waspglass.trace.parts import program_with_parts
from waspglass.trace.program import Program, Source, program_of

__all__ = ["read_programs"]

FILES, BYTES = 64, 1 << 20
"""So many sources, or fewer that have so many bytes together, are worth handing over."""


def _read(parts: bool, sources: Sequence[Source]) -> list[Program]:
    return [program_with_parts(source) if parts else program_of(source) for source in sources]


def read_programs(sources: Iterable[Source], executor: Executor, *, parts: bool = False) -> list[Program]:
    """`program_of` each source, in their order, or `program_with_parts`; sources are taken a few groups ahead only."""
    batches = in_batches(sources, FILES, BYTES)
    return [program for programs in executor.run(_read, parts, batches) for program in programs]
