"""Joins the two names of an implant: the file's Windows path and the URL path under which it answers."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from waspglass.evidence.globs import compile_globs
from waspglass.packs.pack import WebRoot

__all__ = ["normalised_subject", "url_of_path"]

_URL = re.compile(r"^(?:https?://[^/\s]*)?(/[^?#\s]*)", re.IGNORECASE)
_SESSION = re.compile(r"/\((?:[a-z]\([^/()]*\))+\)(?=/)", re.IGNORECASE)
"""A session without cookies, `/(S(x))`, which ASP.NET takes out of the address."""
_DRIVE = re.compile(r"^(?:\\\\\?\\|\\\\[^\\/]+[\\/](?=[a-z]\$))?([a-z])[:$][\\/]", re.IGNORECASE)


@lru_cache(maxsize=256)
def _root_patterns(glob: str) -> tuple[re.Pattern[str], ...]:
    """A web root's glob (`**/inetpub/wwwroot`) as the beginning of a lower-case path with `/` and without drive."""
    globs = compile_globs(glob.replace("\\", "/").rstrip("/"))
    return tuple(re.compile(f"/?{one.expression}(/.*)", re.DOTALL) for one in globs)


def url_of_path(path: str, web_roots: tuple[WebRoot, ...]) -> str | None:
    """The URL path of a file, lower case, if it lies under a web root."""
    plain = _DRIVE.sub("/", path.strip()).replace("\\", "/").lower()
    for root in web_roots:
        for pattern in _root_patterns(root.path):
            if (found := pattern.fullmatch(plain)) is not None:
                return root.url.lower().rstrip("/") + found[found.re.groups]
    return None


def normalised_subject(value: str, web_roots: tuple[WebRoot, ...]) -> str:
    """A URL path without query, or the URL path of a file path, or the lower-case file path."""
    value = value.strip().strip("\"'")
    url = _URL.match(value)
    if url is not None:
        plain = _SESSION.sub("", unquote(url[1], errors="replace"))
        return re.sub(r"/{2,}", "/", plain).lower()
    mapped = url_of_path(value, web_roots)
    return mapped if mapped is not None else value.replace("/", "\\").lower()
