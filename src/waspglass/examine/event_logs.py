"""Which event logs the rules of a pack look in, and which of them were collected since when.

Event logs of all channels are one kind of artefact. That some of them were collected does not mean that the others were
looked at, and each is overwritten after a time of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from waspglass.evidence.format import format_of
from waspglass.hunt.outcome.result import Scanned
from waspglass.hunt.rules.rule import Rule, RuleSet
from waspglass.hunt.rules.unanswered import answers
from waspglass.hunt.rules.windows_events import channels_of
from waspglass.model.coverage import Coverage
from waspglass.model.finding import Rung

__all__ = ["EventLog", "event_logs", "showing"]


@dataclass(frozen=True, slots=True)
class EventLog:
    """Channels any of which would do for some rules of the pack.

    Attributes:
        channels: Those of them that were collected; all of them if none was.
        rungs: What the rules would show, and the correlations that they feed.
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
    kinds = _kinds(rules)
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
    fed: dict[str, set[Rung | None]] = defaultdict(set)
    for correlation in rules.correlations:
        for name in correlation.rules:
            fed[name].add(correlation.meaning.rung)
    return tuple(_log(asked, found, first, fed) for asked, found in waiting.items())


def showing(coverage: tuple[Coverage, ...], logs: tuple[EventLog, ...], rules: RuleSet) -> tuple[Coverage, ...]:
    """The same coverage; event logs show no more than what is looked for in the channels that were collected."""
    rungs = {rung.value for one in logs if one.collected for rung in one.rungs}
    kinds = _kinds(rules) if logs else set()
    return tuple(
        one.model_copy(update={"shows": tuple(rung for rung in one.shows if rung in rungs)})
        if one.kind in kinds and one.files
        else one
        for one in coverage
    )


def _kinds(rules: RuleSet) -> set[str]:
    return {name for name, kind in rules.kinds.items() if format_of(kind.format).events}


def _log(
    channels: tuple[str, ...],
    rules: list[Rule],
    first: Mapping[str, datetime | None],
    fed: Mapping[str, set[Rung | None]],
) -> EventLog:
    there = tuple(name for name in channels if name.lower() in first)
    begins = [moment for name in there if (moment := first[name.lower()]) is not None]
    shown = {rule.meaning.rung for rule in rules if rule.emits}
    shown |= {rung for rule in rules for name in (rule.id, rule.name) for rung in fed.get(name, ())}
    known = min(begins) if there and len(begins) == len(there) else None
    return EventLog(there or channels, frozenset(one for one in shown if one), len(rules), bool(there), known)
