"""Checks of a pack's YARA rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from waspglass.model.finding import Effect, Rung
from waspglass.packs.issue import PackIssue, Severity
from waspglass.packs.pack import Pack
from waspglass.packs.rule_documents import YaraDocument, yara_documents
from waspglass.packs.yara_source import checked_yara

__all__ = ["yara_issues"]

_LINE = re.compile(r" --> .*?:([0-9]+):[0-9]+ ")


def yara_issues(pack: Pack) -> Iterator[PackIssue]:
    """Faults of all YARA rules of a pack: they do not compile, or do not say what a match proves."""
    names: dict[str, str] = {}
    for source in pack.yara:
        checked = checked_yara(source)
        for fault in checked.faults:
            at = _LINE.search(fault)
            line = int(at[1]) if at else None
            yield PackIssue(source.path, line, Severity.ERROR, "yara", f"does not compile: {fault}")
        for line in checked.includes:
            message = "include is not followed: write the rules into files of the folder"
            yield PackIssue(source.path, line, Severity.ERROR, "yara", message)
        for rule in yara_documents(source, checked.rules):
            if rule.name in names:
                message = f"the rule {rule.name} stands in {names[rule.name]} too"
                yield PackIssue(source.path, rule.line, Severity.ERROR, "name", message)
            names[rule.name] = source.path
            for severity, check, message in _faults(rule, Path(pack.root)):
                yield PackIssue(source.path, rule.line, severity, check, f"{rule.name}: {message}")


def _faults(rule: YaraDocument, root: Path) -> Iterator[tuple[Severity, str, str]]:
    if rule.meta.get("rung") not in [one.value for one in Rung]:
        yield Severity.ERROR, "meaning", "`meta` names no rung"
    if rule.meta.get("effect", "shows") not in [one.value for one in Effect]:
        yield Severity.ERROR, "meaning", "`meta` names no effect"
    for key in ("title", "reference"):
        if not rule.meta.get(key):
            yield Severity.WARNING, "source", f"`meta` has no {key}"
    yield from ((Severity.ERROR, "sample", fault) for _, fault in rule.samples.faults(root))
