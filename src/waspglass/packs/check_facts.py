"""Checks of what a pack states: builds, dates, advice, and that everything is said in all languages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pydantic import BaseModel

from waspglass.model.assessment import LidState, Verdict
from waspglass.model.finding import Rung
from waspglass.packs.builds import Version, parse_version
from waspglass.packs.check_kinds import kind_issues
from waspglass.packs.issue import PackIssue, Severity
from waspglass.packs.located import field_line, read_text, table_cells
from waspglass.packs.pack import AdviceText, ClockText, Pack, Translated

__all__ = ["fact_issues"]

_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")
_CVE = re.compile(r"CVE-\d{4}-\d{4,}")
CONDITIONS = frozenset(
    {
        "always",
        *(f"verdict:{verdict.value}" for verdict in Verdict),
        *(f"lid:{state.value}" for state in LidState),
        *(f"rung:{rung.value}" for rung in Rung),
        "coverage:complete",
        "coverage:incomplete",
        "review:some",
    }
)
"""What `when` of advice and clocks may say."""


def fact_issues(pack: Pack, formats: frozenset[str] | None) -> Iterator[PackIssue]:
    """Faults of the facts of a pack that fits its schema; `formats` are those that something can read."""
    folder = Path(pack.root)
    yield from _window(pack)
    yield from kind_issues(pack, formats)
    yield from _builds(pack, folder)
    yield from _timeline(folder)
    yield from _conditions(pack, folder)
    yield from _translations(pack)


def _window(pack: Pack) -> Iterator[PackIssue]:
    window = pack.window
    if window.first_exploitation > window.patch_available:
        message = "first_exploitation lies after patch_available; say in the sources why"
        yield PackIssue("pack.yml", None, Severity.INFO, "window", message)
    if not window.sources:
        yield PackIssue("pack.yml", None, Severity.WARNING, "source", "the window names no sources")
    for cve in pack.cves:
        if not _CVE.fullmatch(cve):
            yield PackIssue("pack.yml", None, Severity.ERROR, "cve", f"{cve!r} is no CVE id")
    for each in pack.no_entry:
        unknown = sorted({each.product, *each.cves} - {*pack.cves, *(row.product for row in pack.builds)})
        if unknown:
            message = f"no_entry names {', '.join(unknown)}, which neither cves nor builds.csv has"
            yield PackIssue("pack.yml", None, Severity.ERROR, "products", message)


def _builds(pack: Pack, folder: Path) -> Iterator[PackIssue]:
    if not pack.products:
        yield PackIssue("pack.yml", None, Severity.WARNING, "products", "the pack names no product")
    if not pack.builds:
        yield PackIssue("builds.csv", None, Severity.WARNING, "builds", "without builds the lid stays unknown")
        return
    lines: dict[tuple[str, str], tuple[Version, str]] = {}
    seen: dict[str, int] = {}
    rows = list(table_cells(read_text(folder / "builds.csv", "builds.csv"), "builds.csv"))
    ordered = sorted(rows, key=lambda row: parse_version(row[1]["build"]) or ())
    for line, cells in ordered:
        build, place = parse_version(cells["build"]), (cells["product"], cells["cumulative_update"])
        if build is None or len(build) != 4:
            message = f"{cells['build']!r} is no build number of four parts"
            yield PackIssue("builds.csv", line, Severity.ERROR, "builds", message)
            continue
        if cells["build"] in seen:
            message = f"{cells['build']} stands in line {seen[cells['build']]} too"
            yield PackIssue("builds.csv", line, Severity.ERROR, "builds", message)
        seen[cells["build"]] = line
        if lines.get(place, ((), ""))[1] == "yes" and cells["fixes"] == "no":
            message = f"{cells['build']} lacks the fix that an earlier build of {' '.join(place)} has"
            yield PackIssue("builds.csv", line, Severity.ERROR, "builds", message)
        lines[place] = (build, cells["fixes"])
        if cells.get("released") and not _DATE.fullmatch(cells["released"]):
            message = f"{cells['released']!r} is no date (YYYY-MM-DD or YYYY-MM)"
            yield PackIssue("builds.csv", line, Severity.ERROR, "date", message)
    if not any(row.fixes == "yes" for row in pack.builds):
        yield PackIssue("builds.csv", None, Severity.WARNING, "builds", "no build has the fix")


def _timeline(folder: Path) -> Iterator[PackIssue]:
    for name in ("timeline.csv", "figures.csv"):
        if not (folder / name).exists():
            continue
        before = ""
        for line, cells in table_cells(read_text(folder / name, name), name):
            day = cells["date"]
            try:
                date.fromisoformat(day)
            except ValueError:
                yield PackIssue(name, line, Severity.ERROR, "date", f"{day!r} is no date (YYYY-MM-DD)")
                continue
            if day < before:
                message = f"{day} stands after {before}; rows are in the order of time"
                yield PackIssue(name, line, Severity.WARNING, "order", message)
            before = max(before, day)


def _conditions(pack: Pack, folder: Path) -> Iterator[PackIssue]:
    files: tuple[tuple[str, str, tuple[AdviceText | ClockText, ...]], ...] = (
        ("advice.yml", "advice", pack.advice),
        ("clocks.yml", "clocks", pack.clocks),
    )
    for name, key, entries in files:
        if not entries:
            yield PackIssue(name, None, Severity.WARNING, "advice", f"the pack has no {key}")
            continue
        text = read_text(folder / name, name)
        counts = Counter(entry.id for entry in entries)
        for index, entry in enumerate(entries):
            line = field_line(text, (key, index))
            for condition in entry.when:
                if condition not in CONDITIONS:
                    message = f"{entry.id}: the condition {condition!r} can never hold"
                    yield PackIssue(name, line, Severity.ERROR, "condition", message)
            if counts[entry.id] > 1:
                yield PackIssue(name, line, Severity.ERROR, "duplicate-id", f"the id {entry.id!r} is used again")
            if not entry.sources:
                yield PackIssue(name, line, Severity.WARNING, "source", f"{entry.id} names no source")


def _translations(pack: Pack) -> Iterator[PackIssue]:
    for name, text in _texts(pack, "pack"):
        for language in ("en", "de"):
            if not text.text(language).strip():
                message = f"{name} has no text in the language {language!r}"
                yield PackIssue("pack.yml", None, Severity.ERROR, "translation", message)


def _texts(value: object, name: str) -> Iterator[tuple[str, Translated]]:
    if isinstance(value, Translated):
        yield name, value
    elif isinstance(value, BaseModel):
        label = getattr(value, "id", None) or getattr(value, "kind", None) or name
        for field in type(value).model_fields:
            yield from _texts(getattr(value, field), f"{label}.{field}")
    elif isinstance(value, tuple):
        for one in value:
            yield from _texts(one, name)
