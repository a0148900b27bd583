"""What the verbs of `waspglass census` share: the store, the pack, days, countries, and what an answer leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from waspglass.cli.streams import tell

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence

    from waspglass.census.counted import Scan
    from waspglass.census.reading import Reading
    from waspglass.census.store.folder import Folder

__all__ = [
    "PackName",
    "Store",
    "answer_day",
    "country_code",
    "day_of",
    "opened",
    "tell_gaps",
    "tell_honeypots",
    "tell_no_entry",
    "tell_stopped",
]

Store = Annotated[str, typer.Option("--store", help="Folder of the store, or an fsspec URL.", envvar="WASPGLASS_STORE")]
PackName = Annotated[str, typer.Option("--pack", help="Campaign pack whose flaws and builds decide the state.")]


def opened(store: str, *, new: bool = False) -> Folder:
    """The store, which is there unless it may be `new`; of a file in its place it is said what it is."""
    from waspglass.census.store.folder import Folder
    from waspglass.model.errors import Location, UsageError

    folder, where = Folder(store), Location(store)
    if folder.local and Path(folder.root).is_file():
        raise UsageError("a store is a folder, and this is a file", location=where, hint="Name it with --store")
    if not new and not folder.exists():
        hint = "Name it with --store, or make it with: waspglass census add FILE"
        raise UsageError("there is no such store", location=where, hint=hint)
    return folder


def day_of(text: str) -> dt.date:
    """The day that was written as ISO 8601 has it."""
    import datetime as dt

    from waspglass.model.errors import UsageError

    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"no such day: {text!r}", hint="Write it as YYYY-MM-DD") from error


def answer_day(date: str | None, reading: Reading) -> dt.date:
    """The day that was asked for, otherwise the last one in the store."""
    return reading.last_day() if date is None else day_of(date)


def country_code(code: str | None) -> str | None:
    """The code in capitals; None if none was given."""
    from waspglass.model.errors import UsageError

    if code is not None and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise UsageError(f"no country code: {code!r}", hint="Write it as two letters, such as DE")
    return None if code is None else code.upper()


def tell_honeypots(reading: Reading, scans: Sequence[Scan]) -> None:
    """Says what each source takes for a honeypot, which the answer leaves out."""
    from waspglass.census.evidence_counts import honeypots
    from waspglass.report.census_text import sightings

    for source, number in honeypots(reading, scans).items():
        tell(f"{source} takes {sightings(number)} for {'a honeypot' if number == 1 else 'honeypots'}: not counted\n")


def tell_no_entry(reading: Reading, scans: Sequence[Scan]) -> None:
    """Says how many of the vulnerable addresses are of a product line into which the pack's flaws alone let nobody."""
    from waspglass.census.no_entry import without_entry

    for scan in scans:
        for line, number in without_entry(reading, scan):
            tell(f"{scan[1]}, vulnerable addresses of {line.product}: {number}. {line.text.en}\n")


def tell_stopped(reading: Reading, day: dt.date) -> None:
    """Says which sources have had no scan for so long that the answer leaves them out."""
    from waspglass.census.count import stopped
    from waspglass.report.census_text import stopped_text

    for scan in stopped(reading, day):
        tell(f"{stopped_text(*scan)}\n")


def tell_gaps(reading: Reading, days: Collection[dt.date], *, messages: bool = False) -> None:
    """Says which reports of a source are missing on these days, if any."""
    from waspglass.report.census_text import gap_text

    for gap in reading.gaps:
        if gap.date in days:
            tell(f"{gap_text(gap, messages=messages)}\n")
