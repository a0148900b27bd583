"""Rules for logs that the pack does not know, or the evidence lacks: they do not run, and the result says so."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from waspglass.evidence.format import format_of
from waspglass.evidence.skip_log import skip_of
from waspglass.hunt.rules.rule import Rule, RuleSet
from waspglass.hunt.rules.windows_events import channels_of, variants
from waspglass.model.escape import bounded
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import ArtefactKind, Logsource

__all__ = ["answers", "unanswered", "without_log"]

_MOST_NAMED = 200
"""Kinds of log that are named; whoever brings rules for all sorts of systems gets the number of the others."""


def unanswered(rules: Iterable[Rule], kinds: Iterable[ArtefactKind]) -> Iterator[Skipped]:
    """A skip for each logsource that no kind of log answers, with the number of its rules; one rule is named."""
    offered = tuple(kinds)
    asked: dict[Logsource, list[str]] = defaultdict(list)
    for rule in rules:
        asked[rule.logsource].append(rule.id)
    waiting = [item for item in asked.items() if not any(answers(kind, item[0]) for kind in offered)]
    listed = sorted(waiting, key=lambda item: -len(item[1]))
    for wanted, ids in listed[:_MOST_NAMED]:
        parts = ", ".join(f"{part} {value}" for part, value in wanted.model_dump(exclude_none=True).items())
        detail = bounded(f"no kind of log of the pack is {parts or 'without a logsource'}", 300)
        yield skip_of(ids[0] if len(ids) == 1 else "rules", SkipReason.UNSUPPORTED_RULE, detail, len(ids))
    if left := sum(len(ids) for _, ids in listed[_MOST_NAMED:]):
        detail = "further rules for kinds of log that the pack does not know"
        yield skip_of("rules", SkipReason.UNSUPPORTED_RULE, detail, left)


def without_log(rules: RuleSet, present: Mapping[str, Collection[str] | None]) -> Iterator[Skipped]:
    """Rules of the user for which the evidence has no log: a skip for kinds of log, and one for channels of events.

    Args:
        rules: What is hunted for. Which kinds the pack's own rules miss is part of coverage.
        present: Kinds of which there is a file. Of event logs also the channels that were met; None where that is not
            known, so that no rule is said to have had no log.
    """
    known: dict[Logsource, tuple[str, ...]] = {}
    kinds: Counter[str] = Counter()
    channels: Counter[str] = Counter()
    for rule in rules.rules:
        wanted = rule.logsource
        if rule.id not in rules.brought:
            continue
        if wanted not in known:
            known[wanted] = tuple(name for name, kind in rules.kinds.items() if answers(kind, wanted))
        if not known[wanted]:
            continue
        there = [name for name in known[wanted] if name in present]
        if not there:
            kinds[" or ".join(known[wanted])] += 1
        elif all(format_of(rules.kinds[name].format).events for name in there):
            asked = channels_of(rule.condition, wanted)
            met = {channel.lower() for name in there for channel in present[name] or ()}
            if asked and all(present[name] is not None for name in there) and met.isdisjoint(map(str.lower, asked)):
                channels[" or ".join(asked)] += 1
    yield from _idle("rules for kinds of log that are not in the evidence", kinds)
    yield from _idle("rules for event logs of which the evidence has no event", channels)


def _idle(what: str, counts: Counter[str]) -> Iterator[Skipped]:
    if total := counts.total():
        listed = "; ".join(f"{name}: {count}" for name, count in counts.most_common())
        yield skip_of("rules", SkipReason.NO_SUCH_LOG, bounded(f"{what} ({listed})", 300), total)


def answers(kind: ArtefactKind, wanted: Logsource) -> bool:
    """True if a rule of this logsource runs on logs of this kind."""
    if not any(offered.answers(wanted) for offered in kind.logsources):
        return False
    return not format_of(kind.format).events or variants(wanted) is not None
