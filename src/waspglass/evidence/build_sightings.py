"""Which builds of the product the evidence shows, and how far each sighting can be trusted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from waspglass.evidence.artefact import Artefact, Record
from waspglass.evidence.format import BuildProof, format_of
from waspglass.evidence.skip_log import shown_source
from waspglass.model.facts import BuildSighting, Certainty

__all__ = ["BUILD_FIELD", "build_sightings", "normal_build"]

BUILD_FIELD = "build"
"""Name of the field that speaks of a build; readers give it, or a pack derives it (`ArtefactKind.derive`)."""

REPLACED_FIELD = "installed_before"
"""Name of the field in which a setup log says which build an upgrade replaced."""

_BEFORE = timedelta(seconds=1)
_BUILD = re.compile(r"0*(\d{1,4})\.0*(\d{1,4})\.0*(\d{1,5})(?:\.0*(\d{1,5}))?")


def build_sightings(
    records: Iterable[tuple[Artefact, datetime | None, Record]], *, seen_at: datetime | None = None
) -> tuple[BuildSighting, ...]:
    """Collects the builds that records speak of.

    A program file proves the build that the host ran when it was collected. A setup log proves that a build was
    installed, and when, and which build an upgrade replaced; only a first installation carries the moment of
    installation, because before it there was nothing to be vulnerable. Anything else (a version in a URL path, in a
    log header or in the registry, which updates leave alone) is a hint. Sightings of the same build, source and
    certainty become one, with the latest moment.

    Args:
        records: Record, its artefact and its time; records without a `build` are passed over.
        seen_at: When the evidence was collected: the moment that a program file speaks for. None if it is not known.

    Returns:
        Sightings: proven ones first, then by time and build.
    """
    found: dict[tuple[str, str, Certainty, datetime | None], datetime | None] = {}
    for artefact, moment, record in records:
        source = shown_source(artefact.file.path)
        replaced = normal_build(record.get(REPLACED_FIELD, ""))
        proof = format_of(artefact.format).build
        if proof is BuildProof.INSTALLED and replaced is not None:
            found[(replaced, source, Certainty.PROVEN, None)] = None if moment is None else moment - _BEFORE
        build = normal_build(record.get(BUILD_FIELD, ""))
        if build is None:
            continue
        if proof is BuildProof.INSTALLED:
            first = record.get("mode", "").lower() == "install" and replaced is None
            found[(build, source, Certainty.PROVEN, moment if first else None)] = moment
            continue
        proven = proof is BuildProof.RUNS
        key = (build, source, Certainty.PROVEN if proven else Certainty.HINT, None)
        at = seen_at if proven else moment
        before = found.get(key)
        found[key] = at if before is None else before if at is None else max(at, before)
    sightings = (
        BuildSighting(build=build, at=at, installed=installed, source=source, certainty=certainty)
        for (build, source, certainty, installed), at in found.items()
    )
    return tuple(sorted(sightings, key=_order))


def normal_build(text: str) -> str | None:
    """`15.01.2176.002` as `15.1.2176.2`; None if it is no build."""
    match = _BUILD.fullmatch(text.strip())
    return None if match is None else ".".join(part for part in match.groups() if part is not None)


def _order(sighting: BuildSighting) -> tuple[bool, str, tuple[int, ...], str]:
    moment = sighting.at.isoformat() if sighting.at else ""
    return (
        sighting.certainty is not Certainty.PROVEN,
        moment,
        tuple(map(int, sighting.build.split("."))),
        sighting.source,
    )
