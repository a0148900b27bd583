"""Times of files: copying changes them and an intruder can set them, so they date an act only within limits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.format import format_of
from waspglass.evidence.skip_log import shown_source
from waspglass.examine.observations import Observations
from waspglass.model.finding import Finding
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import ArtefactKind, Pack

__all__ = ["act_time", "credible", "file_timed", "file_timed_kinds", "local_timed_kinds"]


def file_timed(kind: ArtefactKind) -> bool:
    """True if the records of a kind have the time of their file."""
    return format_of(kind.format).file_timed


def file_timed_kinds(pack: Pack) -> frozenset[str]:
    """The pack's kinds whose findings are dated by their file."""
    return frozenset(kind.kind for kind in pack.kinds if file_timed(kind))


def local_timed_kinds(pack: Pack, artefacts: Iterable[Artefact], skipped: Iterable[Skipped]) -> frozenset[str]:
    """The pack's kinds whose times are those of the server's clock, by the format or as skips tell of its files."""
    told = {skip.source for skip in skipped if skip.reason is SkipReason.BAD_TIME}
    some = (one for one in artefacts if format_of(one.format).some_local and shown_source(one.file.path) in told)
    always = (kind.kind for kind in pack.kinds if format_of(kind.format).local_times)
    return frozenset((*always, *(one.kind for one in some)))


def credible(findings: Iterable[Finding], kinds: frozenset[str], latest: datetime) -> tuple[Finding, ...]:
    """Drops the time of files that is later than what can be: copying set it, not the intruder."""
    return tuple(
        one.model_copy(update={"time": None})
        if one.kind in kinds and one.time is not None and one.time > latest
        else one
        for one in findings
    )


def act_time(finding: Finding, observations: Observations, pack: Pack) -> datetime | None:
    """When something was done; None if only a file's time says so and that lies before the campaign.

    Such a time was set on purpose, or came with the content; the finding itself keeps it.
    """
    if finding.kind not in observations.file_timed or finding.time is None:
        return finding.time
    return finding.time if finding.time >= pack.window.first_exploitation else None
