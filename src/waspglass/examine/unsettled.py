"""Records that may be a success, where nothing was collected that tells."""

from __future__ import annotations

from waspglass.examine.observations import Observations
from waspglass.examine.spans import covered_spans
from waspglass.model.coverage import Coverage
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.packs.pack import Pack

__all__ = ["settled", "unsettled_hints"]


def unsettled_hints(observations: Observations, pack: Pack) -> tuple[Finding, ...]:
    """Hints at an entry which no source settles.

    A web server's log shows that a request was answered, not what stood behind it. The pack says which kinds would tell
    (`settled_by`); where one of them covers the moment, its own findings decide and the hint has nothing to add.
    Neither has it where an entry is proven anyway.
    """
    if any(observations.proofs(rung) for rung in Rung if rung is not Rung.PROBED):
        return ()
    hints = (one for one in observations.findings if one.effect is Effect.HINT and one.rung is Rung.EXPLOITED)
    return tuple(hint for hint in hints if not settled(hint, observations, pack))


def settled(hint: Finding, observations: Observations, pack: Pack) -> bool:
    """True if a kind that tells more than the hint's own speaks for its moment."""
    names = next((kind.settled_by for kind in pack.kinds if kind.kind == hint.kind), ())
    return any(_speaks(one, hint) for one in observations.coverage if one.kind in names)


def _speaks(coverage: Coverage, hint: Finding) -> bool:
    if hint.time is None:
        return False
    return any(span.from_ <= hint.time <= span.to for span in covered_spans(coverage))
