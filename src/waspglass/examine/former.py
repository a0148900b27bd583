"""What is known from copies alone: former configurations, backups and quarantines tell what was there once."""

from __future__ import annotations

from collections.abc import Iterable

from waspglass.evidence.artefact import Artefact
from waspglass.examine.observations import Observations
from waspglass.model.assessment import Implant
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.packs.pack import Pack

__all__ = ["current_settings", "kept_elsewhere", "known_from_copies", "set_otherwise_now"]


def current_settings(artefacts: Iterable[Artefact], pack: Pack) -> frozenset[tuple[str, str]]:
    """Kind and name of the collected files of which the pack knows former ones too, such as a configuration."""
    kept = {kind.earlier for kind in pack.kinds}
    return frozenset((one.kind, _name(one.file.path)) for one in artefacts if one.kind in kept)


def set_otherwise_now(found: Iterable[Finding], observations: Observations, pack: Pack) -> bool:
    """True if only former files of a kind speak of an implant, and each one's successor was collected without it."""
    successors = {kind.kind: kind.earlier for kind in pack.kinds if kind.earlier is not None}
    proofs = _proofs(found)
    return bool(proofs) and all(
        (successors.get(one.kind or "", ""), _name(one.source)) in observations.collected_settings for one in proofs
    )


def kept_elsewhere(found: Iterable[Finding], pack: Pack) -> bool:
    """True if only copies of a page speak of it, which somebody keeps where no web server looks."""
    copies = {kind.kind for kind in pack.kinds if kind.format == "web_file" and not kind.snapshot}
    proofs = _proofs(found)
    return bool(proofs) and all(one.kind in copies for one in proofs)


def known_from_copies(implants: Iterable[Implant], observations: Observations, pack: Pack) -> tuple[Implant, ...]:
    """The implants of which former files and copies of pages are all that speaks."""
    former = {kind.kind for kind in pack.kinds if kind.earlier is not None}
    proofs = {one.id: one for one in _proofs(observations.findings)}

    def copied(implant: Implant) -> bool:
        found = [proofs[one] for one in implant.findings if one in proofs]
        rest = [one for one in found if one.kind not in former]
        return bool(found) and (not rest or kept_elsewhere(rest, pack))

    return tuple(implant for implant in implants if copied(implant))


def _proofs(found: Iterable[Finding]) -> list[Finding]:
    """Those that name what they speak of: that something was written does not tell where it is."""
    shown = (one for one in found if one.effect is Effect.SHOWS and one.rung is not Rung.PROBED)
    return [one for one in shown if one.subject is not None]


def _name(path: str) -> str:
    return path.rpartition("\\")[2].lower()
