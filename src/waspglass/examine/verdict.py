"""From rungs, implants and the window to one of five words."""

from __future__ import annotations

from dataclasses import dataclass

from waspglass.examine.case import Case
from waspglass.model.assessment import Lid, LidState, Verdict
from waspglass.model.finding import Effect, Rung

__all__ = ["Decision", "decide", "rests_on_answers"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict and the word that explains it.

    Attributes:
        verdict: The answer.
        rungs: Rungs that were reached, lowest first.
        key: Which sentence says it; a key of the message catalogue.
    """

    verdict: Verdict
    rungs: tuple[Rung, ...]
    key: str


def decide(case: Case) -> Decision:
    """The verdict.

    Something that was seen outweighs anything that was not: findings decide first, from the top of the ladder down.
    Without findings, only a window that is covered completely by sources able to show an entry, and evidence that does
    not contradict itself, give `clean`.
    """
    observations, lid, implants = case.observations, case.lid, case.implants
    rungs = tuple(rung for rung in Rung if observations.proofs(rung))
    entered: list[Rung] = [rung for rung in rungs if rung is not Rung.PROBED]
    if any(implant.present for implant in implants):
        return Decision(Verdict.OCCUPIED, rungs, _occupied_key(lid, case))
    if entered:
        return Decision(Verdict.COMPROMISED, rungs, _compromised_key(case, entered))
    if rungs:
        return Decision(Verdict.ATTEMPTED, rungs, _attempted_key(case))
    if case.contradictions:
        return Decision(Verdict.CANNOT_TELL, (), "contradicted")
    return _without_findings(case)


def _occupied_key(lid: Lid, case: Case) -> str:
    if case.through_lid:
        return "occupied_through_lid"
    # An accusation that rests on answers alone names in its first words what else could explain it.
    alone = "_by_answers" if rests_on_answers(case) else ""
    match lid.state:
        case LidState.PATCHED:
            return f"patched_but_occupied{alone}"
        case LidState.VULNERABLE:
            return f"vulnerable_and_occupied{alone}"
        case LidState.NEVER_VULNERABLE:
            return f"occupied_never_vulnerable{alone}"
        case _:
            return f"occupied{alone}"


def _attempted_key(case: Case) -> str:
    exposed = case.exposed
    if case.contradictions:
        return "attempted_contradicted"
    if case.lid.state is LidState.NEVER_VULNERABLE:
        return "attempted_never_vulnerable"
    if case.open_question:
        return f"attempted_{case.open_question}"
    if exposed.window is None or case.observations.blinded:
        return "attempted_open"
    if exposed.missing:
        return "attempted_with_gaps"
    return "attempted" if exposed.end_known else "attempted_end_unknown"


def _compromised_key(case: Case, entered: list[Rung]) -> str:
    observations, implants = case.observations, case.implants
    alone = "_by_answers" if rests_on_answers(case) else ""
    if implants and all(implant.present is False for implant in implants):
        return f"compromised_gone{alone}"
    if implants:
        return f"compromised_unclear{alone}"
    if entered == [Rung.EXPLOITED]:
        failed = any(f.effect is Effect.FAILED for f in observations.proofs(Rung.EXPLOITED))
        return "compromised_failed_write" if failed else "compromised_session"
    if Rung.USED in entered:
        return "compromised_used"
    return "compromised"


def rests_on_answers(case: Case) -> bool:
    """True if all that speaks of an intruder is that pages answered: no entry, no writing, no content, no damage."""
    beyond = case.observations.beyond_probes()
    return bool(beyond) and all(one.rung is Rung.USED and one.subject is not None for one in beyond)


def _without_findings(case: Case) -> Decision:
    observations, lid, exposed = case.observations, case.lid, case.exposed
    if not any(c.files for c in observations.coverage):
        return Decision(Verdict.CANNOT_TELL, (), "nothing_to_read")
    if lid.state is LidState.NEVER_VULNERABLE:
        return Decision(Verdict.CLEAN, (), "clean_never_vulnerable")
    if case.open_question:
        return Decision(Verdict.CANNOT_TELL, (), case.open_question)
    if exposed.window is None:
        return Decision(Verdict.CANNOT_TELL, (), "ends_early" if exposed.ends_early else "no_window")
    if not exposed.sources:
        return Decision(Verdict.CANNOT_TELL, (), "in_part" if exposed.in_part else "no_source")
    if exposed.missing:
        return Decision(Verdict.CANNOT_TELL, (), "missing_hours")
    if observations.blinded:
        return Decision(Verdict.CANNOT_TELL, (), "blinded")
    if not exposed.end_known:
        return Decision(Verdict.CANNOT_TELL, (), "end_unknown")
    return Decision(Verdict.CLEAN, (), "clean")
