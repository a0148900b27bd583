"""What to search for elsewhere, and to hand on: what was proven of each address, page, file and user agent."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from itertools import groupby, islice
from operator import attrgetter

from waspglass.model.assessment import Assessment
from waspglass.model.document import format_instant
from waspglass.model.finding import Finding, Rung
from waspglass.report.stix_parts import address_text, names_file, routable
from waspglass.report.summary import answers_only, findings_by_id, height, highest_rung, records
from waspglass.report.visible import cell

__all__ = ["Seen", "address_rows", "indicator_lines", "indicators"]

_ADDRESSES = 25
_OF_A_KIND = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """What the findings prove of one thing.

    Attributes:
        kind: Type of the thing as MISP names it: `ip-src`, `uri`, `filename`, `sha256` or `user-agent`.
        value: The thing.
        rung: The highest rung that is proven of it.
        records: How many records of the evidence say so; several rules may have found the same one.
        first: Time of the first of them that has one.
        last: Time of the last.
    """

    kind: str
    value: str
    rung: Rung
    records: int
    first: datetime | None
    last: datetime | None


def address_rows(assessment: Assessment) -> tuple[list[Seen], int]:
    """The addresses of which something is proven, the highest rung first; and how many more there are."""
    seen = _addresses(assessment)
    return seen[:_ADDRESSES], max(0, len(seen) - _ADDRESSES)


def indicators(assessment: Assessment) -> list[Seen]:
    """What others can search for: what the intruder left, and from where and by what program more than a probe came.

    Empty where nothing but answers of pages that may be the owner's speaks of an intruder. Private addresses point to
    nobody outside, and the name of a page of the product to every server.
    """
    if answers_only(assessment):
        return []
    found = findings_by_id(assessment)
    left = [(i, found[name]) for i in assessment.implants for name in i.findings if name in found]
    named = [(i.subject, finding) for i, finding in left if not i.of_product]
    agents = ((a.user_agent, f) for f in assessment.findings if (a := f.actor) and a.user_agent)
    things = [
        *(one for one in _addresses(assessment) if routable(one.value)),
        *_seen("uri", (one for one in named if one[0].startswith("/"))),
        *_seen("filename", (one for one in named if not one[0].startswith("/") and names_file(one[0]))),
        *_seen("sha256", ((f.fields["sha256"], f) for _, f in left if "sha256" in f.fields)),
        *_seen("user-agent", agents),
    ]
    return [one for one in things if one.rung is not Rung.PROBED]


def indicator_lines(assessment: Assessment) -> tuple[list[str], int]:
    """The indicators as lines of CSV below a head, at most 100 of a kind, times in UTC; and how many more there are.

    No value is a formula to a spreadsheet. `--rules` reads such a list. Without indicators there is no line.
    """
    seen = indicators(assessment)
    if not seen:
        return [], 0
    out = StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("type", "value", "rung", "records", "first", "last"))
    shown = [one for _, kind in groupby(seen, key=attrgetter("kind")) for one in islice(kind, _OF_A_KIND)]
    for one in shown:
        times = (format_instant(time) if time else "" for time in (one.first, one.last))
        value = cell(one.value).replace("\\\\", "\\")
        rows.writerow((one.kind, value, one.rung, one.records, *times))
    return out.getvalue().splitlines(), len(seen) - len(shown)


def _addresses(assessment: Assessment) -> list[Seen]:
    return _seen("ip-src", ((address_text(a.address), f) for f in assessment.findings if (a := f.actor) and a.address))


def _seen(kind: str, named: Iterable[tuple[str, Finding]]) -> list[Seen]:
    groups: dict[str, list[Finding]] = {}
    for value, finding in named:
        if finding.proves:
            groups.setdefault(value, []).append(finding)
    seen = []
    for value, findings in groups.items():
        times = [finding.time for finding in findings if finding.time]
        rung = highest_rung(findings) or Rung.PROBED
        seen.append(Seen(kind, value, rung, records(findings), min(times, default=None), max(times, default=None)))
    return sorted(seen, key=lambda one: (-height(one.rung), -one.records, one.value))
