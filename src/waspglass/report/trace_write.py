"""Writes a trace result as text, JSON and HTML."""

from __future__ import annotations

from pathlib import Path

from waspglass.model.errors import Location, OutputError
from waspglass.report.trace_html import trace_html
from waspglass.report.trace_text import trace_text
from waspglass.trace.result import TraceResult

__all__ = ["rendered", "write_trace"]


def rendered(result: TraceResult, form: str, language: str) -> str:
    """The result for standard output: `text` or `json`."""
    return result.model_dump_json(indent=1) if form == "json" else trace_text(result, language)


def write_trace(result: TraceResult, out: Path, language: str) -> tuple[Path, ...]:
    """Writes `trace.json`, `trace.txt` and `trace.html` into a folder, which is made if need be.

    Raises:
        OutputError: If the folder cannot be written.
    """
    contents = {
        "trace.json": result.model_dump_json(indent=1) + "\n",
        "trace.txt": trace_text(result, language) + "\n",
        "trace.html": trace_html(result, language),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (out / name).write_text(content, encoding="utf-8", errors="backslashreplace")
    except OSError as fault:
        raise OutputError(f"cannot write the reports ({fault.strerror})", location=Location(str(out))) from fault
    return tuple(out / name for name in contents)
