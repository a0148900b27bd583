"""Hosts over days: for each server or address and each scan its one judged state, as SQL that the answers build on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

from waspglass.census.counted import By, Scan
from waspglass.census.evidence_tables import KEYS
from waspglass.census.judge import WEIGHTS
from waspglass.census.reading import Reading
from waspglass.packs.builds import State

__all__ = ["PATCHED", "UNITS", "VULNERABLE", "Unit", "hosts_sql", "scans_of"]


def _weights(state: State) -> str:
    """The weights that mean a state, as an SQL list."""
    return f"({', '.join(str(weight) for weight, each in WEIGHTS.items() if each.state is state)})"


VULNERABLE, PATCHED = _weights(State.VULNERABLE), _weights(State.PATCHED)


class Unit(StrEnum):
    """What is counted as one."""

    SERVER = "server"
    ADDRESS = "address"


UNITS = {Unit.SERVER: "i.server", Unit.ADDRESS: "s.address"}
"""The unit of a sighting `s` (and identity `i`) as an SQL expression."""


def scans_of(reading: Reading, source: str) -> list[dt.date]:
    """The days of a source, in order."""
    return [date for date, each in reading.scans() if each == source]


def hosts_sql(reading: Reading, scans: Sequence[Scan], unit: Unit, by: By = By.NOTHING, extra: str = "") -> str:
    """SQL with a row for each unit and scan: `unit, date, source, key, weight, compromised` and the `extra` aggregates.

    Of several sightings of a unit in a scan the strongest evidence counts (`judge.WEIGHTS`).
    """
    servers = unit is Unit.SERVER
    if servers:
        # NumPy and Arrow take longer to load than a question without servers takes to answer.
        from waspglass.census.identity import ensure_identity

        ensure_identity(reading)
    columns = f"{UNITS[unit]} AS unit, s.date AS date, s.source AS source, {KEYS[by]} AS key, s.*"
    joined = reading.judged_sql(scans, columns, servers=servers)
    # A build is that of the strongest evidence.
    key = "min_by(key, {'weight': -weight::INTEGER, 'key': key})" if by is By.BUILD else "min(key)"
    aggregates = f", {extra}" if extra else ""
    return (
        f"SELECT unit, date, source, {key} AS key, max(weight) AS weight,"  # noqa: S608 - all parts are ours
        f" bool_or(compromise IS NOT NULL) AS compromised{aggregates} FROM ({joined}) GROUP BY unit, date, source"
    )
