r"""Logs of several sites of one web server: what one does not find may well be there at another.

A web server writes the logs of each site into a folder of its own, and numbers these folders (`W3SVC1`, `W3SVC2`).
Microsoft's ExchangeLogCollector calls its copies of them `IIS_W3SVC1_Logs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from waspglass.model.finding import Finding

__all__ = ["CENTRAL", "of_another_site", "site_number", "site_of"]

_SITE = re.compile(r"w3svc\d+|iis_w3svc\d+_logs(?:\.zip)?")
_ARCHIVED = re.compile(r"(?<![^\\])((?:iis_)?w3svc\d*(?:_logs)?)\\[^\\]+\.(?:zip|tgz|tar(?:\.\w+)?)$")
_NUMBERED = re.compile(r"(?:^|\\)(?:iis_)?w3svc(?:(\d+)|(?=[\\.]|$))", re.IGNORECASE)
CENTRAL = "W3SVC"
"""The folder of a server that writes the requests to all of its sites into one log."""


def of_another_site(end: Finding, signs: Iterable[Finding]) -> bool:
    """True if a page was seen alive at other sites only, so that its end at this one says nothing.

    Anybody can have a page asked for where it never was: by the number of another port. Folders of other names may
    hold logs of the same site, such as an archive by months.
    """
    folders = {site_of(sign.source) for sign in signs}
    site = site_of(end.source)
    return site not in folders and any(_siblings(site, other) for other in folders)


def site_of(source: str) -> str:
    """The folder of a log, in lower case; of one that was packed in the folder of its site, that folder."""
    return _ARCHIVED.sub(r"\1", source.rpartition("\\")[0].lower())


def site_number(folder: str) -> str | None:
    """The number of the site whose logs lie in a folder, or below it; `CENTRAL`, or None if the folder does not say."""
    numbers = _NUMBERED.findall(folder)
    return None if not numbers else numbers[-1] or CENTRAL


def _siblings(one: str, other: str) -> bool:
    above, _, name = one.rpartition("\\")
    beside, _, second = other.rpartition("\\")
    return above == beside and all(_SITE.fullmatch(folder) for folder in (name, second))
