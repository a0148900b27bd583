from __future__ import annotations

from typing import Any, BinaryIO

import pytest

from tests.hunt.evidence import IIS_FIELDS, MemoryFile, artefact, row, rules_of, sigma
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.errors import EvidenceReadError
from waspglass.hunt.matching import plan
from waspglass.hunt.matching.plan import Plan
from waspglass.hunt.outcome.result import Limits
from waspglass.hunt.scan import planner, priming
from waspglass.hunt.scan.blocks import BLOCK
from waspglass.hunt.scan.priming import prime
from waspglass.hunt.scan.scan_file import Pass, scan_file
from waspglass.model.skip import SkipReason

RULES = rules_of(sigma("s: {cs-uri-stem|contains: /ecp/}\ncondition: s", title="plant"))


def _logs() -> list[Artefact]:
    """Of several blocks each."""
    text = "\r\n".join([f"#Fields: {IIS_FIELDS}", *[row("/ecp/x" if n % 999 == 5 else "/owa/") for n in range(25_000)]])
    assert len(text) > 2 * BLOCK
    return [artefact("iis", text, "a.log"), artefact("iis", text, "b.log"), artefact("iis", "no header", "c.log")]


def _run() -> Pass:
    return Pass(rules=RULES, chosen=RULES.rules, holes={}, readers={}, window=None, limits=Limits())


def test_what_was_primed_is_not_made_again_and_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "ENOUGH", 64 << 10)
    made: list[int] = []
    original = plan.make_plan

    def counted(*words: Any) -> Plan:  # passes on whatever it is given
        made.append(1)
        return original(*words)

    monkeypatch.setattr(planner, "make_plan", counted)
    logs, primed = _logs(), _run()
    prime(logs, primed)
    before = len(made)
    assert before
    outcome = scan_file(logs[0], primed)
    assert len(made) == before
    assert outcome == scan_file(logs[0], _run())
    assert outcome.hits


def test_priming_leaves_no_skips_behind() -> None:
    class Gone(MemoryFile):
        def open(self) -> BinaryIO:
            raise EvidenceReadError("gone", reason=SkipReason.UNREADABLE)

    run = _run()
    prime([artefact("iis", "no header", "c.log"), Artefact("iis", "w3c", Gone("a.log", b"x" * 9))], run)
    assert run.take_unbound() == ()
    assert run.take_given_up("x") == ()
    assert priming._BLOCKS * BLOCK > planner.ENOUGH
