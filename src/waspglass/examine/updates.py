"""Which updates the event logs tell of: they date a patch that a setup log does not know.

Setup logs name cumulative updates only. What Windows Installer and Windows Update write is caught by rules of the pack,
as context: the title of the update as `update`, or as `update_removed`, and the server as `computer`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from waspglass.evidence.server_name import short_name
from waspglass.model.facts import BuildSighting, Certainty
from waspglass.model.finding import Effect, Finding
from waspglass.packs.pack import BuildRow
from waspglass.packs.update_titles import build_of_update, build_without_update

__all__ = ["FORWARDED", "tells_of_update", "updated_computers", "updates_told"]

FORWARDED = "forwardedevents"
"""The log in which Windows keeps what other computers sent."""

_BEHIND = timedelta(hours=12)
"""No clock is farther behind UTC."""

_INSTALLED, _REMOVED, _COMPUTER = "update", "update_removed", "computer"


def tells_of_update(finding: Finding) -> bool:
    """True for what only says that the server was updated, and nothing of an intruder."""
    return finding.effect is Effect.CONTEXT and not finding.fields.keys().isdisjoint((_INSTALLED, _REMOVED))


def updated_computers(findings: Iterable[Finding]) -> frozenset[str]:
    """The computers that were updated, without their domain, by logs of their own."""
    told = (one for one in findings if tells_of_update(one) and FORWARDED not in one.source.lower())
    return frozenset(short_name(one.fields[_COMPUTER]) for one in told if one.fields.get(_COMPUTER))


def updates_told(
    findings: Iterable[Finding],
    rows: tuple[BuildRow, ...],
    hostname: str | None,
    *,
    named: frozenset[str] = frozenset(),
    to_the_end: bool = True,
    zoneless: frozenset[str] = frozenset(),
) -> tuple[BuildSighting, ...]:
    """A sighting for each change of the build, by time.

    Logs may hold events of other servers, which were forwarded, or are older than the server's name: what another
    computer wrote is no more than a hint, and so is all of it where the name is not known and several wrote. After the
    removal of an update of which nobody knows what it leaves, nothing that was told before holds.

    Args:
        findings: What rules caught; those that tell of no update are passed over.
        rows: The pack's builds.
        hostname: Of the server, by the facts or the evidence.
        named: Servers that wrote events of any sort, without their domain.
        to_the_end: False if later events were left out: all are hints then, for an update may be removed again.
        zoneless: Kinds whose local times were read as UTC. The updates were installed at the latest moment that such a
            time can mean, so that no server is called patched before it was.
    """
    told = sorted(
        (
            (one.time + (_BEHIND if one.kind in zoneless else timedelta()), one)
            for one in findings
            if one.time is not None and tells_of_update(one)
        ),
        key=lambda pair: (pair[0], pair[1].id),
    )
    wrote = updated_computers(one for _, one in told)
    own = {short_name(hostname)} if hostname else wrote if len(wrote | named) == 1 else frozenset[str]()
    sightings: list[BuildSighting] = []
    for moment, one in told:
        build = _build_after(one, rows)
        computer = one.fields.get(_COMPUTER)
        proven = to_the_end and (not computer or short_name(computer) in own)
        certainty = Certainty.PROVEN if proven else Certainty.HINT
        last = sightings[-1] if sightings else None
        if build is None:
            if _REMOVED in one.fields:
                sightings = [before for before in sightings if before.certainty is not certainty]
        elif last is None or (last.build, last.certainty) != (build, certainty):
            sightings.append(BuildSighting(build=build, at=moment, source=one.source, certainty=certainty))
    return tuple(sightings)


def _build_after(finding: Finding, rows: tuple[BuildRow, ...]) -> str | None:
    removed = finding.fields.get(_REMOVED)
    return build_of_update(finding.fields[_INSTALLED], rows) if removed is None else build_without_update(removed, rows)
