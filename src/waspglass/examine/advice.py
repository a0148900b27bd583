"""Next steps and legal clocks: the pack's texts whose conditions hold for this host."""

from __future__ import annotations

from collections import defaultdict

from waspglass.examine.verdict import Decision
from waspglass.examine.window import Exposure
from waspglass.model.assessment import Advice, Clock, Lid, LidState
from waspglass.packs.pack import Pack

__all__ = ["advice_of", "clocks_of", "holds", "truths_of"]


def holds(when: tuple[str, ...], truths: frozenset[str]) -> bool:
    """True if for each key before the colon at least one of its conditions is among the truths.

    `("verdict:occupied", "verdict:compromised", "lid:vulnerable")` reads: occupied or compromised, and vulnerable.
    `always` holds always.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for condition in when:
        if condition != "always":
            groups[condition.partition(":")[0]].append(condition)
    return all(any(condition in truths for condition in group) for group in groups.values())


def truths_of(
    decision: Decision, lid: Lid, exposed: Exposure, *, blinded: bool = False, review: bool = False
) -> frozenset[str]:
    """What conditions of advice and clocks can ask for.

    Args:
        decision: The verdict and its rungs.
        lid: The patch state.
        exposed: The window; coverage is complete if no hour of it is missing.
        blinded: Files that would have shown an entry could not be read.
        review: There are hints for a person to review.
    """
    rungs = {f"rung:{rung.value}" for rung in decision.rungs}
    unknown = exposed.window is None and lid.state is not LidState.NEVER_VULNERABLE
    coverage = "incomplete" if exposed.missing or unknown or blinded else "complete"
    hints = {"review:some"} if review else set()
    facts = {f"verdict:{decision.verdict.value}", f"lid:{lid.state.value}", f"coverage:{coverage}"}
    return frozenset(facts | rungs | hints)


def advice_of(pack: Pack, truths: frozenset[str], language: str) -> tuple[Advice, ...]:
    """The steps that fit, most urgent first, in the pack's order among equals."""
    steps = [
        Advice(
            id=entry.id,
            title=entry.title.text(language),
            text=entry.text.text(language),
            priority=entry.priority,
            sources=entry.sources,
        )
        for entry in pack.advice
        if holds(entry.when, truths)
    ]
    return tuple(sorted(steps, key=lambda step: step.priority))


def clocks_of(pack: Pack, truths: frozenset[str], language: str) -> tuple[Clock, ...]:
    """The deadlines that may run, shortest first."""
    clocks = [
        Clock(
            id=entry.id,
            title=entry.title.text(language),
            law=entry.law.text(language),
            hours=entry.hours,
            months=entry.months,
            text=entry.text.text(language),
        )
        for entry in pack.clocks
        if holds(entry.when, truths)
    ]
    return tuple(sorted(clocks, key=lambda clock: (clock.months, clock.hours)))
