"""Pages that answered but are no intruder's: the owner's own, as he says or as their age tells."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from waspglass.examine.observations import Observations
from waspglass.hunt.rules.paths import normalised_subject
from waspglass.model.facts import Facts
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.packs.pack import Pack

__all__ = ["OwnPage", "own_pages", "without_answers"]

_BEFORE = timedelta(days=30)
"""The first exploitation is the first that is known; a page must be older by this to be none of the campaign's."""


@dataclass(frozen=True, slots=True)
class OwnPage:
    """A page that is taken for the owner's.

    Attributes:
        subject: Its URL path.
        answered: When it answered before the campaign; None if the owner vouches for it.
    """

    subject: str
    answered: datetime | None = None


def own_pages(findings: Sequence[Finding], file_timed: frozenset[str], pack: Pack, facts: Facts) -> tuple[OwnPage, ...]:
    """Pages of which only answers were seen, and for which the owner vouches or which are older than the campaign.

    A page whose content or whose writing tells of an intruder is none of these, whoever vouches for it. A file's time
    tells nothing: an intruder can set it. Nor does age from the first entry on that was seen: clocks can be wrong.

    Args:
        findings: All, or those of the passes so far.
        file_timed: Kinds whose findings are dated by their file.
        pack: Knows when the campaign began.
        facts: Pages that the owner vouches for.
    """
    planted = {f.subject for f in findings if f.effect is Effect.SHOWS and f.rung is Rung.IMPLANTED}
    answers = [f for f in findings if _is_answer(f) and f.subject not in planted]
    vouched = {normalised_subject(page, ()) for page in facts.own_pages}
    entries = (
        f.time for f in findings if f.time and f.proves and f.rung is Rung.EXPLOITED and f.kind not in file_timed
    )
    limit = min((pack.window.first_exploitation - _BEFORE, *entries))
    found: dict[str, OwnPage] = {}
    for answer in answers:
        page = answer.subject or ""
        if page in vouched:
            found[page] = OwnPage(page)
        elif answer.kind not in file_timed and answer.time is not None and answer.time < limit:
            first = found.get(page, OwnPage(page, answer.time)).answered
            found[page] = OwnPage(page, min(answer.time, first) if first is not None else None)
    return tuple(found[page] for page in sorted(found))


def without_answers(observations: Observations, pages: Collection[str]) -> Observations:
    """The same observations; what these pages answered is a hint there."""
    return observations.with_hints(lambda one: one.subject in pages and _decides(one))


def _is_answer(finding: Finding) -> bool:
    # Other traces of use have subjects too: a service, for instance.
    page = finding.subject is not None and finding.subject.startswith("/")
    return page and finding.rung is Rung.USED and finding.effect in (Effect.SHOWS, Effect.HINT)


def _decides(finding: Finding) -> bool:
    return finding.rung is Rung.USED and finding.effect in (Effect.SHOWS, Effect.ENDS)
