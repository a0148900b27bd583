"""One match: what was seen, when, where, which rule says so, and what it proves."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from waspglass.model.document import Document, Instant

__all__ = ["EXCERPT_LIMIT", "Actor", "Effect", "Finding", "Rung"]

EXCERPT_LIMIT = 2000
"""Characters of a raw line that a finding keeps; what was cut is said."""


class Rung(StrEnum):
    """How far an intruder got. The order is the ladder; compare with `height`."""

    PROBED = "probed"
    EXPLOITED = "exploited"
    IMPLANTED = "implanted"
    USED = "used"
    IMPACT = "impact"

    @property
    def height(self) -> int:
        """0 for probed up to 4 for impact."""
        return list(Rung).index(self)


class Effect(StrEnum):
    """What a finding says about its rung."""

    SHOWS = "shows"
    """The rung was reached."""
    FAILED = "failed"
    """The action was tried and the log says that it failed; it counts for the rung named, which is the lower one."""
    ENDS = "ends"
    """The subject (an implant) is no longer there from this moment on."""
    CONTEXT = "context"
    """Belongs to the story (what else this address did) and proves no rung by itself."""
    HINT = "hint"
    """Deserves a look by a person; never decides a verdict alone."""


class Actor(Document):
    """Who acted, as far as the record tells.

    Attributes:
        address: IP address as written in the log.
        user_agent: As written in the log.
        account: Account under which it happened.
        session: A session identifier that joins records of different logs.
    """

    address: str | None = None
    user_agent: str | None = None
    account: str | None = None
    session: str | None = None


class Finding(Document):
    """One match with time, place, rule and rung.

    Attributes:
        id: Stable: the same evidence and pack give the same id (a digest of rule, source and place).
        rung: The rung that it speaks of; None only for context.
        effect: What it says about the rung.
        rule: Id of the rule, indicator or check.
        title: What the rule says happened, one line.
        time: When it happened, if the record says.
        kind: Artefact kind of the source, as the pack names it.
        source: Path inside the evidence.
        line: 1-based line in a text file.
        record: EVTX record id.
        offset: Byte offset in a binary file.
        excerpt: The raw record, escaped without loss, at most 2,000 characters.
        actor: Who.
        subject: What it is about, normalised so that findings can be joined: an implant's URL path or file path.
        techniques: ATT&CK technique ids.
        evidence: Ids of findings that this one was concluded from (correlations and joins).
        fields: Named values that the rule captured, for tables and joins; escaped.
    """

    id: str
    rung: Rung | None
    effect: Effect = Effect.SHOWS
    rule: str
    title: str
    time: Instant | None = None
    kind: str | None = None
    source: str
    line: int | None = None
    record: int | None = None
    offset: int | None = None
    excerpt: str = ""
    actor: Actor | None = None
    subject: str | None = None
    techniques: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    fields: dict[str, str] = Field(default_factory=dict)

    @property
    def proves(self) -> bool:
        """Whether it proves its rung. A failed action does, too: its rung is the one that was needed to try it."""
        return self.rung is not None and self.effect in (Effect.SHOWS, Effect.FAILED)
