"""The vulnerable addresses of product lines into which a pack's flaws let nobody by themselves."""

from __future__ import annotations

from collections import Counter

from waspglass.census.counted import Scan
from waspglass.census.evidence_tables import ADDRESS_EVIDENCE, sightings_of
from waspglass.census.judge import WEIGHTS, judge
from waspglass.census.reading import Reading
from waspglass.census.store.parquet import sql_text
from waspglass.packs.builds import State
from waspglass.packs.pack import NoEntry

__all__ = ["without_entry"]


def without_entry(reading: Reading, scan: Scan) -> tuple[tuple[NoEntry, int], ...]:
    """The lines of the pack that let nobody in, each with its vulnerable addresses in a scan; without those of none.

    All that makes an address vulnerable must be of the line, and its source may name no flaw that the line lacks: the
    rule of the messages to owners.
    """
    lines = {line.product: line for line in reading.pack.no_entry}
    if not lines:
        return ()
    sightings = f"{reading.files_sql([scan])} WHERE product = $product"
    found = reading.rows(f"SELECT DISTINCT version FROM {sightings} AND version IS NOT NULL")  # noqa: S608 - ours
    versions = ", ".join(sql_text(version) for (version,) in found if _line(reading, version) in lines)
    if not versions:
        return ()
    addresses = f"SELECT address FROM {sightings} AND version IN ({versions})"  # noqa: S608 - no quote is left as it is
    evidence = f"SELECT {ADDRESS_EVIDENCE} AS evidence FROM {sightings} AND address IN ({addresses}) GROUP BY address"  # noqa: S608
    numbers: Counter[str | None] = Counter()
    for text, number in reading.rows(f"SELECT evidence, count(*) FROM ({evidence}) GROUP BY evidence"):  # noqa: S608
        numbers[_only_line(reading, text)] += number
    return tuple((line, numbers[product]) for product, line in lines.items() if numbers[product])


def _line(reading: Reading, version: str) -> str | None:
    known = reading.builds.state(version).known
    return None if known is None else known.product


def _only_line(reading: Reading, text: str) -> str | None:
    """The line of all that makes an address vulnerable; None if it is not, or if its flaws may let somebody in."""
    cves = {line.product: {*line.cves} for line in reading.pack.no_entry}
    flaws = reading.pack.cves
    found: set[str | None] = set()
    weights: list[int] = []
    for version, claimed, verified, refuted in sightings_of(text):
        own = judge(version, claimed, verified, refuted, reading.builds, flaws)
        weights.append(own.weight)
        if own.state is State.VULNERABLE:
            line = None if version is None else _line(reading, version)
            named = {*flaws} & {*(verified if own.tested else claimed)}
            found.add(line if line in cves and named <= cves[line] else None)
    vulnerable = WEIGHTS[max(weights)].state is State.VULNERABLE
    return found.pop() if vulnerable and len(found) == 1 else None
