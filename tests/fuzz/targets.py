"""All targets by name."""

from __future__ import annotations

from tests.fuzz.archive_targets import ARCHIVE_TARGETS
from tests.fuzz.evidence_targets import EVIDENCE_TARGETS
from tests.fuzz.other_targets import OTHER_TARGETS
from tests.fuzz.rule_targets import RULE_TARGETS
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {
    one.name: one for one in (*EVIDENCE_TARGETS, *ARCHIVE_TARGETS, *RULE_TARGETS, *OTHER_TARGETS)
}
