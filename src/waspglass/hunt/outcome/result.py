"""What a hunt gives, what it may be told, and what it tells while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from waspglass.hunt.outcome.ability import Unable
from waspglass.hunt.outcome.not_found import NotFound
from waspglass.hunt.outcome.servers import Wrote
from waspglass.model.finding import Finding
from waspglass.model.skip import Skipped

__all__ = ["HuntResult", "Limits", "OnProgress", "Progress", "Scanned"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that keep a hunt's memory and a report's size independent of the evidence.

    Attributes:
        per_rule: Findings kept per rule and source; further matches are counted.
        context_per_actor: Context lines kept per address, session or implant.
        line: Bytes of one line; longer ones are skipped and counted.
        correlated: Events kept for correlations: of one file, and of all.
        yara_seconds: Time that YARA may take for one file.
    """

    per_rule: int = 100
    context_per_actor: int = 200
    line: int = 1 << 20
    correlated: int = 300_000
    yara_seconds: int = 10


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a hunt is.

    Attributes:
        source: What is read now.
        bytes: Bytes of evidence scanned so far, over both passes.
        findings: Findings so far.
        stage: `scan`, or `follow-up` for the second pass.
    """

    source: str
    bytes: int
    findings: int
    stage: str


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Scanned:
    """A file that was read, for coverage.

    Attributes:
        kind: Kind of the artefact.
        source: Path inside the evidence.
        bytes: Bytes read.
        records: Records in it where they were counted (readers of records), else None.
        moments: Moments of records. Of a text log spread over the file in order of place (one a block of about 1 MB,
            the first and the last record among them): a silence longer than the kind's `gap_hours` between two of them
            may be a gap. Of a reader's records the first and last of each stretch as long as that: it is a gap.
        unable: Stretches of a text log whose header lacks columns that its kind requires.
        channels: Channels of the Windows events in it; None if it holds none, or does not say.
        servers: Who wrote the records in it. Of a text log by some of its records only, and none of events in one.
    """

    kind: str
    source: str
    bytes: int
    records: int | None = None
    moments: tuple[datetime, ...] = ()
    unable: tuple[Unable, ...] = ()
    channels: tuple[str, ...] | None = None
    servers: tuple[Wrote, ...] = ()

    @property
    def first(self) -> datetime | None:
        """The earliest moment known."""
        return min(self.moments, default=None)

    @property
    def last(self) -> datetime | None:
        """The latest moment known."""
        return max(self.moments, default=None)


@dataclass(frozen=True, slots=True)
class HuntResult:
    """All that a hunt found, ordered by time, then source and place.

    Attributes:
        findings: Matches of rules, indicators, YARA and correlations.
        context: What the actors of the findings did besides (effect `context`).
        skipped: What could not be looked at or run, and what was left out.
        scanned: The files that were read.
        not_found: When logs say that something is not there.
    """

    findings: tuple[Finding, ...]
    context: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    scanned: tuple[Scanned, ...]
    not_found: tuple[NotFound, ...] = ()
