"""Census answers for a terminal, and as CSV and JSON for scripts."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from waspglass.census.counted import By, Count, ranked
from waspglass.model.escape import csv_cell, printable
from waspglass.model.skip import Skipped
from waspglass.packs.builds import State

if TYPE_CHECKING:
    import datetime as dt

    # Adding loads libraries that answers do not need.
    from waspglass.census.add import Outcome
    from waspglass.census.scopes import Gap
    from waspglass.census.store.manifest import Added

__all__ = [
    "STATES",
    "count_rows",
    "counts_text",
    "gap_text",
    "outcome_text",
    "ranks",
    "sightings",
    "state_key",
    "stopped_text",
    "table",
]

STATES = (State.VULNERABLE, State.PATCHED, State.UNDECIDABLE, State.NOT_AFFECTED, State.UNKNOWN)
"""In the order of what evidence says; of several sightings the first counts."""

_WIDTH, _LEAST = 100, 12
"""Characters of a line that a screen is expected to have, and of its first cell whatever the others need."""
_TITLES = ("total", *(state.value for state in STATES), "tested", "compromised", "also patched")


def state_key(state: State) -> str:
    """The key of a state's word in `lang/census.*.toml`."""
    return f"state.{state.name.lower()}"


def sightings(number: int) -> str:
    """So many sightings."""
    return f"{number} sighting" if number == 1 else f"{number} sightings"


def outcome_text(outcome: Outcome) -> str:
    """What became of one export, with everything that was left out of it."""
    name = printable(outcome.name)
    if outcome.known is not None:
        known = f"as {printable(outcome.known.name)}, {_span(outcome.known)}"
        return f"{name}: already in the store ({known}), nothing changed"
    if outcome.refused is not None:
        return f"{name}: refused: {printable(outcome.refused.reason).removeprefix(f'{name}: ')}"
    added = outcome.added
    assert added is not None
    lines = [f"{name}: {sightings(added.records)}, source {added.source}, {_span(added)}"]
    if not added.records:
        lines.append("  it has no rows: a scan that saw nothing. Of a source of several reports a day, add all")
    if len(added.days) > 1:
        lines.append(
            "  each row is on the day of its own time; if this is one scan, `census remove` it and add it with --date"
        )
    lines += [f"  skipped {_skip_text(skip)}" for skip in added.skipped]
    if outcome.replaced:
        one = "one" if len(outcome.replaced) == 1 else "ones"
        lines.append(f"  took the place of the earlier {one} of this name ({_ids(outcome.replaced)})")
    if outcome.earlier:
        one = "one" if len(outcome.earlier) == 1 else "ones"
        beside = f"  counts beside the earlier {one} of this name ({_ids(outcome.earlier)})"
        lines.append(f"{beside}; `census remove` what this corrects")
    return "\n".join(lines)


def gap_text(gap: Gap, *, messages: bool = False) -> str:
    """What it means that reports are missing on a day, for counts and changes, or for `messages` to owners."""
    what, they = ("report", "it") if len(gap.missing) == 1 else ("reports", "they")
    last = (f"{printable(name)} (last {day})" for name, day in zip(gap.missing, gap.came, strict=True))
    told = f"{gap.date}  {gap.source}: no {what} {', '.join(last)}"
    if gap.counted and messages:
        return f"{told}; hosts that only {they} would show are told of as last reported in the week before"
    if gap.counted:
        return f"{told}; hosts that only {they} would show are missing, not gone"
    return f"{told}, and nothing but headers without rows: not counted as a scan"


def stopped_text(date: dt.date, source: str) -> str:
    """What it means that a source has had no scan for more than a week."""
    return f"{date}  {source}: the last scan, more than a week before; its hosts are not in this answer"


def _ids(exports: Iterable[Added]) -> str:
    return ", ".join(each.id for each in exports)


def _span(added: Added) -> str:
    days = added.days
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}, {len(days)} days"


def _skip_text(skip: Skipped) -> str:
    return f"{skip.count}: {skip.reason}" + (f" ({skip.detail})" if skip.detail else "")


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """A plain table, of which the heads are rows like others: first column to the left, the others to the right.

    A first cell that would make its line longer than most screens stands on a line of its own.
    """
    cells = list(rows)
    widths = [max(map(len, column)) for column in list(zip(*cells, strict=True))[1:]]
    room = max(_LEAST, _WIDTH - sum(width + 2 for width in widths))
    first = max((_columns(row[0]) for row in cells if _columns(row[0]) <= room), default=0)
    lines = []
    for name, *others in cells:
        if _columns(name) > room:
            lines.append(name)
            name = ""
        right = (cell.rjust(width) for cell, width in zip(others, widths, strict=True))
        lines.append("  ".join([name + " " * (first - _columns(name)), *right]).rstrip())
    return lines


def _columns(text: str) -> int:
    """The columns that a terminal gives to a text: two to an East Asian letter, none to an accent on a letter."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "FW" else 1 for each in text
    )


def counts_text(counts: Sequence[Count], by: By, form: Literal["text", "csv", "json"], limit: int) -> str:
    """Counts in this form; the limit is that of groups in a text."""
    if form == "json":
        return json.dumps(count_rows(counts, by), indent=1)  # ASCII: names may hold any character
    if form == "csv":
        return _csv(count_rows(counts, by))
    shown = (numbers for each in counts for numbers in (_in_addresses(each), _in_servers(each)))
    seen = {title for numbers in shown for title, number in numbers.items() if number}
    empty = [title for title in _TITLES if title not in (*seen, "total", "vulnerable")]
    titles = [title for title in _TITLES if title not in empty]
    lines: list[str] = []
    for (date, source), group in groupby(counts, key=lambda each: (each.date, each.source)):
        lines += [f"{date}  {source}", *_scan_table(list(group), by, limit, titles), ""]
    return "\n".join([*lines, f"0 everywhere: {', '.join(empty)}"] if empty else lines[:-1])


def count_rows(counts: Iterable[Count], by: By) -> list[dict[str, object]]:
    """Counts for scripts, scan by scan; groups come with their rank, shared by those with as many vulnerable hosts."""
    scans = groupby(counts, key=lambda each: (each.date, each.source))
    return [_plain(each, by, rank) for _, group in scans for rank, each in ranks(ranked(group))]


def ranks(ordered: Iterable[Count]) -> list[tuple[int | None, Count]]:
    """The groups of one scan with their ranks; those whose group is unknown are no group, and have none."""
    found: list[tuple[int | None, Count]] = []
    rank, place, before = 0, 0, -1
    for each in ordered:
        place += each.key is not None
        if each.key is not None and each.vulnerable != before:
            rank, before = place, each.vulnerable
        found.append((None if each.key is None else rank, each))
    return found


def _in_addresses(each: Count) -> dict[str, int]:
    """The numbers of a group by the titles of their columns."""
    states = {state.value: each.addresses.get(state, 0) for state in STATES}
    others = {"tested": each.tested, "compromised": each.compromised, "also patched": each.patched_compromised}
    return {"total": each.total} | states | others


def _in_servers(each: Count) -> dict[str, int]:
    """The same of servers, as far as they are counted."""
    return {"total": sum(each.servers.values()), **{state.value: each.servers.get(state, 0) for state in STATES}}


def _scan_table(counts: list[Count], by: By, limit: int, titles: Sequence[str]) -> list[str]:
    shown = ranked(counts)
    heads = [title.rpartition(" ") for title in titles]
    rows = [
        ["", *(above for above, _, _ in heads)],
        ["" if by is By.NOTHING else by.value, *(head[2] for head in heads)],
    ]
    for each in shown[:limit]:
        name = printable(each.key) if each.key is not None else ("all" if by is By.NOTHING else "(unknown)")
        for label, numbers in ((name, _in_addresses(each)), ("  servers", _in_servers(each) if each.servers else {})):
            if numbers:
                rows.append([label, *(str(numbers.get(title, "")) for title in titles)])
    lines = [line for line in table(rows) if line]
    if len(shown) > limit:
        lines.append(f"({len(shown) - limit} more groups; --limit shows them)")
    return lines


def _plain(each: Count, by: By, rank: int | None) -> dict[str, object]:
    row: dict[str, object] = {"date": str(each.date), "source": each.source}
    if by is not By.NOTHING:
        row |= {by.value: each.key, "rank": rank}
    row |= {f"addresses_{state.replace(' ', '_')}": each.addresses.get(state, 0) for state in STATES}
    if each.servers:
        row |= {f"servers_{state.replace(' ', '_')}": each.servers.get(state, 0) for state in STATES}
    return row | {
        "tested": each.tested,
        "compromised": each.compromised,
        "patched_and_compromised": each.patched_compromised,
    }


def _csv(rows: Sequence[dict[str, object]]) -> str:
    if not rows:
        return ""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: csv_cell(value) if isinstance(value, str) else value for name, value in row.items()})
    return out.getvalue().rstrip()
