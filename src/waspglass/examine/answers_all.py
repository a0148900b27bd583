"""Servers that answer whatever they are asked for: there an answer does not show that a page is there.

Some servers, or the proxies in front of them, answer 200 with a page of their own instead of 404. A scanner that asks
for a list of published names then finds all of them, and no intruder leaves so many.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from waspglass.examine.observations import Observations
from waspglass.examine.web_roots import folder_of
from waspglass.model.finding import Finding, Rung

__all__ = ["answered_alike", "not_looked_for"]

_PAGES = 10
"""Servers were found with a handful of web shells of as many groups; a scanner's list is several times as long."""
_SCAN = timedelta(minutes=10)


def answered_alike(observations: Observations) -> tuple[str, ...]:
    """The pages of which only answers speak, if the server seems to answer everything; sorted.

    It seems so if one address was answered by ten of them or more within ten minutes, and missed none that it asked for
    then. If anything else speaks of an intruder, answers stand as they are.
    """
    proofs = [one for rung in Rung if rung is not Rung.PROBED for one in observations.proofs(rung)]
    if any(one.rung is not Rung.USED or folder_of(one.subject or "") is None for one in proofs):
        return ()
    answers: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for one in proofs:
        if one.kind in observations.file_timed:
            return ()  # a page that was compiled was there
        if (address := _address(one)) is not None and one.time is not None:
            answers[address].append((one.time, one.subject or ""))
    missed = [one for one in observations.proofs(Rung.PROBED) if one.time is not None]
    if any(_scanned(address, found, missed) for address, found in answers.items()):
        return tuple(sorted({one.subject or "" for one in proofs}))
    return ()


def not_looked_for(pages: tuple[str, ...], observations: Observations) -> tuple[str, ...]:
    """Those that may be there: of the others the folder was collected, and they were not in it."""
    return tuple(one for one in pages if folder_of(one) not in observations.collected_folders)


def _scanned(address: str, found: list[tuple[datetime, str]], missed: list[Finding]) -> bool:
    latest: dict[str, datetime] = {}  # in the order of the times, and never more than ten
    for moment, page in sorted(found):
        latest.pop(page, None)
        latest[page] = moment
        while (first := next(iter(latest))) and latest[first] < moment - _SCAN:
            del latest[first]
        if len(latest) == _PAGES:
            asked = (one for one in missed if one.time is not None and abs(one.time - moment) <= _SCAN)
            return not any(_address(one) == address for one in asked)
    return False


def _address(finding: Finding) -> str | None:
    return finding.actor.address if finding.actor is not None else None
