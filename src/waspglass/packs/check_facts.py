"""Checks of what a pack states: builds, dates, advice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from waspglass.model.assessment import LidState, Verdict
from waspglass.model.finding import Rung
from waspglass.packs.builds import BuildTable, State, Version, parse_version
from waspglass.packs.check_kinds import kind_issues
from waspglass.packs.exposed import ExposedProduct
from waspglass.packs.issue import PackIssue, Severity
from waspglass.packs.located import field_line, read_text, table_cells
from waspglass.packs.pack import AdviceText, ClockText, Pack

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

_MEANT = {
    "yes": State.PATCHED,
    "partly": State.VULNERABLE,
    "no": State.VULNERABLE,
    "not affected": State.NOT_AFFECTED,
}
"""What a row says of its build -> what the whole table must answer for it."""


def fact_issues(pack: Pack, formats: frozenset[str] | None) -> Iterator[PackIssue]:
    """Faults of the facts of a pack that fits its schema; `formats` are those that something can read."""
    folder = Path(pack.root)
    yield from _window(pack)
    yield from kind_issues(pack, formats)
    yield from _builds(pack, folder)
    yield from _timeline(folder)
    yield from _signs(pack, folder)
    yield from _conditions(pack, folder)


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
    for page in pack.product_pages:
        if not page.startswith("/") or page != page.lower():
            message = f"{page!r} is no URL path in small letters, so no implant has this name"
            yield PackIssue("artefacts.yml", None, Severity.ERROR, "product-page", message)


def _builds(pack: Pack, folder: Path) -> Iterator[PackIssue]:
    if not pack.products:
        yield PackIssue("pack.yml", None, Severity.WARNING, "products", "the pack names no product")
    if not pack.builds:
        yield PackIssue("builds.csv", None, Severity.WARNING, "builds", "without builds the lid stays unknown")
        return
    if strange := sorted({*pack.products} - {row.product for row in pack.builds}):
        message = f"products names {', '.join(strange)}, of which builds.csv has no row"
        yield PackIssue("pack.yml", None, Severity.WARNING, "products", message)
    table = BuildTable(pack.builds)
    seen: dict[Version, int] = {}
    for line, cells in table_cells(read_text(folder / "builds.csv", "builds.csv"), "builds.csv"):
        build = parse_version(cells["build"])
        if build is None or len(build) != 4:
            message = f"{cells['build']!r} is no build number of four parts; write 0 for a part that nobody publishes"
            yield PackIssue("builds.csv", line, Severity.ERROR, "builds", message)
            continue
        if (first := seen.setdefault(build, line)) != line:
            message = f"{cells['build']} stands in line {first} too"
            yield PackIssue("builds.csv", line, Severity.ERROR, "builds", message)
        elif (state := table.state(cells["build"]).state) is not _MEANT[cells["fixes"]]:
            message = f"{cells['build']} says {cells['fixes']!r}; by other builds of its release line it is {state}"
            yield PackIssue("builds.csv", line, Severity.ERROR, "builds", message)
        if cells.get("released") and not _is_date(cells["released"]):
            message = f"{cells['released']!r} is no date (YYYY-MM-DD or YYYY-MM)"
            yield PackIssue("builds.csv", line, Severity.ERROR, "date", message)
    if not any(row.fixes == "yes" for row in pack.builds):
        yield PackIssue("builds.csv", None, Severity.WARNING, "builds", "no build has the fix")


def _signs(pack: Pack, folder: Path) -> Iterator[PackIssue]:
    for index, product in enumerate(pack.exposed):
        if product == ExposedProduct(product=product.product):
            line = field_line(read_text(folder / "signs.yml", "signs.yml"), ("products", index))
            message = f"nothing tells {product.product} but `--product` or a mapping; name a header, a path, ..."
            yield PackIssue("signs.yml", line, Severity.WARNING, "products", message)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(f"{text}-01"[:10])
    except ValueError:
        return False
    return _DATE.fullmatch(text) is not None


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
            if not entry.when:
                message = f"{entry.id}: `when` says no condition; write [always] if that is meant"
                yield PackIssue(name, line, Severity.ERROR, "condition", message)
            for condition in entry.when:
                if condition not in CONDITIONS:
                    message = f"{entry.id}: the condition {condition!r} can never hold"
                    yield PackIssue(name, line, Severity.ERROR, "condition", message)
            if counts[entry.id] > 1:
                yield PackIssue(name, line, Severity.ERROR, "duplicate-id", f"the id {entry.id!r} is used again")
            if not entry.sources:
                yield PackIssue(name, line, Severity.WARNING, "source", f"{entry.id} names no source")
