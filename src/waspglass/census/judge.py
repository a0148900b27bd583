"""The state of one host at one time: a test, else the source's word, else the build table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from waspglass.packs.builds import BuildTable, State

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["WEIGHTS", "Judgement", "judge", "version_table", "weight_sql"]

_REPORTED = "reported by the source"
_SHOWN = "shown by a behavioural test"
_REFUTED = "a behavioural test did not find the flaw: patched, or mitigated"
_BUILD = "by build number"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A state with what it rests on.

    Attributes:
        weight: Strength; of several sightings of one host on one day by one source the greatest counts.
        reason: What it rests on, one line.
        tested: True if a behavioural test decided.
    """

    weight: int
    state: State
    reason: str
    tested: bool = False


WEIGHTS: dict[int, Judgement] = {
    each.weight: each
    for each in (
        Judgement(90, State.VULNERABLE, _SHOWN, tested=True),
        Judgement(80, State.PATCHED, _REFUTED, tested=True),
        Judgement(70, State.VULNERABLE, _REPORTED),
        Judgement(60, State.VULNERABLE, _BUILD),
        Judgement(50, State.PATCHED, _BUILD),
        Judgement(40, State.UNDECIDABLE, "the version lacks the part that decides"),
        Judgement(30, State.NOT_AFFECTED, "the product line does not have the flaws"),
        Judgement(20, State.UNKNOWN, "no version, or one that the pack does not know"),
    )
}
"""The order of evidence. Evidence of one kind: the worse state wins, and what decides wins over what does not."""

_BY_VERSION = {judgement.state: judgement for judgement in WEIGHTS.values() if judgement.weight <= 60}


def judge(
    version: str | None,
    claimed: Iterable[str],
    verified: Iterable[str],
    refuted: Iterable[str],
    builds: BuildTable,
    cves: Iterable[str],
) -> Judgement:
    """The state of one sighting; the plain form of `weight_sql`, which tests hold against it."""
    flaws = set(cves)
    if flaws & set(verified):
        return WEIGHTS[90]
    if flaws & set(refuted):
        return WEIGHTS[80]
    if flaws & set(claimed):
        return WEIGHTS[70]
    return _BY_VERSION[State.UNKNOWN if version is None else builds.state(version).state]


def version_table(versions: Iterable[str], builds: BuildTable) -> pa.Table:
    """What each version says, for joining: columns `version`, `weight`, `build` (what a person calls it)."""
    import pyarrow as pa

    states = [(version, builds.state(version)) for version in versions]
    return pa.table(
        {
            "version": pa.array([version for version, _ in states], pa.string()),
            "weight": pa.array([_BY_VERSION[state.state].weight for _, state in states], pa.uint8()),
            "build": pa.array([state.name for _, state in states], pa.string()),
        }
    )


def weight_sql() -> str:
    """The judgement as an SQL expression over `s` (sightings) and `v` (version table); `$cves` are the pack's flaws."""
    return (
        "CASE WHEN list_has_any(s.verified, $cves) THEN 90 WHEN list_has_any(s.refuted, $cves) THEN 80"
        " WHEN list_has_any(s.claimed, $cves) THEN 70 ELSE coalesce(v.weight, 20) END::UTINYINT"
    )
