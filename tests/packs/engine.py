"""Runs a pack's rules over a sample, as `waspglass pack check` does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.open import open_evidence
from waspglass.evidence.readers.registry import record_readers
from waspglass.evidence.recognise import recognise
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome.result import HuntResult
from waspglass.hunt.rules.load import load_rules
from waspglass.hunt.rules.rule import RuleSet
from waspglass.model.skip import SkipReason
from waspglass.packs.known_good import open_known_good
from waspglass.packs.pack import Pack

_RULES: dict[str, RuleSet] = {}


def hunted(pack: Pack, evidence: Path) -> HuntResult:
    rules = _RULES.get(pack.sha256) or load_rules(pack)
    _RULES[pack.sha256] = rules
    with open_evidence(evidence) as opened:
        found = [one for one in recognise(opened, pack.kinds) if isinstance(one, Artefact)]
        return hunt(found, rules, readers=record_readers(open_known_good(pack)))


def fires(pack: Pack, sample: Path) -> Mapping[str, str] | None:
    result = hunted(pack, sample)
    if not result.scanned:
        return None
    idle = {one.source: one.detail or "not run" for one in result.skipped if one.reason is SkipReason.MISSING_FIELD}
    return {**idle, **{one.rule: "" for one in (*result.findings, *result.context)}}
