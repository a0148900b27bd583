"""The comparison of two scans for a terminal, and its hosts as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from waspglass.census.compare import ChangedHost, Comparison
from waspglass.model.escape import csv_cell
from waspglass.report.census_text import table

__all__ = ["changes_json", "changes_row", "changes_text", "is_hosts_table", "write_hosts"]

_HOSTS = ("change", "addresses", "country", "compromised")


def changes_text(comparison: Comparison) -> str:
    """The counts, with the compromised among them, and the wasp under the lid as a sentence of its own."""
    rows = [
        (change.value, str(number), str(comparison.compromised[change])) for change, number in comparison.counts.items()
    ]
    title = f"{comparison.source}: {comparison.before} to {comparison.after}, by {comparison.unit}"
    under = comparison.patched_compromised
    sentence = f"Patched on {comparison.after} and reported compromised by some source: {under}"
    return "\n".join([title, *table([("", "hosts", "reported compromised"), *rows]), "", sentence])


def changes_json(comparison: Comparison) -> str:
    """The counts for scripts."""
    return json.dumps(changes_row(comparison), indent=1)


def changes_row(comparison: Comparison) -> dict[str, object]:
    """The counts as plain data."""
    return {
        "schema": "waspglass/census-changes/1",
        "source": comparison.source,
        "before": str(comparison.before),
        "after": str(comparison.after),
        "unit": comparison.unit.value,
        "changes": {change.value: number for change, number in comparison.counts.items()},
        "compromised": {change.value: number for change, number in comparison.compromised.items()},
        "patched_and_compromised": comparison.patched_compromised,
    }


def is_hosts_table(path: Path) -> bool:
    """Whether a file may be replaced by another table of hosts: it is one, or empty."""
    with path.open("rb") as file:
        return file.readline(200) in {b"", ",".join(_HOSTS).encode() + b"\n"}


def write_hosts(hosts: Iterable[ChangedHost], out: TextIO) -> int:
    """Writes every host with what became of it; returns how many."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HOSTS)
    number = 0
    for host in hosts:
        addresses = csv_cell(";".join(host.addresses))
        writer.writerow((host.change.value, addresses, host.country or "", "yes" if host.compromised else "no"))
        number += 1
    return number
