"""Which event logs the rules of a pack look in, and which of them were collected since when.

Event logs of all channels are one kind of artefact. That some of them were collected does not mean that the others were
looked at, and each is overwritten after a time of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from waspglass.evidence.format import format_of
from waspglass.hunt.outcome.result import Scanned
from waspglass.hunt.rules.rule import Rule, RuleSet
from waspglass.hunt.rules.unanswered import answers
from waspglass.hunt.rules.windows_events import channels_of
from waspglass.model.finding import Rung

__all__ = ["EventLog", "event_logs"]


@dataclass(frozen=True, slots=True)
class EventLog:
    """Channels any of which would do for some rules of the pack.

    Attributes:
        channels: Those of them that were collected; all of them if none was.
        rungs: What the rules would show.
        rules: How many look there.
        collected: Whether any event of them was.
        begins: The first event; None if there is none, or nothing tells which of a file's events it is.
    """

    channels: tuple[str, ...]
    rungs: frozenset[Rung]
    rules: int
    collected: bool
    begins: datetime | None


def event_logs(rules: RuleSet, scanned: Iterable[Scanned]) -> tuple[EventLog, ...]:
    """The channels that the pack's own rules look in; none if no events were collected, or one file hides its channels.

    Of a channel that shares a file with others, it is not known since when it was kept.
    """
    kinds = {name for name, kind in rules.kinds.items() if format_of(kind.format).events}
    files = [(one.channels, one.first) for one in scanned if one.kind in kinds]
    if not files or any(channels is None for channels, _ in files):
        return ()
    first: dict[str, datetime | None] = {}
    for channels, begins in files:
        alone = begins if channels is not None and len(channels) == 1 else None
        for name in map(str.lower, channels or ()):
            known = first.get(name, begins)
            first[name] = min(known, alone) if known is not None and alone is not None else None
    waiting: dict[tuple[str, ...], list[Rule]] = {}
    for rule in rules.rules:
        offered = any(answers(rules.kinds[kind], rule.logsource) for kind in kinds)
        if offered and rule.id not in rules.brought and (asked := channels_of(rule.condition, rule.logsource)):
            waiting.setdefault(asked, []).append(rule)
    return tuple(_log(asked, found, first) for asked, found in waiting.items())


def _log(channels: tuple[str, ...], rules: list[Rule], first: dict[str, datetime | None]) -> EventLog:
    there = tuple(name for name in channels if name.lower() in first)
    begins = [moment for name in there if (moment := first[name.lower()]) is not None]
    rungs = frozenset(rule.meaning.rung for rule in rules if rule.meaning.rung is not None)
    known = min(begins) if there and len(begins) == len(there) else None
    return EventLog(there or channels, rungs, len(rules), bool(there), known)
