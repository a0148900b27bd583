"""What the answer cannot see, in sentences, each with the source that would have shown it."""

from __future__ import annotations

from collections import Counter

from waspglass.examine.duration import duration
from waspglass.examine.observations import Observations
from waspglass.examine.window import Exposure
from waspglass.model.assessment import Lid, LidState, Limit
from waspglass.model.coverage import Coverage
from waspglass.model.facts import Certainty, Facts
from waspglass.model.language import Catalogue
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import ArtefactKind, Pack

__all__ = ["limits_of"]

_RULE_REASONS = frozenset({SkipReason.UNSUPPORTED_RULE, SkipReason.INVALID_RULE, SkipReason.MISSING_FIELD})


def limits_of(
    observations: Observations, lid: Lid, exposed: Exposure, pack: Pack, facts: Facts, catalogue: Catalogue
) -> tuple[Limit, ...]:
    """All limits, the decisive ones first."""
    found = [
        *_missing_hours(exposed, pack, catalogue),
        *_blinded(observations, catalogue),
        *_collection_time(exposed, facts, catalogue),
        *_lid(lid, catalogue),
        *_asked(observations, catalogue),
        *_absent_kinds(observations, pack, catalogue),
        *_rules(observations, catalogue),
        *_skips(observations, catalogue),
        Limit(id="campaign-only", text=catalogue.text("limit.campaign_only", cves=", ".join(pack.cves))),
    ]
    return tuple(sorted(found, key=lambda limit: not limit.decisive))


def _missing_hours(exposed: Exposure, pack: Pack, catalogue: Catalogue) -> list[Limit]:
    if not exposed.missing:
        return []
    entry = [kind.title.text(catalogue.language) for kind in pack.kinds if kind.entry]
    text = catalogue.text(
        "limit.missing_hours",
        missing=duration(sum(span.hours for span in exposed.missing), catalogue),
        first=f"{exposed.missing[0].from_:%Y-%m-%d %H:%M}",
        last=f"{exposed.missing[-1].to:%Y-%m-%d %H:%M}",
    )
    remedy = catalogue.text("limit.missing_hours_remedy", sources=", ".join(entry))
    return [Limit(id="missing-hours", text=text, spans=exposed.missing, remedy=remedy, decisive=True)]


def _blinded(observations: Observations, catalogue: Catalogue) -> list[Limit]:
    if not observations.blinded:
        return []
    first = observations.blinded[0]
    text = catalogue.text("limit.blinded", count=len(observations.blinded), source=first.source, reason=first.reason)
    return [Limit(id="blinded", text=text, remedy=catalogue.text("limit.blinded_remedy"), decisive=True)]


def _collection_time(exposed: Exposure, facts: Facts, catalogue: Catalogue) -> list[Limit]:
    if facts.collected_at is not None or exposed.end_known:
        return []
    remedy = catalogue.text("limit.collection_time_remedy")
    return [Limit(id="collection-time", text=catalogue.text("limit.collection_time"), remedy=remedy, decisive=True)]


def _lid(lid: Lid, catalogue: Catalogue) -> list[Limit]:
    remedy = catalogue.text("limit.lid_remedy")
    if lid.state is LidState.UNKNOWN:
        return [Limit(id="lid-unknown", text=catalogue.text("limit.lid_unknown"), remedy=remedy, decisive=True)]
    if lid.builds and all(b.certainty is Certainty.HINT for b in lid.builds):
        return [Limit(id="lid-hint", text=catalogue.text("limit.lid_hint"), remedy=remedy)]
    if lid.state is LidState.PATCHED and lid.since is None:
        return [Limit(id="patch-undated", text=catalogue.text("limit.patch_undated"), remedy=remedy)]
    return []


def _asked(observations: Observations, catalogue: Catalogue) -> list[Limit]:
    if observations.since is None and observations.until is None:
        return []
    text = catalogue.text(
        "limit.asked",
        since=f"{observations.since:%Y-%m-%d %H:%M}" if observations.since else "...",
        until=f"{observations.until:%Y-%m-%d %H:%M}" if observations.until else "...",
    )
    return [Limit(id="asked-span", text=text)]


def _absent_kinds(observations: Observations, pack: Pack, catalogue: Catalogue) -> list[Limit]:
    """Kinds of which nothing was collected; one that is an alternative to a kind that was read is not missed.

    A kind that would have shown an entry has an alternative only in another one that would.
    """
    read = {entry.kind: entry for entry in observations.coverage}
    there = [kind for kind in pack.kinds if not _is_absent(read.get(kind.kind))]
    absent = [
        kind
        for kind in pack.kinds
        if kind.shows
        and _is_absent(read.get(kind.kind))
        and not any(set(kind.logsources) & set(one.logsources) for one in there if one.entry or not kind.entry)
    ]
    limits = [
        Limit(
            id=f"absent-{kind.kind}",
            text=catalogue.text("limit.absent_kind", title=kind.title.text(catalogue.language), rungs=_rungs(kind)),
            remedy=kind.remedy.text(catalogue.language),
        )
        for kind in absent
        if kind.remedy
    ]
    others = [kind.title.text(catalogue.language) for kind in absent if not kind.remedy]
    if others:
        limits.append(Limit(id="absent-others", text=catalogue.text("limit.absent_others", titles=", ".join(others))))
    return limits


def _is_absent(coverage: Coverage | None) -> bool:
    return coverage is None or coverage.files == 0


def _rungs(kind: ArtefactKind) -> str:
    return ", ".join(kind.shows)


def _rules(observations: Observations, catalogue: Catalogue) -> list[Limit]:
    rules = {skip.source for skip in observations.skipped if skip.reason in _RULE_REASONS}
    if not rules:
        return []
    return [Limit(id="rules-not-run", text=catalogue.text("limit.rules", count=len(rules)))]


def _skips(observations: Observations, catalogue: Catalogue) -> list[Limit]:
    others = [s for s in observations.skipped if s.reason not in _RULE_REASONS and not _harmless(s)]
    if not others:
        return []
    counts: Counter[str] = Counter()
    for skip in others:
        counts[skip.reason.value] += skip.count
    listed = ", ".join(f"{reason}: {count}" for reason, count in counts.most_common())
    return [Limit(id="skipped", text=catalogue.text("limit.skipped", listed=listed))]


def _harmless(skip: Skipped) -> bool:
    return skip.reason in (SkipReason.OUT_OF_WINDOW, SkipReason.EMPTY)
