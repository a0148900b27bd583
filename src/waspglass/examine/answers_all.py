"""Servers that answer whatever they are asked for: there an answer does not show that a page is there.

Some servers, or the proxies in front of them, answer 200 with a page of their own instead of 404. A scanner that asks
for a list of published names then finds all of them, and no intruder leaves so many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from waspglass.evidence.skip_log import shown_source
from waspglass.examine.observations import Observations
from waspglass.examine.sites import site_of
from waspglass.examine.web_roots import folder_of
from waspglass.model.finding import Effect, Finding, Rung

__all__ = ["answered_alike", "answered_and_not_there", "misses_no_page", "not_looked_for"]

_PAGES = 10
"""Servers were found with a handful of web shells of as many groups; a scanner's list is several times as long."""
_NOT_THERE = 2
"""Of pages that were not there when their folders were collected. A list of ten may have lost lines, as its log did."""
_SCAN = timedelta(minutes=10)
_DAY = timedelta(days=1)
"""For so long a server is taken to have the same settings."""


def answered_alike(observations: Observations) -> tuple[str, ...]:
    """The pages of which only answers speak, if the server seems to answer everything; sorted.

    It seems so if one visitor was answered by ten of them or more within ten minutes and missed none that he asked for
    then, and nobody else was told by the same site, within a day, that a page is not there. If anything else speaks of
    an intruder, answers stand as they are. Whoever has no address may be anybody: they count as one visitor.
    """
    return _of_a_list(observations, _PAGES)


def answered_and_not_there(observations: Observations) -> tuple[str, ...]:
    """Those that were removed, or never were: two of them are a list if their folders were collected without any."""
    pages = _of_a_list(observations, _NOT_THERE)
    ended = {one.subject for one in observations.findings if one.effect is Effect.ENDS}
    looked_for = not not_looked_for(pages, observations)
    return pages if looked_for and ended.union(observations.collected_pages).isdisjoint(pages) else ()


def misses_no_page(observations: Observations) -> bool:
    """Whether no site that gave an answer ever told that a page is not there, and none of the pages was compiled."""
    answers = observations.proofs(Rung.USED)
    return not _missed_by(answers, observations) and all(one.kind not in observations.file_timed for one in answers)


def _of_a_list(observations: Observations, pages: int) -> tuple[str, ...]:
    proofs = observations.beyond_probes()
    if any(one.rung is not Rung.USED or folder_of(one.subject or "") is None for one in proofs):
        return ()
    if any(one.kind in observations.file_timed for one in proofs):
        return ()  # a page that was compiled was there
    visitors: dict[str | None, list[Finding]] = defaultdict(list)
    for one in proofs:
        visitors[_address(one)].append(one)
    if any(_given_all(found, pages, observations) for found in visitors.values()):
        return tuple(sorted({one.subject or "" for one in proofs}))
    return ()


def not_looked_for(pages: tuple[str, ...], observations: Observations) -> tuple[str, ...]:
    """Those that may be there: of the others the folder was collected, and they were not in it."""
    return tuple(one for one in pages if folder_of(one) not in observations.collected_folders)


def _given_all(found: list[Finding], pages: int, observations: Observations) -> bool:
    """Whether a visitor was given a list of pages, and nothing shows that the server would have missed any."""
    latest: dict[str, datetime] = {}  # in the order of the times, and never more than ten
    for moment, page in sorted((one.time, one.subject or "") for one in found if one.time is not None):
        latest.pop(page, None)
        latest[page] = moment
        while (first := next(iter(latest))) and latest[first] < moment - _SCAN:
            del latest[first]
        if len(latest) == pages:
            missed = (one for one in observations.proofs(Rung.PROBED) if _address(one) == _address(found[0]))
            there = _missed_by(found, observations)
            return not (_near(moment, _SCAN, (one.time for one in missed)) or _near(moment, _DAY, there))
    return False


def _missed_by(found: Iterable[Finding], observations: Observations) -> list[datetime]:
    """When the sites of these findings told anybody that a page is not there."""
    sites = {site_of(one.source) for one in found}
    return [one.time for one in observations.not_found if site_of(shown_source(one.source)) in sites]


def _near(moment: datetime, within: timedelta, others: Iterable[datetime | None]) -> bool:
    return any(other is not None and abs(other - moment) <= within for other in others)


def _address(finding: Finding) -> str | None:
    return finding.actor.address if finding.actor is not None else None
