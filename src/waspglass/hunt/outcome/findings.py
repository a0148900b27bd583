"""Turns hits into findings: stable ids, exact line numbers, escaped excerpts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from waspglass.evidence.artefact import Place
from waspglass.evidence.skip_log import shown_source
from waspglass.hunt.outcome.collect import Hit
from waspglass.model.escape import bounded, printable, printable_bytes
from waspglass.model.finding import EXCERPT_LIMIT, Actor, Effect, Finding

__all__ = ["finding_id", "finding_of", "in_order"]

_FIELD_LIMIT = 500
_NEVER = datetime.max.replace(tzinfo=UTC)


def finding_id(rule: str, source: str, place: Place) -> str:
    """16 hex digits over rule, source and place."""
    where = f"{place.line}/{place.record}/{place.offset if place.line is None else None}"
    text = "\0".join((rule, source, where))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _actor(actor: Actor | None) -> Actor | None:
    if actor is None:
        return None
    return Actor(
        address=actor.address and printable(actor.address),
        user_agent=actor.user_agent and printable(actor.user_agent),
        account=actor.account and printable(actor.account),
        session=actor.session and printable(actor.session),
    )


def finding_of(hit: Hit, *, effect: Effect | None = None, evidence: tuple[str, ...] = ()) -> Finding:
    """The finding of a hit; `effect` overrides the rule's for hits that only support a correlation."""
    meaning = hit.rule.meaning
    subject = hit.values.get(meaning.subject) if meaning.subject is not None else None
    place, chosen = hit.place, effect or meaning.effect
    return Finding(
        id=finding_id(hit.rule.id, hit.source, place),
        rung=None if chosen is Effect.CONTEXT else meaning.rung,
        effect=chosen,
        rule=printable(hit.rule.name),
        title=printable(hit.rule.title),
        time=hit.time,
        kind=hit.kind,
        source=shown_source(hit.source),
        line=place.line,
        record=place.record,
        offset=place.offset if place.line is None and place.record is None else None,
        excerpt=bounded(printable_bytes(hit.raw.rstrip(b"\r\n")), EXCERPT_LIMIT),
        actor=_actor(hit.actor),
        subject=None if subject is None else bounded(printable(subject), _FIELD_LIMIT),
        techniques=meaning.techniques,
        evidence=evidence,
        fields={name: bounded(printable(value), _FIELD_LIMIT) for name, value in hit.values.items()},
    )


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By time (unknown last), source and place, so that a result does not depend on how it was made."""
    return tuple(
        sorted(
            findings,
            key=lambda one: (one.time or _NEVER, one.source, one.line or 0, one.record or 0, one.offset or 0, one.rule),
        )
    )
