r"""Logs of several sites of one web server: what one does not find may well be there at another.

A web server writes the logs of each site into a folder of its own, and numbers these folders (`W3SVC1`, `W3SVC2`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from waspglass.model.finding import Finding

__all__ = ["of_another_site"]

_NUMBER = re.compile(r"\d+")


def of_another_site(end: Finding, signs: Iterable[Finding]) -> bool:
    """True if a page was seen alive at other sites only, so that its end at this one says nothing.

    Anybody can have a page asked for where it never was: by the number of another port. Folders that differ in more
    than a number may hold logs of the same site, such as an archive.
    """
    folders = {_folder(sign) for sign in signs}
    site = _folder(end)
    return site not in folders and any(_siblings(site, other) for other in folders)


def _folder(finding: Finding) -> str:
    return finding.source.rpartition("\\")[0].lower()


def _siblings(one: str, other: str) -> bool:
    above, _, name = one.rpartition("\\")
    beside, _, second = other.rpartition("\\")
    return above == beside and _NUMBER.sub("", name) == _NUMBER.sub("", second)
