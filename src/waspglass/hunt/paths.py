"""Joins the two names of an implant: the file's Windows path and the URL path under which it answers."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from waspglass.packs.pack import WebRoot

__all__ = ["normalised_subject", "url_of_path"]

_URL = re.compile(r"^(?:https?://[^/\s]*)?(/[^?#\s]*)", re.IGNORECASE)
_DRIVE = re.compile(r"^(?:\\\\\?\\|\\\\[^\\/]+[\\/](?=[a-z]\$))?([a-z])[:$][\\/]", re.IGNORECASE)


@lru_cache(maxsize=256)
def _root_pattern(glob: str) -> re.Pattern[str]:
    """A web root's glob (`**/inetpub/wwwroot`) as a prefix of a lower-case path with `/` and without drive."""
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\{[^}]*\})", glob.lower().strip("/"))
    source = ""
    for piece in pieces:
        if piece == "**/":
            source += "(?:.*/)?"
        elif piece == "**":
            source += ".*"
        elif piece == "?":
            source += "[^/]"
        elif piece == "*" or piece.startswith("{"):
            source += "[^/]*"
        else:
            source += re.escape(piece)
    return re.compile(f"/?{source}(?P<rest>/.*)")


def url_of_path(path: str, web_roots: tuple[WebRoot, ...]) -> str | None:
    """The URL path of a file, lower case, if it lies under a web root."""
    plain = _DRIVE.sub("/", path.strip()).replace("\\", "/").lower()
    for root in web_roots:
        found = _root_pattern(root.path).fullmatch(plain)
        if found is not None:
            return root.url.lower().rstrip("/") + found["rest"]
    return None


def normalised_subject(value: str, web_roots: tuple[WebRoot, ...]) -> str:
    """A URL path without query, or the URL path of a file path, or the lower-case file path."""
    value = value.strip().strip("\"'")
    url = _URL.match(value)
    if url is not None:
        return re.sub(r"/{2,}", "/", unquote(url[1], errors="replace")).lower()
    mapped = url_of_path(value, web_roots)
    return mapped if mapped is not None else value.replace("/", "\\").lower()
