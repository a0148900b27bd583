"""Puts reports into a folder: all of them whole, or none, and readable by their owner alone."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import StrEnum
from errno import EACCES, EDQUOT, ENOENT, ENOSPC, ENOTDIR
from functools import partial
from pathlib import Path

from waspglass.model.assessment import Assessment
from waspglass.model.errors import Location, OutputError
from waspglass.model.path_status import is_file, status_of
from waspglass.report.tlp import Tlp

__all__ = ["Format", "check_reports", "is_ours", "write_files", "write_reports"]

_PEEK = 4096
_TEXT_WIDTH = 110
_OURS = re.compile(
    rb"\A(?:"
    rb'<!doctype html.*<meta name="generator" content="waspglass'
    rb'|\{.*"(?:schema|schema_name)": "waspglass/'
    rb'|\{.*"type": "bundle".*"name": "waspglass"'
    rb'|\{.*"data_type": "waspglass:'
    rb"|<svg.*<!-- waspglass -->"
    rb"|\x89PNG.*tEXtSoftware\0waspglass"
    rb"|.*\xc2\xb7(?:(?!\n\n).)+\s\xc2\xb7\s+\w+\s+\d{4}-\d\d-\d\d\s+\d\d:\d\d\s+UTC(?:\s+\xc2\xb7(?:(?!\n\n).)+)?\n\Z"
    rb"|.*\nwaspglass trace[^\n]*\n\Z"
    rb")",
    re.DOTALL | re.IGNORECASE,
)
"""What tells our reports, by format, in the beginning and end of a file. That it speaks of waspglass is not enough: a
script that calls it does, too. Of a text it is the last paragraph, which may be wrapped and need not name waspglass:
who calls the library says what made the report."""


class Format(StrEnum):
    """The reports that can be written; the value is the file's name."""

    HTML = "report.html"
    TEXT = "report.txt"
    STIX = "bundle.stix.json"
    TIMELINE = "timeline.jsonl"
    JSON = "assessment.json"


def write_reports(
    assessment: Assessment,
    out: Path,
    formats: Iterable[Format] = tuple(Format),
    *,
    tlp: Tlp = Tlp.AMBER,
) -> tuple[Path, ...]:
    """Writes the reports into `out`, which is made if need be, and returns their paths in the order of `Format`.

    Every report is rendered and written to a temporary file in `out` before the first one is moved to its name, so that
    an interruption leaves what was there before. `assessment.json` is moved last: where it is new, all are new.

    Args:
        assessment: What to report.
        out: The folder. A report of an earlier run is replaced; a file that waspglass did not write is not.
        formats: Which reports.
        tlp: Traffic Light Protocol 2.0 level of the STIX bundle.

    Raises:
        OutputError: If the folder cannot be written, or a name is taken by a link, a folder or a foreign file.
    """
    chosen = set(formats)
    texts = ((form.value, partial(_renderer(form, tlp), assessment)) for form in Format if form in chosen)
    return write_files(out, dict(texts), ours=is_ours)


def check_reports(out: Path, names: Iterable[str]) -> None:
    """Looks whether reports of these names could be written into `out`, and changes nothing.

    Raises:
        OutputError: If the folder cannot be made or written, or a name is taken by a link, a folder or a foreign file.
    """
    try:
        there = _nearest(out)
        if not there.is_dir():
            raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR))
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(EACCES, os.strerror(EACCES))
    except OSError as error:
        raise _refused(out, error) from error
    for name in names:
        _check_target(out / name, is_ours)


def _nearest(out: Path) -> Path:
    """The folder, or the first above it that is there. Of a Windows drive that is missing not even the root is."""
    for folder in (out, *out.absolute().parents):
        if status_of(folder) is not None:
            return folder
    raise FileNotFoundError(ENOENT, os.strerror(ENOENT))


def write_files(
    out: Path, contents: Mapping[str, Callable[[], str | bytes]], *, ours: Callable[[Path], bool]
) -> tuple[Path, ...]:
    """Writes files into the folder `out`, which is made if need be, and returns their paths in the given order.

    Every content is made and written to a temporary file before the first one is moved to its name, so that an
    interruption leaves what was there before. They hold excerpts of evidence, or say who can be broken into, so only
    their owner may read them.

    Args:
        out: The folder.
        contents: File name -> what makes the content.
        ours: Tells whether a file that has one of the names may be replaced; links and folders never are.

    Raises:
        OutputError: If the folder cannot be written, or a name is taken by a link, a folder or a foreign file.
    """
    waiting: list[tuple[Path, Path]] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in contents:
            _check_target(out / name, ours)
        for name, made in contents.items():
            content = made()
            waiting.append((out / f".waspglass-{secrets.token_hex(8)}.part", out / name))
            _write_aside(waiting[-1][0], content)
        for _, target in waiting:
            with suppress(FileNotFoundError, FileExistsError):
                target.rename(target)  # changes nothing; Windows refuses it for a file that a program has open
        for temporary, target in waiting:
            temporary.replace(target)
    except OSError as error:
        raise _refused(out, error) from error
    finally:
        for temporary, _ in waiting:
            temporary.unlink(missing_ok=True)
    return tuple(target for _, target in waiting)


def _renderer(form: Format, tlp: Tlp) -> Callable[[Assessment], str]:
    """The function that makes a format; its module is loaded only when the format is asked for."""
    if form is Format.HTML:
        from waspglass.report.html import render_html

        return render_html
    if form is Format.TEXT:
        from waspglass.report.text import render_text

        return partial(render_text, colour=False, width=_TEXT_WIDTH)
    if form is Format.STIX:
        from waspglass.report.stix import render_stix

        return partial(render_stix, tlp=tlp)
    if form is Format.TIMELINE:
        from waspglass.report.timeline import render_timeline

        return render_timeline
    from waspglass.report.json_document import render_json

    return render_json


def _check_target(target: Path, ours: Callable[[Path], bool]) -> None:
    """Refuses to replace anything but a regular file that is ours."""
    try:
        if target.is_symlink():
            fault, hint = "the report's name is taken by a link", "Remove it or choose another --out"
        elif status_of(target) is None or (is_file(target) and ours(target)):
            return
        elif is_file(target):
            fault = "a file of this name is there and was not written by waspglass"
            hint = "Move it away or choose another --out"
        else:
            fault, hint = "the report's name is taken by a folder or device", "Choose another --out"
    except OSError as error:
        raise _refused(target, error) from error
    raise OutputError(fault, location=Location(str(target)), hint=hint)


def is_ours(target: Path) -> bool:
    """Whether waspglass wrote a file, so that it may be replaced; an empty file holds nothing to lose."""
    size = target.stat().st_size
    with target.open("rb") as file:
        head = file.read(_PEEK)
        file.seek(max(len(head), size - _PEEK))
        return size == 0 or _OURS.match(head + file.read(_PEEK)) is not None


def _write_aside(temporary: Path, content: str | bytes) -> None:
    """Writes a new file that only its owner can read, down to the disk. Whoever names it removes it."""
    private = partial(os.open, mode=0o600)
    with open(temporary, "xb", opener=private) as file:  # pathlib's has no opener
        file.write(content.encode("utf-8", errors="backslashreplace") if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())


def _refused(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    hint = "Choose a folder that you can write to with --out"
    if error.errno in (ENOSPC, EDQUOT):
        hint = "Make room, or choose another --out"
    elif error.filename2 is not None:  # Windows replaces no file that a program has open
        path, hint = Path(error.filename2), "Close it if a program has it open, or choose another --out"
    return OutputError(f"the reports cannot be written: {reason}", location=Location(str(path)), hint=hint)
