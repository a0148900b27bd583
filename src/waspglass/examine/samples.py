"""What the validator of packs asks of the engine: which rules fire on a sample, and what is never looked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from waspglass.evidence.open import open_evidence
from waspglass.evidence.readers.registry import record_readers
from waspglass.evidence.recognise import recognise
from waspglass.hunt.cache import Cache, user_cache_folder
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules.load import load_rules
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.known_good import open_known_good
from waspglass.packs.pack import Pack

__all__ = ["rules_that_fire", "unused_rules"]


def rules_that_fire(pack: Pack, sample: Path) -> Mapping[str, str] | None:
    """The rules of all findings, of any effect, that a sample gives, and why others were not run; see `Fires`.

    None if no kind of the pack knows any file of the sample.

    Args:
        pack: The pack.
        sample: A file or a folder.

    Raises:
        EvidenceError: If the sample cannot be opened.
        PackError: If the pack's rules cannot be used.
    """
    cache = Cache(user_cache_folder())
    rules = load_rules(pack, cache=cache)
    with open_evidence(sample) as evidence:
        artefacts = [item for item in recognise(evidence, pack.kinds) if not isinstance(item, Skipped)]
        if not artefacts:
            return None
        readers = record_readers(open_known_good(pack), keys=pack.registry_keys)
        result = hunt(artefacts, rules, readers=readers, cache=cache)
    names = {rule.id: rule.name for rule in rules.rules}
    left_out = [one for one in result.skipped if one.reason is SkipReason.MISSING_FIELD]
    idle = {names.get(one.source, one.source): one.detail or "not run" for one in left_out}
    return {**idle, **{found.rule: "" for found in (*result.findings, *result.context)}}


def unused_rules(pack: Pack) -> tuple[Skipped, ...]:
    """Rules, indicators and lists of the pack that the engine passes over, with the reason.

    Raises:
        PackError: If a rule is broken.
    """
    return load_rules(pack).skipped
