"""`assessment.json`: the result for one host and the contract between capabilities and with users' own scripts."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import Field

from waspglass.model.coverage import Coverage, Span
from waspglass.model.document import Document, Instant
from waspglass.model.facts import BuildSighting
from waspglass.model.finding import Finding, Rung
from waspglass.model.skip import Skipped

__all__ = [
    "EXIT_CODES",
    "SCHEMA",
    "UNNAMED",
    "Advice",
    "Assessment",
    "Clock",
    "EvidenceNode",
    "Host",
    "Implant",
    "Lid",
    "LidState",
    "Limit",
    "PackReference",
    "TimelineEvent",
    "Verdict",
]

SCHEMA: Literal["waspglass/assessment/1"] = "waspglass/assessment/1"


UNNAMED = "?"
"""`subject` of an implant of which only the writing was seen, not its name."""


class Verdict(StrEnum):
    """The answer. `docs/reference/verdicts.md` defines each word."""

    CLEAN = "clean"
    ATTEMPTED = "attempted"
    COMPROMISED = "compromised"
    OCCUPIED = "occupied"
    CANNOT_TELL = "cannot tell"


EXIT_CODES: dict[Verdict, int] = {
    Verdict.CLEAN: 0,
    Verdict.ATTEMPTED: 10,
    Verdict.COMPROMISED: 20,
    Verdict.OCCUPIED: 30,
    Verdict.CANNOT_TELL: 40,
}
"""So that a script can branch on the worst of many."""


class LidState(StrEnum):
    """Patch state at the end of what the evidence shows."""

    VULNERABLE = "vulnerable"
    PATCHED = "patched"
    NEVER_VULNERABLE = "never vulnerable"
    UNKNOWN = "unknown"


class Lid(Document):
    """The lid axis.

    Attributes:
        state: Patch state at collection.
        since: For `patched`: from when at the latest; for `vulnerable`: the first sighting.
        not_before: The last moment at which the host was seen unpatched. For `patched` the patch lies between; for
            `vulnerable`: a patch since then was not looked for or left no trace, and None says that it is so by now.
        builds: What the state was concluded from, oldest first.
        reason: In sentences.
        no_entry: The campaign's flaws alone let nobody into builds of this product line.
    """

    state: LidState
    since: Instant | None = None
    not_before: Instant | None = None
    builds: tuple[BuildSighting, ...] = ()
    reason: str
    no_entry: bool = False


class Host(Document):
    """Which host the evidence is of; None where neither facts nor evidence say.

    Attributes:
        name: Of the server.
        timezone: IANA name with which local times were read.
        collected_at: The end of what can be known.
        evidence: Path as it was given.
        evidence_sha256: Digest of the list of examined files (path and size), not of their content.
    """

    name: str | None = None
    timezone: str | None = None
    collected_at: Instant | None = None
    evidence: str
    evidence_sha256: str | None = None


class PackReference(Document):
    """The pack that was used: its id, version and digest, so that the result can be repeated.

    Attributes:
        id: The pack's name.
        version: Its version.
        sha256: Digest over its files.
        title: What a person calls the campaign, in the report's language.
        cves: The flaws that the campaign used.
        added_rules: How many rules the user added.
    """

    id: str
    version: str
    sha256: str
    title: str
    cves: tuple[str, ...] = ()
    added_rules: int = 0


class Implant(Document):
    """Something that persists, with its life as far as it can be seen.

    Attributes:
        subject: URL path or file path, normalised; `?` if its name was not seen.
        written: When it was written.
        first_used: First successful use.
        last_used: Last successful use.
        gone: Since when it is seen to be absent; None also where a file or setting shows that it is there again.
        present: True: it is there. False: known to be gone. None: cannot be told.
        presumed: It was not seen at collection; it is taken to be there because nothing shows that it was removed.
        of_product: It has the name of a page of the product, which was written over: others have that page, too.
        findings: Ids of the findings that speak of it.
    """

    subject: str
    written: Instant | None = None
    first_used: Instant | None = None
    last_used: Instant | None = None
    gone: Instant | None = None
    present: bool | None = None
    presumed: bool = False
    of_product: bool = False
    findings: tuple[str, ...] = ()


class EvidenceNode(Document):
    """A node of the tree that explains the verdict: a claim, whether it holds, and what it rests on.

    Attributes:
        claim: One sentence in the report's language.
        holds: True, False, or None for "cannot be told".
        findings: Ids of findings; the leaves.
        children: What the claim was concluded from.
    """

    claim: str
    holds: bool | None
    findings: tuple[str, ...] = ()
    children: tuple[EvidenceNode, ...] = ()


class Limit(Document):
    """Something that this answer cannot see, and what would have shown it.

    Attributes:
        id: Stable word for scripts.
        text: One sentence.
        spans: The spans of time concerned.
        remedy: Which source would have shown it, or what to collect.
        decisive: True if the verdict would be firmer without this limit.
    """

    id: str
    text: str
    spans: tuple[Span, ...] = ()
    remedy: str | None = None
    decisive: bool = False


class Advice(Document):
    """A next step.

    Attributes:
        id: Stable word.
        title: Imperative, one line.
        text: How and why.
        priority: 1 = now, 2 = today, 3 = this week.
        sources: Where the advice comes from.
    """

    id: str
    title: str
    text: str
    priority: Literal[1, 2, 3] = 2
    sources: tuple[str, ...] = ()


class Clock(Document):
    """A legal deadline that may run.

    Attributes:
        id: Stable word, e.g. `gdpr-72h`.
        title: What is due.
        law: The article.
        hours: Time from becoming aware.
        months: Calendar months after those hours.
        text: Whom it concerns and what starts it.
    """

    id: str
    title: str
    law: str
    hours: int
    months: int = 0
    text: str

    def due(self, aware: datetime) -> datetime:
        """When it is due for somebody who became aware at a moment.

        A month ends on the day of the same number, or on the last day of a shorter month (Regulation (EEC, Euratom)
        No 1182/71, Article 3(2)(c)).
        """
        start = aware + timedelta(hours=self.hours)
        years, month = divmod(start.month - 1 + self.months, 12)
        day = min(start.day, monthrange(start.year + years, month + 1)[1])
        return start.replace(year=start.year + years, month=month + 1, day=day)


class TimelineEvent(Document):
    """A dated event of the campaign that reports draw beside the host's own history.

    Attributes:
        date: When.
        text: What happened, in the report's language.
        kind: What sort of event it is, as the pack names it.
        source: Who says so.
    """

    date: Instant
    text: str
    kind: str
    source: str


class Assessment(Document):
    """The result for one host. Every renderer reads only this.

    Attributes:
        schema_: Name and version of this format.
        generator: Program and version.
        created: When the assessment was made.
        language: Of the sentences: `en` or `de`.
        host: Whose evidence it is.
        pack: Which campaign pack was used.
        verdict: The answer.
        sentence: The answer in one sentence.
        lid: Patch state.
        rungs: Rungs that were reached, lowest first.
        first_entry: Earliest moment at which something shows that access was gained or more; times of files that lie
            before the campaign date nothing.
        last_activity: Latest such moment.
        window: When the host could have been entered.
        why: What the verdict was concluded from.
        implants: What persists or persisted.
        findings: What decided the rungs.
        context: What else the same actors did; proves no rung.
        review: Hints for a person; never decide a verdict.
        coverage: What each kind of artefact can speak for.
        skipped: What was not read.
        limits: What this answer cannot see.
        advice: Next steps.
        clocks: Legal deadlines that may run.
        campaign: Dates of the campaign, for drawing.
    """

    schema_: Literal["waspglass/assessment/1"] = Field(default=SCHEMA, alias="schema", serialization_alias="schema")
    generator: str
    created: Instant
    language: str
    host: Host
    pack: PackReference
    verdict: Verdict
    sentence: str
    lid: Lid
    rungs: tuple[Rung, ...]
    first_entry: Instant | None = None
    last_activity: Instant | None = None
    window: Span | None = None
    why: EvidenceNode
    implants: tuple[Implant, ...] = ()
    findings: tuple[Finding, ...] = ()
    context: tuple[Finding, ...] = ()
    review: tuple[Finding, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    limits: tuple[Limit, ...] = ()
    advice: tuple[Advice, ...] = ()
    clocks: tuple[Clock, ...] = ()
    campaign: tuple[TimelineEvent, ...] = ()
