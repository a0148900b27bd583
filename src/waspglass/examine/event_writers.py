r"""Whose the event logs are: a machine has had several names, and logs of other machines may lie beside its own.

The logs of one folder follow a machine through its names: what wrote no more when another began is its former name
(`WIN-4F2...` of its setup is all that a rare channel has). In the folder of Windows itself all logs are of one machine,
whatever its clock said when it was set up. An export may be of any number of machines, so each is looked at alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain

from waspglass.evidence.format import format_of
from waspglass.evidence.server_name import short_name
from waspglass.hunt.outcome.event_servers import Wrote
from waspglass.hunt.outcome.result import Scanned
from waspglass.packs.pack import ArtefactKind

__all__ = ["FORWARDED", "event_writers"]

FORWARDED = "forwardedevents"
"""The log in which Windows keeps what other computers sent."""
_OF_WINDOWS = "\\system32\\winevt\\logs"
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


def event_writers(scanned: Iterable[Scanned], kinds: Iterable[ArtefactKind]) -> frozenset[str]:
    """The machines whose events were collected, each by its last name."""
    logs = {kind.kind for kind in kinds if kind.format == "evtx"}
    events = {kind.kind for kind in kinds if format_of(kind.format).events}
    places: dict[str, list[Wrote]] = defaultdict(list)
    for one in scanned:
        source = one.source.lower()
        if one.kind in events and FORWARDED not in source:
            places[source.rpartition("\\")[0] if one.kind in logs else source] += one.servers
    return frozenset(chain.from_iterable(_present(place, wrote) for place, wrote in places.items() if wrote))


def _present(place: str, wrote: list[Wrote]) -> Iterable[str]:
    spans: dict[str, tuple[datetime, datetime]] = {}
    for one in wrote:
        name, first, last = short_name(one.server), one.first or _FIRST, one.last or _LAST
        known = spans.get(name, (first, last))
        spans[name] = min(known[0], first), max(known[1], last)
    if place.endswith(_OF_WINDOWS):
        return [max(spans, key=lambda name: (spans[name][1], name))]
    newest = max(first for first, _ in spans.values())
    return [name for name, (_, last) in spans.items() if last >= newest]
