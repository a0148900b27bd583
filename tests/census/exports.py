"""Exports as text, in the formats' own notation, and short ways into the store."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from waspglass.census.add import AddOptions, Outcome, add_exports
from waspglass.census.count import By, Count, count
from waspglass.census.reading import open_reading
from waspglass.census.sources.all import all_sources
from waspglass.census.sources.mapping import Mapping
from waspglass.census.store.folder import Folder
from waspglass.packs.builds import State
from waspglass.packs.load import load_pack

NOW = dt.datetime(2021, 4, 1, tzinfo=dt.UTC)
PACK = load_pack("proxylogon")
VULNERABLE, PATCHED, UNDECIDABLE = "15.1.2176.2", "15.1.2176.9", "15.1.2176"

COLUMNS_2021 = "timestamp,ip,port,hostname,tag,asn,geo,region,city,naics,sic,sector,version,servername,url"
COLUMNS_TODAY = (
    "timestamp,severity,ip,protocol,port,hostname,tag,asn,geo,region,city,naics,hostname_source,sector,version,"
    "servername,url"
)


def banner(address: str, version: str | None = VULNERABLE, **more: object) -> dict[str, object]:
    """A Shodan banner; four parts go into the header, three into a path of the page."""
    head, page = "HTTP/1.1 200 OK\r\n", ""
    if version is not None and version.count(".") == 3:
        head += f"X-OWA-Version: {version}\r\n"
    elif version is not None:
        page = f'<link href="/owa/auth/{version}/themes/x.ico">'
    return {
        "_shodan": {"module": "https"},
        "ip_str": address,
        "port": 443,
        "transport": "tcp",
        "timestamp": "2021-03-09T10:00:00.123456",
        "location": {"country_code": "DE"},
        "http": {"title": "Outlook", "html": page},
        "data": head,
    } | more


def jsonl(*rows: object) -> bytes:
    """JSON lines; strings and bytes go in as they are."""
    lines = [
        row if isinstance(row, bytes) else row.encode() if isinstance(row, str) else json.dumps(row).encode()
        for row in rows
    ]
    return b"\n".join(lines) + b"\n"


def certificate(mark: str) -> dict[str, object]:
    """A certificate whose fingerprint repeats one character."""
    return {"cert": {"fingerprint": {"sha256": mark * 64}}}


def options(**changes: object) -> AddOptions:
    """The built-in readers and a fixed clock."""
    mapping = changes.pop("mapping", None)
    assert mapping is None or isinstance(mapping, Mapping)
    return AddOptions(all_sources(mapping), NOW, **changes)  # type: ignore[arg-type]  # tests name real options only


def add(folder: Path, name: str, content: bytes, **changes: object) -> Outcome:
    """Writes an export beside the store and adds it."""
    path = folder / "in" / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(content)
    (outcome,) = add_exports(Folder(str(folder / "store")), [path], options(**changes))
    return outcome


def added(outcome: Outcome) -> tuple[int, dict[str, int]]:
    """Sightings, and skips by reason."""
    assert outcome.added is not None, outcome
    return outcome.added.records, {skip.reason.value: skip.count for skip in outcome.added.skipped}


def counts(folder: Path, by: By = By.NOTHING) -> tuple[Count, ...]:
    """All counts of the store."""
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        return count(reading, reading.scans(), by)


def states(folder: Path) -> dict[State, int]:
    """Addresses by state of the only scan in the store."""
    (one,) = counts(folder)
    return one.addresses


def rows(folder: Path) -> list[dict[str, object]]:
    """The sightings in the store, by line; of several exports by address."""
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        table = reading.table(f"SELECT * FROM {reading.files_sql()} ORDER BY source, line, port, address")
    found: list[dict[str, object]] = table.to_pylist()
    return found
