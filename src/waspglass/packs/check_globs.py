"""Checks of the globs of a pack: those that cannot be read, and those that no path of an evidence can ever fit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from waspglass.packs.issue import PackIssue, Severity
from waspglass.packs.located import field_line, read_text
from waspglass.packs.pack import Pack

__all__ = ["glob_fault", "glob_issues"]

_BRACES = re.compile(r"\{([^{},/]*)\}|\{[^{}]*,[^{}]*\}")
_NAME = re.compile(r"[A-Za-z_]\w*")
_SERVED = re.compile(r"(?:/[^/?#:]+)*/?")


def glob_issues(pack: Pack) -> Iterator[PackIssue]:
    """Faults of the globs of kinds, and of web roots: no request would be joined with a page under such a URL."""
    text = read_text(Path(pack.root) / "artefacts.yml", "artefacts.yml")
    globs: list[tuple[tuple[str | int, ...], str]] = [
        (("kinds", index, "paths", at), glob)
        for index, kind in enumerate(pack.kinds)
        for at, glob in enumerate(kind.paths)
    ]
    globs += [(("web_roots", index, "path"), root.path) for index, root in enumerate(pack.web_roots)]
    for place, glob in globs:
        if fault := glob_fault(glob):
            message = f"the glob {glob!r} {fault}"
            yield PackIssue("artefacts.yml", field_line(text, place), Severity.ERROR, "glob", message)
    for index, root in enumerate(pack.web_roots):
        if not _SERVED.fullmatch(root.url):
            message = f'the url {root.url!r} is none: write /folder/below, or "" for the root of a site'
            line = field_line(text, ("web_roots", index, "url"))
            yield PackIssue("artefacts.yml", line, Severity.ERROR, "glob", message)


def glob_fault(glob: str) -> str | None:
    """What is wrong with a glob; None if a path could fit it."""
    plain = glob.replace("\\", "/")
    names = [found[1] for found in _BRACES.finditer(plain) if found[1] is not None]
    if not plain.strip("/ "):
        return "is empty"
    if "{" in _BRACES.sub("", plain) or "}" in _BRACES.sub("", plain):
        return "has a brace that means nothing; write {name} or {this,that}"
    if strange := next((name for name in names if not _NAME.fullmatch(name)), None):
        return f"has the name {strange!r}, which is none"
    if twice := next((name for name, count in Counter(names).items() if count > 1), None):
        return f"has the name {twice!r} twice"
    if ".." in plain.split("/"):
        return "leads out with `..`; no path of an evidence has that"
    if re.match(r"[A-Za-z]:|//", plain):
        return "begins with a drive or a server; write **/ and the folders below it"
    return None
