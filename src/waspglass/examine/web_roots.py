"""Which folders of web roots were collected, so that a page that is not among their files is known to be absent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from waspglass.evidence.artefact import Artefact
from waspglass.hunt.rules.paths import normalised_subject, url_of_path
from waspglass.packs.pack import Pack, WebRoot

__all__ = ["collected_folders", "collected_pages", "folder_of", "renamed"]

_SETTINGS = ".config"
_SECOND_ENDING = re.compile(r"\.(?:aspx|ashx|asmx|ascx|asp)\.(?!(?:cs|vb)$)[^./\\]+$", re.IGNORECASE)
"""Of a page; what ends in `.aspx.cs` is its code."""


def folder_of(subject: str) -> str | None:
    """URL of the folder in which a page lies: `/client` of `/client/page.aspx`; None if the subject is no URL path."""
    return subject.rpartition("/")[0] if subject.startswith("/") else None


def renamed(path: str) -> bool:
    """True for a page with a second ending (`page.aspx.bad`): no handler runs it, unless somebody made one."""
    return _SECOND_ENDING.search(path) is not None


def collected_folders(artefacts: Iterable[Artefact], pack: Pack) -> tuple[str, ...]:
    """URLs of the folders of which at least one file was collected, in them or below, up to their web root; sorted.

    One page that somebody copied says nothing of the folders beside it, nor do settings: collectors take those alone.
    """
    found: set[str] = set()
    for artefact in _in_place(artefacts, pack):
        if artefact.file.path.lower().endswith(_SETTINGS):
            continue
        url = url_of_path(artefact.file.path, pack.web_roots)
        root = None if url is None else _root_of(url, pack.web_roots)
        if url is None or root is None:
            continue
        folder = url
        while len(folder) > len(root):
            folder = folder.rpartition("/")[0]
            found.add(folder)
    return tuple(sorted(found))


def collected_pages(artefacts: Iterable[Artefact], pack: Pack) -> frozenset[str]:
    """The web files that were collected, under the names that subjects of findings have."""
    return frozenset(normalised_subject(one.file.path, pack.web_roots) for one in _in_place(artefacts, pack))


def _in_place(artefacts: Iterable[Artefact], pack: Pack) -> Iterator[Artefact]:
    """The web files that show what is there, renamed ones among them, without copies that somebody keeps elsewhere."""
    kinds = {kind.kind: kind.snapshot for kind in pack.kinds if kind.format == "web_file"}
    return (one for one in artefacts if one.kind in kinds and (kinds[one.kind] or renamed(one.file.path)))


def _root_of(url: str, web_roots: Iterable[WebRoot]) -> str | None:
    """URL of the web root that serves a URL path: the longest that is a prefix of it by whole segments."""
    urls = sorted({root.url.lower().rstrip("/") for root in web_roots}, key=len, reverse=True)
    return next((root for root in urls if url == root or url.startswith(root + "/")), None)
