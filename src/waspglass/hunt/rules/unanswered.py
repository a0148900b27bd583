"""Rules for logs that the pack does not know, or the evidence lacks: they do not run, and the result says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from waspglass.hunt.rules.rule import Rule, RuleSet
from waspglass.hunt.rules.windows_events import EVENT_FORMATS, variants
from waspglass.model.escape import bounded, printable
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import ArtefactKind, Logsource

__all__ = ["unanswered", "without_log"]

_MOST_NAMED = 200
"""Kinds of log that are named; whoever brings rules for all sorts of systems gets the number of the others."""


def unanswered(rules: Iterable[Rule], kinds: Iterable[ArtefactKind]) -> Iterator[Skipped]:
    """A skip for each logsource that no kind of log answers, with the number of its rules; one rule is named."""
    offered = tuple(kinds)
    waiting: dict[Logsource, list[str]] = {}
    known: dict[Logsource, bool] = {}
    for rule in rules:
        wanted = rule.logsource
        if wanted not in known:
            known[wanted] = any(_answers(kind, wanted) for kind in offered)
        if not known[wanted]:
            waiting.setdefault(wanted, []).append(rule.id)
    listed = sorted(waiting.items(), key=lambda item: -len(item[1]))
    for wanted, ids in listed[:_MOST_NAMED]:
        parts = ", ".join(f"{part} {value}" for part, value in wanted.model_dump(exclude_none=True).items())
        detail = bounded(printable(f"no kind of log of the pack is {parts or 'without a logsource'}"), 300)
        source = printable(ids[0]) if len(ids) == 1 else "rules"
        yield Skipped(source=source, reason=SkipReason.UNSUPPORTED_RULE, count=len(ids), detail=detail)
    if left := sum(len(ids) for _, ids in listed[_MOST_NAMED:]):
        detail = "further rules for kinds of log that the pack does not know"
        yield Skipped(source="rules", reason=SkipReason.UNSUPPORTED_RULE, count=left, detail=detail)


def without_log(rules: RuleSet, present: Collection[str]) -> Iterator[Skipped]:
    """One skip for all rules of the user that kinds of log answer of which the evidence has none.

    Args:
        rules: What is hunted for. Which kinds the pack's own rules miss is part of coverage.
        present: Kinds of which there is a file.
    """
    known: dict[Logsource, tuple[str, ...]] = {}
    idle: Counter[tuple[str, ...]] = Counter()
    for rule in rules.rules:
        wanted = rule.logsource
        if rule.id not in rules.brought:
            continue
        if wanted not in known:
            known[wanted] = tuple(name for name, kind in rules.kinds.items() if _answers(kind, wanted))
        if known[wanted] and not any(name in present for name in known[wanted]):
            idle[known[wanted]] += 1
    if idle:
        listed = "; ".join(f"{' or '.join(kinds)}: {count}" for kinds, count in idle.most_common())
        detail = bounded(printable(f"rules for kinds of log that are not in the evidence ({listed})"), 300)
        yield Skipped(source="rules", reason=SkipReason.NO_SUCH_LOG, count=idle.total(), detail=detail)


def _answers(kind: ArtefactKind, wanted: Logsource) -> bool:
    if not any(offered.answers(wanted) for offered in kind.logsources):
        return False
    return kind.format not in EVENT_FORMATS or variants(wanted) is not None
