"""Where the evidence contradicts the facts or itself; a contradiction is said, never smoothed over."""

from __future__ import annotations

from datetime import datetime, timedelta

from waspglass.examine.duration import listed
from waspglass.examine.lid import CLOSED, Disagreement
from waspglass.examine.observations import Observations
from waspglass.model.assessment import Lid, LidState, Limit
from waspglass.model.document import parse_instant
from waspglass.model.facts import Certainty, Facts
from waspglass.model.finding import Effect, Rung
from waspglass.model.language import Catalogue
from waspglass.packs.builds import BuildTable, State

__all__ = ["CLOCK_SLACK", "THROUGH_LID", "contradictions_of"]

CLOCK_SLACK = timedelta(hours=26)
"""Two places on Earth can be 26 hours of local time apart; less is a matter of clocks, not a contradiction."""

THROUGH_LID = "contradiction-entry-through-lid"
"""Id of the contradiction that an entry was seen after the patch."""
_HOSTS = 8
_MONTH = len("2021-03")
_RELEASE_SLACK = timedelta(days=2)
"""A release has a day of somewhere on Earth, and a statement often a rounded one."""


def contradictions_of(
    observations: Observations,
    lid: Lid,
    torn: Disagreement | None,
    facts: Facts,
    table: BuildTable,
    catalogue: Catalogue,
) -> tuple[Limit, ...]:
    """All contradictions, as decisive limits."""
    return (
        *_several_hosts(observations, catalogue),
        *_after_collection(observations, facts, catalogue),
        *_before_release(lid, table, catalogue),
        *_builds(observations, lid, table, catalogue),
        *_torn(torn, catalogue),
        *_entry_through_a_lid(observations, lid, catalogue),
    )


def _several_hosts(observations: Observations, catalogue: Catalogue) -> list[Limit]:
    if len(observations.writers) < 2:
        return []
    text = catalogue.text("contradiction.several_hosts", names=listed(observations.writers, catalogue, _HOSTS))
    remedy = catalogue.text("contradiction.several_hosts_remedy")
    return [Limit(id="contradiction-several-hosts", text=text, remedy=remedy, decisive=True)]


def _after_collection(observations: Observations, facts: Facts, catalogue: Catalogue) -> list[Limit]:
    last = observations.last_moment()
    if facts.collected_at is None or last is None or last <= facts.collected_at + CLOCK_SLACK:
        return []
    text = catalogue.text(
        "contradiction.after_collection",
        last=f"{last:%Y-%m-%d %H:%M}",
        collected=f"{facts.collected_at:%Y-%m-%d %H:%M}",
    )
    remedy = catalogue.text("contradiction.after_collection_remedy")
    return [Limit(id="contradiction-after-collection", text=text, remedy=remedy, decisive=True)]


def _before_release(lid: Lid, table: BuildTable, catalogue: Catalogue) -> list[Limit]:
    """A fixed build that is said to have run before it existed: the patch is dated too early, the window too short.

    A setup log can be forged, or written by a clock that was wrong. A vulnerable build that is dated too early changes
    nothing.
    """
    for one in lid.builds:
        if one.certainty is Certainty.HINT or one.at is None or (released := _released(one.build, table)) is None:
            continue
        if one.at < released - _RELEASE_SLACK:
            text = catalogue.text(
                "contradiction.before_release",
                source=catalogue.text("contradiction.facts") if one.certainty is Certainty.STATED else one.source,
                build=one.build,
                stated=f"{one.at:%Y-%m-%d}",
                released=f"{released:%Y-%m-%d}",
            )
            remedy = catalogue.text("contradiction.builds_remedy")
            return [Limit(id="contradiction-before-release", text=text, remedy=remedy, decisive=True)]
    return []


def _released(build: str, table: BuildTable) -> datetime | None:
    """When a build that has the fix was released; None if that is not known."""
    found = table.state(build)
    released = found.known.released if found.known and found.exact and found.state in CLOSED else None
    try:
        return parse_instant(released if len(released) > _MONTH else f"{released}-01") if released else None
    except ValueError:
        return None


def _builds(observations: Observations, lid: Lid, table: BuildTable, catalogue: Catalogue) -> list[Limit]:
    """The last statement says patched, while what was proven at or after it is vulnerable (or the other way round).

    Whoever states an old build since a day leaves the update to the setup log or the program file that was collected.
    An event that calls it installed does not outweigh him: the files may have stayed as they were. Nor does a first
    installation: before it there was no build.
    """
    stated = [b for b in lid.builds if b.certainty is Certainty.STATED]
    proven = [b for b in lid.builds if b.certainty is Certainty.PROVEN]
    if not stated or not proven:
        return []
    last, other = stated[-1], proven[-1]
    older = other.at is not None and last.at is not None and other.at < last.at
    said, seen = (table.state(one.build).state for one in (last, other))
    if older or State.VULNERABLE not in (said, seen) or CLOSED.isdisjoint((said, seen)):
        return []
    updated = seen is State.PATCHED and other.installed is None and other not in observations.updates
    if updated and last.at is not None and last.at != other.at:
        return []
    text = catalogue.text("contradiction.builds", stated=last.build, proven=other.build, source=other.source)
    remedy = catalogue.text("contradiction.builds_remedy")
    return [Limit(id="contradiction-builds", text=text, remedy=remedy, decisive=True)]


def _torn(torn: Disagreement | None, catalogue: Catalogue) -> list[Limit]:
    if torn is None:
        return []
    key = "half_installed" if torn.together else "two_folders"
    new, old = torn.new, torn.old
    text = catalogue.text(
        f"contradiction.{key}", new=new.build, new_file=new.source, old=old.build, old_file=old.source
    )
    remedy = catalogue.text(f"contradiction.{key}_remedy")
    return [Limit(id=f"contradiction-{key.replace('_', '-')}", text=text, remedy=remedy, decisive=True)]


def _entry_through_a_lid(observations: Observations, lid: Lid, catalogue: Catalogue) -> list[Limit]:
    if lid.state is not LidState.PATCHED or lid.since is None:
        return []
    patched = lid.since
    late = [
        f
        for f in observations.proofs(Rung.EXPLOITED)
        if f.effect is Effect.SHOWS and f.time is not None and f.time > patched + CLOCK_SLACK
    ]
    if not late:
        return []
    text = catalogue.text(
        "contradiction.entry_through_lid", patched=f"{patched:%Y-%m-%d %H:%M}", entry=f"{late[0].time:%Y-%m-%d %H:%M}"
    )
    return [Limit(id=THROUGH_LID, text=text, remedy=catalogue.text("contradiction.builds_remedy"), decisive=True)]
