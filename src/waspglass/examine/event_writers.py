r"""Whose the event logs are: a machine has had several names, and logs of other machines may lie beside its own.

In the folder of Windows itself all logs are of one machine, whatever it was called and its clock said when it was set
up. Elsewhere, what wrote nothing since the campaign began is a former name (`WIN-4F2...` of its setup is all that a
rare channel has), or a machine that does not matter: unless it tells of an update, which would date the patch.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from itertools import chain

from waspglass.evidence.format import format_of
from waspglass.evidence.server_name import short_name
from waspglass.examine.updates import FORWARDED, updated_computers
from waspglass.hunt.outcome.result import HuntResult
from waspglass.packs.pack import Pack

__all__ = ["event_writers"]

_OF_WINDOWS = "\\system32\\winevt\\logs"
_ALWAYS = datetime(9999, 12, 31, tzinfo=UTC)


def event_writers(result: HuntResult, pack: Pack, stated: str | None) -> frozenset[str]:
    """The machines whose events were collected, without their domain, each by its last name.

    Args:
        result: What the hunt read and found.
        pack: Its kinds, and when its campaign began.
        stated: The server's name by the facts, which may be a former one.
    """
    events = {kind.kind for kind in pack.kinds if format_of(kind.format).events}
    folders: dict[str, dict[str, datetime]] = defaultdict(dict)
    for one in result.scanned:
        folder = one.source.lower().rpartition("\\")[0]
        if one.kind in events and FORWARDED not in one.source.lower():
            last = folders[folder if folder.endswith(_OF_WINDOWS) else ""]
            for wrote in one.servers:
                name, moment = short_name(wrote.server), wrote.last or _ALWAYS
                last[name] = max(last.get(name, moment), moment)
    elsewhere, here = folders.pop("", {}), [last for last in folders.values() if last]
    named = {*elsewhere, *chain.from_iterable(here)}
    present = {max(last, key=lambda name: (last[name], name)) for last in here}
    former = set(chain.from_iterable(here)) - present
    late = {name for name, moment in elsewhere.items() if moment >= pack.window.first_exploitation}
    present |= (late | updated_computers(result.context)) - former
    return frozenset((present or named) | ({short_name(stated or "")} & named))
