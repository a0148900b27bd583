"""Which web roots were collected, so that a page that is not among their files is known to be absent."""

from __future__ import annotations

from collections.abc import Iterable

from waspglass.evidence.artefact import Artefact
from waspglass.hunt.paths import url_of_path
from waspglass.packs.pack import Pack, WebRoot

__all__ = ["collected_roots", "root_of"]


def root_of(subject: str, web_roots: Iterable[WebRoot]) -> str | None:
    """URL of the web root that serves a URL path: the longest that is a prefix of it by whole segments."""
    if not subject.startswith("/"):
        return None
    urls = sorted({root.url.lower().rstrip("/") for root in web_roots}, key=len, reverse=True)
    return next((url for url in urls if subject == url or subject.startswith(url + "/")), None)


def collected_roots(artefacts: Iterable[Artefact], pack: Pack) -> tuple[str, ...]:
    """URLs of the web roots of which at least one page was collected, sorted."""
    urls = (url_of_path(a.file.path, pack.web_roots) for a in artefacts if a.format == "web_file")
    found = {root_of(url, pack.web_roots) for url in urls if url is not None}
    return tuple(sorted(root for root in found if root is not None))
