"""The answer for each sample, where several were given: what a reader with twelve of them asks first."""

from __future__ import annotations

from waspglass.trace.result import Comparison, TraceResult

__all__ = ["each_sample", "file_of"]

_LAYER = " > "
"""Stands between a file and what was taken out of it, as in `found.ps1 > base64`."""


def file_of(name: str) -> str:
    """The file that holds what was unpacked; its own name if it is a file."""
    return name.split(_LAYER, 1)[0]


def each_sample(result: TraceResult) -> tuple[tuple[int, Comparison], ...]:
    """The weightiest comparison of each sample file with its place in the result; empty if there is one sample.

    What was unpacked from a file speaks for the file.
    """
    first: dict[str, tuple[int, Comparison]] = {}
    for place, one in enumerate(result.comparisons):
        first.setdefault(file_of(one.sample), (place, one))
    return tuple(first.values()) if len(first) > 1 else ()
