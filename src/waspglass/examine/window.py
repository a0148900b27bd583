"""The window in which the host could have been entered, and the parts of it that nothing can speak for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from waspglass.examine.lid import BEFORE_SETUP
from waspglass.examine.observations import Observations
from waspglass.examine.spans import common_spans, covered_spans, missing_spans
from waspglass.model.assessment import Lid, LidState
from waspglass.model.coverage import Coverage, Span
from waspglass.model.facts import Certainty, Facts
from waspglass.packs.pack import Pack

__all__ = ["Exposure", "exposure"]

_LIVE = timedelta(hours=24)
_QUIET_END = timedelta(hours=12)
"""Less than a day, so that a daily log that is missing at an end is always seen to be missing."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """When the host could have been entered, and what of that time was seen.

    Attributes:
        window: From the campaign's first known exploitation, or the first installation if that was later, to the patch,
            or to the collection; None if the host was never vulnerable or nothing tells when the window ends.
        missing: Parts of the window for which no source able to show an entry speaks.
        end_known: False if the time of collection is not known, so that the last record of the evidence stands for it.
        sources: Kinds that covered some of it.
        in_part: Kinds that speak for some of it, but show a part of the ways in only, because those that go with them
            do not speak then.
        ends_early: The end of the window, if it lies before the campaign began, so that there is no window.
    """

    window: Span | None
    missing: tuple[Span, ...]
    end_known: bool
    sources: tuple[str, ...]
    in_part: tuple[str, ...] = ()
    ends_early: datetime | None = None


def exposure(observations: Observations, lid: Lid, pack: Pack, facts: Facts, now: datetime) -> Exposure:
    """Works out the window and its holes. Spans that the user excluded with --since/--until count as not seen.

    Args:
        observations: What the evidence said.
        lid: Ends the window if it is patched and dated.
        pack: Says when the window starts.
        facts: May say when the evidence was collected.
        now: A server whose logs end less than a day before is taken to be examined live.
    """
    if lid.state is LidState.NEVER_VULNERABLE:
        return Exposure(window=None, missing=(), end_known=True, sources=())
    end, end_known = _end(observations, lid, facts, now)
    start = pack.window.first_exploitation
    if end is None or end <= start:
        return Exposure(None, (), end_known=end is not None and end_known, sources=(), ends_early=end)
    start = max(start, _installed(lid, end, observations) or start)
    window = Span(from_=start, to=end)
    since, until = max(start, observations.since or start), min(end, observations.until or end)
    asked = Span(from_=since, to=until) if since < until else None
    entry_kinds = [c for c in observations.coverage if c.entry]
    quiet = {kind.kind: kind.gap_hours for kind in pack.kinds}
    pieces = {c.kind: _spoken_for(c, quiet.get(c.kind), asked) for c in entry_kinds} if asked is not None else {}
    whole = {kind: _together(kind, pieces, pack) for kind in pieces}
    missing = missing_spans(window, (span for spans in whole.values() for span in spans))
    in_part = tuple(sorted(kind for kind, spans in whole.items() if spans != pieces[kind]))
    return Exposure(window, missing, end_known, tuple(sorted(kind for kind, spans in whole.items() if spans)), in_part)


def _installed(lid: Lid, end: datetime, observations: Observations) -> datetime | None:
    """When the product was first installed, if a setup log proves it and nothing tells of the host before that.

    Logs of the product that begin earlier tell of it: it was there before, and was installed anew.
    """
    first = min((b.installed for b in lid.builds if b.certainty is Certainty.PROVEN and b.installed), default=None)
    if first is None or first >= end or any(b.at is not None and b.at < first for b in lid.builds):
        return None
    logged = observations.logged_from
    return None if logged is not None and logged < first - BEFORE_SETUP else first


def _together(kind: str, pieces: Mapping[str, tuple[Span, ...]], pack: Pack) -> tuple[Span, ...]:
    """What a kind covers as far as the kinds cover it too that show the other ways in."""
    spans = pieces[kind]
    others = next((one.together for one in pack.kinds if one.kind == kind), ())
    for other in others:
        spans = common_spans(spans, pieces.get(other, ()))
    return spans


def _spoken_for(coverage: Coverage, gap_hours: float | None, asked: Span) -> tuple[Span, ...]:
    """What a kind covers; a silence at either end that would be no gap between two records is none there either."""
    if coverage.from_ is None or coverage.to is None or not gap_hours:
        return covered_spans(coverage, asked)
    quiet = min(timedelta(hours=gap_hours), _QUIET_END)
    widened = coverage.model_copy(update={"from_": coverage.from_ - quiet, "to": coverage.to + quiet})
    return covered_spans(widened, asked)


def _end(observations: Observations, lid: Lid, facts: Facts, now: datetime) -> tuple[datetime | None, bool]:
    """The patch where it is dated by something firm, otherwise the collection, otherwise the last record."""
    firm = any(b.certainty is not Certainty.HINT for b in lid.builds)
    if lid.state is LidState.PATCHED and lid.since is not None and firm:
        return lid.since, True
    if facts.collected_at is not None:
        return facts.collected_at, True
    last = observations.last_moment()
    return last, last is not None and timedelta(0) <= now - last <= _LIVE
