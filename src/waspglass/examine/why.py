"""The evidence tree: the verdict's claims, each with what it rests on."""

from __future__ import annotations

from waspglass.examine.case import Case
from waspglass.examine.duration import counted, duration
from waspglass.examine.implants import shown_subject
from waspglass.examine.observations import Observations, by_time
from waspglass.examine.verdict import Decision
from waspglass.examine.window import Exposure
from waspglass.model.assessment import EvidenceNode, Implant, Lid, LidState
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.language import Catalogue
from waspglass.packs.pack import Pack

__all__ = ["explain"]

_HOLES = 20


def explain(sentence: str, decision: Decision, case: Case, catalogue: Catalogue) -> EvidenceNode:
    """The tree: lid, ladder (rung by rung), implants, coverage of the window, contradictions."""
    branches = [_lid(case.lid, catalogue), _ladder(decision, case.observations, catalogue)]
    if case.implants:
        branches.append(_implants(case.implants, catalogue))
    branches.append(_window(case.exposed, case.observations, catalogue))
    branches += _late(case.exposed, case.lid, case.pack, catalogue)
    branches += [EvidenceNode(claim=limit.text, holds=True) for limit in case.contradictions]
    return EvidenceNode(claim=sentence, holds=True, children=tuple(branches))


def _lid(lid: Lid, catalogue: Catalogue) -> EvidenceNode:
    holds = None if lid.state is LidState.UNKNOWN else True
    return EvidenceNode(claim=catalogue.text("why.lid", reason=lid.reason), holds=holds)


def _ladder(decision: Decision, observations: Observations, catalogue: Catalogue) -> EvidenceNode:
    nodes = tuple(_rung(rung, observations, catalogue) for rung in Rung)
    reached = decision.rungs[-1] if decision.rungs else None
    claim = (
        catalogue.text("why.ladder", rung=catalogue.text(f"rung.{reached.value}"))
        if reached
        else catalogue.text("why.ladder_none")
    )
    return EvidenceNode(claim=claim, holds=True, children=nodes)


def _rung(rung: Rung, observations: Observations, catalogue: Catalogue) -> EvidenceNode:
    name = catalogue.text(f"rung.{rung.value}")
    proofs = observations.proofs(rung)
    if proofs:
        return EvidenceNode(
            claim=catalogue.text("why.rung_reached", rung=name, count=len(proofs)),
            holds=True,
            children=tuple(_rule(found) for found in _by_rule(proofs)),
        )
    able = [c.kind for c in observations.coverage if c.files and rung.value in c.shows]
    if able:
        claim = catalogue.text("why.rung_not_seen", rung=name, kinds=observations.titles(able))
        return EvidenceNode(claim=claim, holds=False)
    return EvidenceNode(claim=catalogue.text("why.rung_unseen", rung=name), holds=None)


def _by_rule(proofs: tuple[Finding, ...]) -> list[list[Finding]]:
    groups: dict[tuple[str, Effect], list[Finding]] = {}
    for finding in proofs:
        groups.setdefault((finding.rule, finding.effect), []).append(finding)
    return sorted(groups.values(), key=lambda found: by_time(found[0]))


def _rule(found: list[Finding]) -> EvidenceNode:
    return EvidenceNode(claim=found[0].title, holds=True, findings=tuple(f.id for f in found))


def _implants(implants: tuple[Implant, ...], catalogue: Catalogue) -> EvidenceNode:
    nodes = tuple(
        EvidenceNode(claim=_life(implant, catalogue), holds=implant.present, findings=implant.findings)
        for implant in implants
    )
    there = sum(implant.present is True for implant in implants)
    claim = catalogue.text("why.implants", count=len(implants), there=there)
    return EvidenceNode(claim=claim, holds=True, children=nodes)


def _life(implant: Implant, catalogue: Catalogue) -> str:
    parts = [shown_subject(implant.subject, catalogue)]
    for word, moment in (
        ("written", implant.written),
        ("first_used", implant.first_used),
        ("last_used", implant.last_used),
        ("gone", implant.gone),
    ):
        if moment is not None:
            parts.append(catalogue.text(f"life.{word}", time=f"{moment:%Y-%m-%d %H:%M:%S}"))
    state = "presumed" if implant.presumed else {True: "present", False: "absent", None: "open"}[implant.present]
    return ", ".join([*parts, catalogue.text(f"life.{state}")])


def _window(exposed: Exposure, observations: Observations, catalogue: Catalogue) -> EvidenceNode:
    if exposed.window is None:
        return EvidenceNode(claim=catalogue.text("why.no_window"), holds=None)
    span = {"from": f"{exposed.window.from_:%Y-%m-%d %H:%M}", "to": f"{exposed.window.to:%Y-%m-%d %H:%M}"}
    if not exposed.missing:
        claim = catalogue.text("why.covered", sources=observations.titles(exposed.sources), **span)
        return EvidenceNode(claim=claim, holds=True)
    holes = [
        EvidenceNode(
            claim=catalogue.text(
                "why.hole",
                start=f"{s.from_:%Y-%m-%d %H:%M}",
                end=f"{s.to:%Y-%m-%d %H:%M}",
                missing=duration(s.hours, catalogue),
            ),
            holds=None,
        )
        for s in exposed.missing[:_HOLES]
    ]
    if len(exposed.missing) > _HOLES:
        more = catalogue.text("why.more_holes", number=len(exposed.missing) - _HOLES)
        holes.append(EvidenceNode(claim=more, holds=None))
    missing = duration(sum(s.hours for s in exposed.missing), catalogue)
    claim = catalogue.text("why.not_covered", missing=missing, **span)
    return EvidenceNode(claim=claim, holds=None, children=tuple(holes))


def _late(exposed: Exposure, lid: Lid, pack: Pack, catalogue: Catalogue) -> list[EvidenceNode]:
    """How long the entrance stood open when a patch was there, and when anybody could have used a published exploit."""
    if exposed.window is None or lid.state is LidState.UNKNOWN or lid.no_entry:
        return []
    moments = (("late_patch", pack.window.patch_available), ("late_exploit", pack.window.public_exploit))
    seen = lid.not_before if lid.state is LidState.VULNERABLE else None
    end = exposed.window.to if seen is None else min(seen, exposed.window.to)
    nodes: list[EvidenceNode] = []
    for key, moment in moments:
        if moment is None or (days := (end - moment).days) <= 0:
            continue
        shown = counted("days", days, catalogue)
        if end < exposed.window.to:
            shown = catalogue.text("count.at_least", counted=shown)
        nodes.append(EvidenceNode(claim=catalogue.text(f"why.{key}", day=f"{moment:%Y-%m-%d}", days=shown), holds=True))
    return nodes
