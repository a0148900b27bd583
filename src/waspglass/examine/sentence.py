"""The sentence that a report opens with."""

from __future__ import annotations

from datetime import datetime

from waspglass.examine.observations import Observations
from waspglass.examine.verdict import Decision
from waspglass.examine.window import Exposure
from waspglass.model.assessment import Implant, Lid
from waspglass.model.finding import Rung
from waspglass.model.language import Catalogue

__all__ = ["say"]


def say(
    decision: Decision,
    observations: Observations,
    lid: Lid,
    implants: tuple[Implant, ...],
    exposed: Exposure,
    catalogue: Catalogue,
) -> str:
    """One sentence, or two short ones, with the facts that a reader asks for first."""
    there = [implant for implant in implants if implant.present]
    first = next((f.time for rung in Rung for f in observations.proofs(rung) if f.time is not None), None)
    entry = _first_entry(observations)
    values: dict[str, object] = {
        "patched": _day(lid.since, catalogue),
        "first": _day(first, catalogue),
        "entry": _day(entry, catalogue),
        "implants": _named(there or list(implants), catalogue),
        "count": len(there or implants),
        "written": _day(_earliest(there or list(implants)), catalogue),
        "hours": f"{sum(span.hours for span in exposed.missing):.0f}",
        "from": _day(exposed.window.from_ if exposed.window else None, catalogue),
        "to": _day(exposed.window.to if exposed.window else None, catalogue),
        "probes": len(observations.proofs(Rung.PROBED)),
        "sources": ", ".join(exposed.sources),
    }
    return catalogue.text(f"sentence.{decision.key}", **values) + _worst(decision, catalogue)


def _worst(decision: Decision, catalogue: Catalogue) -> str:
    """Impact is said in the first sentence even where the verdict's own word does not contain it."""
    return " " + catalogue.text("sentence.impact") if Rung.IMPACT in decision.rungs else ""


def _first_entry(observations: Observations) -> datetime | None:
    moments = [
        f.time for rung in Rung if rung is not Rung.PROBED for f in observations.proofs(rung) if f.time is not None
    ]
    return min(moments, default=None)


def _earliest(implants: list[Implant]) -> datetime | None:
    moments = [m for implant in implants for m in (implant.written, implant.first_used) if m is not None]
    return min(moments, default=None)


def _named(implants: list[Implant], catalogue: Catalogue) -> str:
    named = [i.subject if i.subject != "?" else catalogue.text("sentence.unnamed") for i in implants]
    if len(named) <= 2:
        return ", ".join(named)
    return catalogue.text("sentence.and_more", shown=", ".join(named[:2]), more=len(named) - 2)


def _day(moment: datetime | None, catalogue: Catalogue) -> str:
    return f"{moment:%Y-%m-%d}" if moment is not None else catalogue.text("sentence.unknown_day")
