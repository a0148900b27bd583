"""Which build an update brings, by the title that Windows Installer and Windows Update write into event logs.

Titles look like `Security Update for Exchange Server 2016 Cumulative Update 18 (KB5000871) 15.1.2106.13`, or
`Security Update For Exchange Server 2016 CU18 (KB5000871)`; those of a cumulative update are the number alone. Sources:
logs of Windows Installer in questions to Microsoft Q&A, names of updates in the Microsoft Update Catalog.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from waspglass.packs.pack import BuildRow

__all__ = ["build_of_update", "build_without_update"]

_BUILD = re.compile(r"\b\d{1,4}(?:\.\d{1,5}){3}\b", re.ASCII)
_ARTICLE = re.compile(r"\bKB\d{6,8}\b", re.ASCII | re.IGNORECASE)
_CUMULATIVE = re.compile(r"\b(?:CU|Cumulative Update )(\d{1,2})\b", re.ASCII | re.IGNORECASE)


def build_of_update(title: str, rows: Iterable[BuildRow]) -> str | None:
    """The build that a server runs once the update is installed; None if the title does not tell.

    The number decides where the title bears it. Otherwise it is the build of the article, and where an article is about
    several, that of the product and the cumulative update which the title names.
    """
    if (number := _BUILD.search(title)) is not None:
        return number[0]
    if (article := _ARTICLE.search(title)) is None:
        return None
    brought = [row for row in rows if row.kb is not None and row.kb.upper() == article[0].upper()]
    if len({(row.product, row.cumulative_update) for row in brought}) > 1:
        named = _CUMULATIVE.search(title)
        line = f"CU{named[1]}" if named else None
        brought = [row for row in brought if row.cumulative_update == line and row.product.lower() in title.lower()]
    return brought[-1].build if brought else None


def build_without_update(title: str, rows: Iterable[BuildRow]) -> str | None:
    """The build that is left when the update is removed, which is that of the plain cumulative update."""
    table = tuple(rows)
    build = build_of_update(title, table)
    if build is None:
        return None
    line = build.rpartition(".")[0]
    plain = (row.build for row in table if row.security_update is None and row.build.rpartition(".")[0] == line)
    return next(plain, None)
