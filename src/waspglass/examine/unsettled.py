"""What may be a success, where nothing was collected that tells: answers that say little, pages that are gone."""

from __future__ import annotations

from collections.abc import Iterable

from waspglass.examine.observations import Observations
from waspglass.examine.spans import covered_spans
from waspglass.examine.web_roots import folder_of
from waspglass.model.assessment import Lid, LidState
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.packs.pack import Pack

__all__ = ["settled", "unsettled_hints", "vanished_pages"]

_URL_PATH = "url_path"


def unsettled_hints(observations: Observations, pack: Pack, lid: Lid) -> tuple[Finding, ...]:
    """Hints at an entry which no source settles.

    A web server's log shows that a request was answered, not what stood behind it. The pack says which kinds would tell
    (`settled_by`); where one of them covers the moment, its own findings decide and the hint has nothing to add.
    Neither has it where an entry is proven anyway, nor of a time when the server was patched: scans go on for years,
    and what a closed server answers says nothing.
    """
    if observations.beyond_probes():
        return ()
    hints = (one for one in observations.findings if one.effect is Effect.HINT and one.rung is Rung.EXPLOITED)
    return tuple(hint for hint in hints if not settled(hint, observations, pack) and not _after_the_patch(hint, lid))


def _after_the_patch(hint: Finding, lid: Lid) -> bool:
    if lid.state is not LidState.PATCHED or lid.since is None or hint.time is None:
        return False
    return hint.time >= lid.since


def vanished_pages(observations: Observations, pack: Pack, innocent: Iterable[str]) -> tuple[str, ...]:
    """Pages that answered or ran since the campaign began, and were not there when their folder was collected.

    A page of the owner's own would still be there, unless he took it away; intruders clean up too. Where an implant is
    proven, these are left to the list of hints. Nobody knows when those ran of which no time is left, as in a zip that
    keeps local times only: it may have been since.

    Args:
        observations: What the evidence said.
        pack: Knows when the campaign began.
        innocent: Pages that tell nothing, whether they are there or not.
    """
    if observations.beyond_probes():
        return ()
    known = observations.collected_pages.union(innocent)
    found = {
        hint.subject
        for hint in observations.findings
        if hint.effect is Effect.HINT
        and hint.rung is Rung.USED
        and hint.subject is not None
        and hint.subject not in known
        and folder_of(hint.subject) in observations.collected_folders
        and (hint.time is None or hint.time >= pack.window.first_exploitation)
    }
    return tuple(sorted(found))


def settled(hint: Finding, observations: Observations, pack: Pack) -> bool:
    """True if a kind that tells more than the hint's own speaks for its moment.

    Kinds of which each shows a part of the ways in only settle it together, unless the rule captured which path was
    asked for (`url_path`), and one of them logs all requests for it.
    """
    moment = hint.time
    if moment is None:
        return False
    names = next((kind.settled_by for kind in pack.kinds if kind.kind == hint.kind), ())
    speaking = {
        one.kind for one in observations.coverage if any(at.from_ <= moment <= at.to for at in covered_spans(one))
    }
    settling = [kind for kind in pack.kinds if kind.kind in names]
    path = hint.fields.get(_URL_PATH, "").lower()
    serving = [kind for kind in settling if path.startswith(kind.serves)]
    if serving:
        return any(kind.kind in speaking for kind in serving)
    return any({kind.kind, *kind.together} <= speaking for kind in settling)
