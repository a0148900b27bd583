"""Read rules as JSON and back, so that a warm start needs neither YAML nor pySigma."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import msgspec

from waspglass.hunt.rules.rule import Correlation, Indicator, Rule
from waspglass.model.document import Document
from waspglass.model.skip import Skipped

__all__ = ["RuleTable", "rules_from_json", "rules_to_json"]


@dataclass(frozen=True, slots=True)
class RuleTable:
    """What was read from the sources.

    Attributes:
        yara: Paths of the YARA sources of which something compiles.
        compiled: All of their rules, compiled; it is not part of the JSON.
    """

    rules: tuple[Rule, ...]
    correlations: tuple[Correlation, ...]
    indicators: tuple[Indicator, ...]
    yara: frozenset[str]
    skipped: tuple[Skipped, ...]
    compiled: bytes = b""


def _written(value: Document) -> str:
    """The documents in the table: logsources and skips."""
    return value.model_dump_json()


@cache
def _read(wanted: type[Document], stored: str) -> Document:
    """The document; many rules share a logsource."""
    return wanted.model_validate_json(stored)


def rules_to_json(table: RuleTable) -> bytes:
    """The table as JSON."""
    return msgspec.json.encode(replace(table, compiled=b""), enc_hook=_written)


def rules_from_json(stored: bytes) -> RuleTable | None:
    """The table that was stored; None if it is not one, so that the rules are read anew."""
    try:
        return msgspec.json.decode(stored, type=RuleTable, dec_hook=_read)
    except (msgspec.MsgspecError, ValueError):
        return None
