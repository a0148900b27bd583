"""What the answer cannot see, in sentences, each with the source that would have shown it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from waspglass.evidence.format import format_of
from waspglass.evidence.server_name import short_name
from waspglass.examine.activity import first_entry
from waspglass.examine.case import Case
from waspglass.examine.contradictions import CLOCK_SLACK
from waspglass.examine.duration import counted, duration, listed, recorded
from waspglass.examine.observations import Observations
from waspglass.examine.page_limits import page_limits
from waspglass.examine.spans import common_spans
from waspglass.examine.window import Exposure
from waspglass.hunt.outcome.collect import PROXY
from waspglass.model.assessment import Lid, LidState, Limit
from waspglass.model.coverage import Coverage
from waspglass.model.facts import Certainty, Facts
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.language import Catalogue
from waspglass.model.skip import Skipped, SkipReason, skip_words
from waspglass.packs.pack import ArtefactKind, Pack

__all__ = ["limits_of"]

_NAMED = 8
_HOUR = timedelta(hours=1)
_FIRST_LOGS = timedelta(days=2)
_RULE_REASONS = frozenset({SkipReason.UNSUPPORTED_RULE, SkipReason.INVALID_RULE, SkipReason.MISSING_FIELD})
"""Skips that name a rule; one of several rules says how many."""


def limits_of(case: Case, catalogue: Catalogue) -> tuple[Limit, ...]:
    """All limits, the decisive ones first."""
    observations, pack, facts, lid, exposed = case.observations, case.pack, case.facts, case.lid, case.exposed
    found = [
        *_sites(observations, exposed, pack, catalogue),
        *_missing_hours(exposed, pack, catalogue),
        *_blinded(observations, catalogue),
        *_expired(observations, exposed, pack, facts, catalogue),
        *_unsettled(case.unsettled, observations, pack, catalogue),
        *page_limits(case, catalogue),
        *_proxies(observations, catalogue),
        *_extracts(observations, pack, catalogue),
        *_first_sign_after_lid(case, catalogue),
        *_first_sign_before_campaign(case, catalogue),
        *_first_build(lid, exposed, catalogue),
        *_collection_time(exposed, facts, catalogue),
        *_local_times(observations, pack, catalogue),
        *_lid(lid, pack, catalogue),
        *_hostname(observations, facts, catalogue),
        *_asked(observations, catalogue),
        *_absent_kinds(observations, pack, catalogue),
        *_channels(observations, exposed, catalogue),
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
    if not entry:
        text = f"{text} {catalogue.text('limit.no_entry_kind')}"
    remedy = catalogue.text("limit.missing_hours_remedy", sources=", ".join(entry)) if entry else None
    return [Limit(id="missing-hours", text=text, spans=exposed.missing, remedy=remedy, decisive=True)]


def _sites(observations: Observations, exposed: Exposure, pack: Pack, catalogue: Catalogue) -> list[Limit]:
    """Sites of the web server without a log of their own, or that nothing tells how many there are."""
    unlogged = [site for site, spans in observations.unlogged_sites.items() if common_spans(spans, exposed.missing)]
    if unlogged:
        text = catalogue.text("limit.unlogged_sites", sites=listed(sorted(unlogged), catalogue, _NAMED))
        told = "unlogged_sites" if observations.sites_told else "sites_untold"
        remedy = catalogue.text(f"limit.{told}_remedy")
        return [Limit(id="unlogged-sites", text=text, remedy=remedy, decisive=True)]
    rests = any(kind.witness and kind.kind in exposed.sources for kind in pack.kinds)
    if observations.sites_told or not rests or exposed.missing:
        return []
    remedy = catalogue.text("limit.sites_untold_remedy")
    return [Limit(id="sites-untold", text=catalogue.text("limit.sites_untold"), remedy=remedy)]


def _blinded(observations: Observations, catalogue: Catalogue) -> list[Limit]:
    if not observations.blinded:
        return []
    first = observations.blinded[0]
    key = "limit.blinded_one" if len(observations.blinded) == 1 else "limit.blinded"
    text = catalogue.text(
        key, count=len(observations.blinded), source=first.source, reason=skip_words(first.reason, catalogue.language)
    )
    return [Limit(id="blinded", text=text, remedy=catalogue.text("limit.blinded_remedy"), decisive=True)]


def _proxies(observations: Observations, catalogue: Catalogue) -> list[Limit]:
    """Requests of which the sender is a proxy of the facts, and no log tells who was behind it."""
    unseen = (one for one in observations.findings if one.actor is None or one.actor.address is None)
    hidden = [one for one in unseen if PROXY in one.fields and one.effect is not Effect.CONTEXT]
    if not hidden:
        return []
    text = catalogue.text(
        "limit.proxies_hide",
        records=recorded(hidden, observations, catalogue),
        proxies=listed(sorted({one.fields[PROXY] for one in hidden}), catalogue, _NAMED),
    )
    return [Limit(id="proxies-hide", text=text, remedy=catalogue.text("limit.proxies_hide_remedy"), decisive=True)]


def _extracts(observations: Observations, pack: Pack, catalogue: Catalogue) -> list[Limit]:
    """More than probes, in requests that somebody took out of logs: where such a file lies tells of no server."""
    extracts = [kind for kind in pack.kinds if not kind.paths and format_of(kind.format).requests]
    names = {kind.kind for kind in extracts}
    told = (one for one in observations.findings if one.effect is not Effect.CONTEXT and one.rung is not Rung.PROBED)
    found = [one for one in told if one.kind in names]
    if not found:
        return []
    read = {one.kind for one in found}
    titles = [kind.title.text(catalogue.language) for kind in extracts if kind.kind in read]
    text = catalogue.text(
        "limit.extracts", records=recorded(found, observations, catalogue), titles=listed(titles, catalogue)
    )
    return [Limit(id="extracts", text=text, remedy=catalogue.text("limit.extracts_remedy"), decisive=True)]


def _first_sign_after_lid(case: Case, catalogue: Catalogue) -> list[Limit]:
    first, patched = case.first_sign_after_lid, case.lid.since
    if first is None or patched is None:
        return []
    text = catalogue.text("limit.first_sign_after_lid", first=f"{first:%Y-%m-%d}", patched=f"{patched:%Y-%m-%d}")
    remedy = catalogue.text("limit.first_sign_after_lid_remedy")
    return [Limit(id="first-sign-after-lid", text=text, remedy=remedy, decisive=True)]


def _first_sign_before_campaign(case: Case, catalogue: Catalogue) -> list[Limit]:
    first, start = first_entry(case.observations, case.pack), case.pack.window.first_exploitation
    if first is None or first >= start - CLOCK_SLACK:
        return []
    text = catalogue.text("limit.first_sign_before_campaign", first=f"{first:%Y-%m-%d}", start=f"{start:%Y-%m-%d}")
    remedy = catalogue.text("limit.first_sign_before_campaign_remedy")
    return [Limit(id="first-sign-before-campaign", text=text, remedy=remedy, decisive=True)]


def _expired(
    observations: Observations, exposed: Exposure, pack: Pack, facts: Facts, catalogue: Catalogue
) -> list[Limit]:
    """Why logs begin late: the product deletes them by age, or earlier by the size of their folder."""
    read = {entry.kind: entry for entry in observations.coverage}
    found: dict[tuple[str, datetime, int, int | None, str], list[ArtefactKind]] = {}
    end = facts.collected_at or observations.last_moment()
    for kind in pack.kinds:
        begins = read[kind.kind].from_ if kind.kind in read else None
        if not kind.entry or kind.retention_days is None or begins is None or end is None or end < begins:
            continue
        if not exposed.missing or exposed.missing[0].from_ >= begins:
            continue
        day, kept = begins.replace(hour=0, minute=0, second=0, microsecond=0), end - begins
        key = "expired" if kept.days >= kind.retention_days - 1 else "kept_short"
        shown = counted("days", kept.days, catalogue) if kept.days else duration(kept / _HOUR, catalogue)
        found.setdefault((key, day, kind.retention_days, kind.quota_mb, shown), []).append(kind)
    return [
        Limit(
            id=f"{key.replace('_', '-')}-{kinds[0].kind}",
            text=catalogue.text(
                f"limit.{key}",
                title=", ".join(kind.title.text(catalogue.language) for kind in kinds),
                first=f"{day:%Y-%m-%d}",
                kept=kept,
                days=days,
                quota=quota or "-",
            ),
        )
        for (key, day, days, quota, kept), kinds in found.items()
    ]


def _unsettled(hints: tuple[Finding, ...], observations: Observations, pack: Pack, catalogue: Catalogue) -> list[Limit]:
    if not hints:
        return []
    wanted = {name for kind in pack.kinds if kind.kind in {hint.kind for hint in hints} for name in kind.settled_by}
    sources = [kind.title.text(catalogue.language) for kind in pack.kinds if kind.kind in wanted]
    text = catalogue.text(
        "limit.unsettled",
        records=recorded(hints, observations, catalogue),
        titles=listed(list(dict.fromkeys(hint.title for hint in hints)), catalogue),
    )
    remedy = catalogue.text("limit.unsettled_remedy" if sources else "limit.unsettled_ask", sources=", ".join(sources))
    return [Limit(id="unsettled", text=text, remedy=remedy, decisive=True)]


def _first_build(lid: Lid, exposed: Exposure, catalogue: Catalogue) -> list[Limit]:
    """Nothing is known of the time before a build that has the fix: the server may not have been there yet."""
    if lid.state is not LidState.PATCHED or lid.since is None or lid.not_before is not None or not exposed.missing:
        return []
    first = next((b for b in lid.builds if b.at == lid.since or b.installed == lid.since), None)
    if first is None or exposed.missing[-1].to < lid.since - _FIRST_LOGS:
        return []
    text = catalogue.text("limit.first_build", build=first.build, since=f"{lid.since:%Y-%m-%d}")
    return [Limit(id="first-build", text=text, remedy=catalogue.text("limit.first_build_remedy"))]


def _collection_time(exposed: Exposure, facts: Facts, catalogue: Catalogue) -> list[Limit]:
    if facts.collected_at is not None or exposed.end_known:
        return []
    remedy = catalogue.text("limit.collection_time_remedy")
    return [Limit(id="collection-time", text=catalogue.text("limit.collection_time"), remedy=remedy, decisive=True)]


def _local_times(observations: Observations, pack: Pack, catalogue: Catalogue) -> list[Limit]:
    """Logs in the time of the server's clock were read as UTC, if nobody said where it stands."""
    read = {one.kind for one in observations.coverage if one.files}
    local = [kind for kind in pack.kinds if kind.kind in read & observations.zoneless]
    if not local:
        return []
    text = catalogue.text("limit.local_times", titles=", ".join(kind.title.text(catalogue.language) for kind in local))
    return [Limit(id="local-times", text=text, remedy=catalogue.text("limit.local_times_remedy"))]


def _lid(lid: Lid, pack: Pack, catalogue: Catalogue) -> list[Limit]:
    remedy = catalogue.text("limit.lid_remedy")
    if pack.lid_remedy is not None:
        remedy = f"{remedy} {pack.lid_remedy.text(catalogue.language)}"
    if lid.state is LidState.UNKNOWN:
        return [Limit(id="lid-unknown", text=catalogue.text("limit.lid_unknown"), remedy=remedy, decisive=True)]
    if lid.builds and all(b.certainty is Certainty.HINT for b in lid.builds):
        return [Limit(id="lid-hint", text=catalogue.text("limit.lid_hint"), remedy=remedy)]
    if lid.state is LidState.PATCHED and lid.since is None:
        return [Limit(id="patch-undated", text=catalogue.text("limit.patch_undated"), remedy=remedy)]
    return []


def _hostname(observations: Observations, facts: Facts, catalogue: Catalogue) -> list[Limit]:
    stated, seen = (short_name(name or "") for name in (facts.hostname, observations.hostname))
    if not stated or not seen or stated == seen:
        return []
    text = catalogue.text("limit.hostname", stated=stated, seen=seen)
    return [Limit(id="hostname-differs", text=text, remedy=catalogue.text("limit.hostname_remedy"))]


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
    """Kinds without a file, where the pack says how to collect them; an alternative to one that was read is not missed.

    A kind that would have shown an entry has an alternative only in another one that would. Of kinds that show it
    together only, none is an alternative to another, and if all are absent the first stands for them.
    """
    read = {entry.kind: entry for entry in observations.coverage}
    there = [kind for kind in pack.kinds if not _is_absent(read.get(kind.kind))]
    absent = [
        kind
        for kind in pack.kinds
        if kind.shows
        and _is_absent(read.get(kind.kind))
        and not any(_stands_in(one, kind) for one in there)
        and not any(
            _is_absent(read.get(first.kind))
            for first in pack.kinds[: pack.kinds.index(kind)]
            if first.kind in kind.together
        )
    ]
    return [
        Limit(
            id=f"absent-{kind.kind}",
            text=catalogue.text(
                "limit.absent_kind", title=kind.title.text(catalogue.language), rungs=_in_words(kind.shows, catalogue)
            ),
            remedy=kind.remedy.text(catalogue.language),
        )
        for kind in absent
        if kind.remedy
    ]


def _channels(observations: Observations, exposed: Exposure, catalogue: Catalogue) -> list[Limit]:
    """Event logs that the rules look in, and that were not collected, or begin when the window is open already."""
    found: list[Limit] = []
    absent = [one for one in observations.event_logs if not one.collected]
    if absent:
        rungs = frozenset(rung for one in absent for rung in one.rungs)
        text = catalogue.text(
            "limit.absent_channels",
            channels=", ".join(sorted({name for one in absent for name in one.channels})),
            count=sum(one.rules for one in absent),
            rungs=_in_words((rung for rung in Rung if rung in rungs), catalogue),
        )
        remedy = catalogue.text("limit.absent_channels_remedy")
        found.append(Limit(id="absent-channels", text=text, remedy=remedy))
    start = exposed.window.from_ + _FIRST_LOGS if exposed.window is not None else None
    late = {
        f"{' / '.join(one.channels)} ({one.begins:%Y-%m-%d})"
        for one in observations.event_logs
        if start is not None and one.begins is not None and one.begins > start
    }
    if late:
        text = catalogue.text("limit.late_channels", channels=", ".join(sorted(late)))
        found.append(Limit(id="late-channels", text=text, remedy=catalogue.text("limit.late_channels_remedy")))
    return found


def _stands_in(one: ArtefactKind, absent: ArtefactKind) -> bool:
    """The same records in another format; of one format, other kinds are of other places (loose files, copies)."""
    same = bool(set(absent.logsources) & set(one.logsources)) and one.format != absent.format
    return same and (one.entry or not absent.entry)


def _is_absent(coverage: Coverage | None) -> bool:
    return coverage is None or coverage.files == 0


def _in_words(rungs: Iterable[Rung], catalogue: Catalogue) -> str:
    """The rungs without what explains them in brackets."""
    return ", ".join(catalogue.text(f"rung.{rung.value}").partition(" (")[0] for rung in rungs)


def _rules(observations: Observations, catalogue: Catalogue) -> list[Limit]:
    about = [skip for skip in observations.skipped if skip.reason in _RULE_REASONS]
    named = {skip.source for skip in about if skip.count == 1}
    count = len(named) + sum(skip.count for skip in about if skip.count > 1)
    idle = sum(skip.count for skip in observations.skipped if skip.reason is SkipReason.NO_SUCH_LOG)
    found: list[Limit] = []
    if count:
        key = "limit.rules_one" if count == 1 else "limit.rules"
        found.append(Limit(id="rules-not-run", text=catalogue.text(key, count=count)))
    if idle:
        key = "limit.rules_idle_one" if idle == 1 else "limit.rules_idle"
        found.append(Limit(id="rules-without-log", text=catalogue.text(key, count=idle)))
    return found


def _skips(observations: Observations, catalogue: Catalogue) -> list[Limit]:
    others = [s for s in observations.skipped if s.reason not in _RULE_REASONS and not _harmless(s)]
    if not others:
        return []
    counts: Counter[SkipReason] = Counter()
    for skip in others:
        counts[skip.reason] += skip.count
    reasons = ", ".join(f"{skip_words(reason, catalogue.language)}: {count}" for reason, count in counts.most_common())
    return [Limit(id="skipped", text=catalogue.text("limit.skipped", listed=reasons))]


def _harmless(skip: Skipped) -> bool:
    return skip.reason in (SkipReason.OUT_OF_WINDOW, SkipReason.EMPTY, SkipReason.SAME_FILE, SkipReason.NO_SUCH_LOG)
