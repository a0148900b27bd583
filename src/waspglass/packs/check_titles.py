"""Checks that reports in German need not fall back to English titles and events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from waspglass.packs.issue import PackIssue, Severity
from waspglass.packs.pack import Pack
from waspglass.packs.rule_documents import SigmaDocument, YaraDocument

__all__ = ["title_issues"]

_FILE = "titles.yml"


def title_issues(pack: Pack, sigma: Iterable[SigmaDocument], yara: Iterable[YaraDocument]) -> Iterator[PackIssue]:
    """Rules and events without a German text (info), and titles of rules that are not there (warning)."""
    shown = [one.name for one in sigma if not one.is_filter] + [f"yara:{one.name}" for one in yara]
    titled = [title.rule for title in pack.titles]
    yield from _missing(_FILE, "rules", [name for name in shown if name not in titled])
    yield from _missing("timeline.csv", "events", [row.event for row in pack.timeline if not row.event_de])
    for name, count in Counter(titled).items():
        if count > 1:
            message = f"the rule {name!r} has {count} titles"
            yield PackIssue(_FILE, None, Severity.WARNING, "title", message)
        if name not in shown:
            yield PackIssue(_FILE, None, Severity.WARNING, "title", f"there is no rule {name!r}")


def _missing(file: str, what: str, names: list[str]) -> Iterator[PackIssue]:
    if names:
        which = f"{len(names)} of the {what}, the first is {names[0]!r}"
        message = f"no German title for {which}; reports show the English one"
        yield PackIssue(file, None, Severity.INFO, "title", message)
