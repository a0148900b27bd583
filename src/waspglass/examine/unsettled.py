"""Records that may be a success, where nothing was collected that tells."""

from __future__ import annotations

from waspglass.examine.observations import Observations
from waspglass.examine.spans import covered_spans
from waspglass.model.coverage import Coverage
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.packs.pack import Pack

__all__ = ["unsettled_hints"]


def unsettled_hints(observations: Observations, pack: Pack) -> tuple[Finding, ...]:
    """Hints at an entry which no source settles.

    A web server's log shows that a request was answered, not what stood behind it. The pack says which kinds would tell
    (`settled_by`); where one of them covers the moment, its own findings decide and the hint has nothing to add.
    Neither has it where an entry is proven anyway.
    """
    if any(observations.proofs(rung) for rung in Rung if rung is not Rung.PROBED):
        return ()
    settles = {kind.kind: kind.settled_by for kind in pack.kinds}
    read = {one.kind: one for one in observations.coverage}
    return tuple(
        hint
        for hint in observations.findings
        if hint.effect is Effect.HINT
        and hint.rung is Rung.EXPLOITED
        and not any(_speaks(read.get(kind), hint) for kind in settles.get(hint.kind or "", ()))
    )


def _speaks(coverage: Coverage | None, hint: Finding) -> bool:
    if coverage is None or hint.time is None:
        return False
    return any(span.from_ <= hint.time <= span.to for span in covered_spans(coverage))
