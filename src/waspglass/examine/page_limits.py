"""What cannot be told of pages: whose they were, when all that is known is that they answered."""

from __future__ import annotations

from waspglass.examine.case import Case
from waspglass.examine.duration import listed
from waspglass.examine.implants import shown_subject
from waspglass.examine.own_pages import OwnPage
from waspglass.examine.verdict import rests_on_answers
from waspglass.model.assessment import Limit
from waspglass.model.language import Catalogue

__all__ = ["page_limits"]

_NAMED = 8


def page_limits(case: Case, catalogue: Catalogue) -> list[Limit]:
    """Verdicts that rest on answers alone, answers that show nothing, pages that are gone, and those of the owner's."""
    found: list[Limit] = []
    if rests_on_answers(case):
        pages = [shown_subject(implant.subject, catalogue) for implant in case.implants]
        found.append(_limit("answers_only", pages, catalogue, decisive=True))
    if case.vanished:
        found.append(_limit("vanished", list(case.vanished), catalogue, decisive=True))
    if case.alike:
        found.append(_limit("alike", list(case.alike), catalogue, decisive=True))
    if case.own:
        found.append(_limit("own_pages", [_own(page, catalogue) for page in case.own], catalogue, decisive=False))
    return found


def _limit(key: str, pages: list[str], catalogue: Catalogue, *, decisive: bool) -> Limit:
    return Limit(
        id=key.replace("_", "-"),
        text=catalogue.text(f"limit.{key}", pages=listed(pages, catalogue, _NAMED)),
        remedy=catalogue.text(f"limit.{key}_remedy"),
        decisive=decisive,
    )


def _own(page: OwnPage, catalogue: Catalogue) -> str:
    if page.answered is None:
        return catalogue.text("limit.own_said", page=page.subject)
    return catalogue.text("limit.own_older", page=page.subject, day=f"{page.answered:%Y-%m-%d}")
