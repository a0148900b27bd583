"""Writes a trace result as text, JSON and HTML."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from waspglass.report.json_document import harmless_json
from waspglass.report.trace_html import trace_html
from waspglass.report.trace_text import trace_text
from waspglass.report.write import is_ours, write_files
from waspglass.trace.result import TraceResult

__all__ = ["REPORTS", "rendered", "write_trace"]

REPORTS = ("trace.html", "trace.txt", "trace.json")
"""Names of the files that `write_trace` writes."""


def rendered(result: TraceResult, form: str, language: str, width: int) -> str:
    """The result for standard output: `json`, or `text` in lines of `width` characters."""
    return _json(result) if form == "json" else trace_text(result, language, width)


def write_trace(result: TraceResult, out: Path, language: str) -> tuple[Path, ...]:
    """Writes `trace.html`, `trace.txt` and `trace.json` into a folder: all of them or none, for their owner alone.

    Raises:
        OutputError: If the folder cannot be written, or a name is taken by a link, a folder or a foreign file.
    """
    contents = (
        lambda: trace_html(result, language),
        lambda: f"{trace_text(result, language)}\n\nwaspglass trace {version('waspglass')}\n",
        lambda: f"{_json(result)}\n",
    )
    return write_files(out, dict(zip(REPORTS, contents, strict=True)), ours=is_ours)


def _json(result: TraceResult) -> str:
    return harmless_json(result.model_dump_json(indent=1))
