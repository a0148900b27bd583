"""For which span of time a kind of artefact can speak, and where it is silent."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field, model_validator

from waspglass.model.document import Document, Instant

__all__ = ["Coverage", "Span", "disjoint"]


class Span(Document):
    """A stretch of time, both ends included.

    Attributes:
        from_: Start (`from` in JSON).
        to: End, not before the start.
        reason: For a gap: what is known about why it is there.
    """

    from_: Instant = Field(alias="from", serialization_alias="from")
    to: Instant
    reason: str | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Span:
        if self.to < self.from_:
            msg = f"a span cannot end ({self.to}) before it starts ({self.from_})"
            raise ValueError(msg)
        return self

    @property
    def hours(self) -> float:
        """Length in hours."""
        return (self.to - self.from_).total_seconds() / 3600


def disjoint(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order that cover the same moments; those that touch become one, with the reason of the first."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.from_, one.to)):
        if merged and span.from_ <= merged[-1].to:
            if span.to > merged[-1].to:
                merged[-1] = Span(from_=merged[-1].from_, to=span.to, reason=merged[-1].reason)
        else:
            merged.append(span)
    return tuple(merged)


class Coverage(Document):
    """What one kind of artefact can speak for.

    Attributes:
        kind: The artefact kind, as the pack names it.
        title: What a person calls it, in the report's language; None: the kind itself.
        from_: First moment covered; None if there is nothing of this kind.
        to: Last moment covered.
        gaps: Spans between them without records, beyond what is normal for this kind.
        files: How many files of the kind were read.
        bytes: Their size, uncompressed.
        records: Lines or events in them, where they were counted.
        shows: The rungs that this kind is able to show.
        entry: True if this kind would have shown an entry through the campaign's flaws.
    """

    kind: str
    title: str | None = None
    from_: Instant | None = Field(default=None, alias="from", serialization_alias="from")
    to: Instant | None = None
    gaps: tuple[Span, ...] = ()
    files: int = 0
    bytes: int = 0
    records: int | None = None
    shows: tuple[str, ...] = ()
    entry: bool = False
