"""What the scan remembers of lines is bounded by bytes, and changes no answer."""

from __future__ import annotations

import pytest

from tests.hunt.evidence import iis, row, rules_of, sigma
from waspglass.hunt.decide import Decider, Group
from waspglass.hunt.hunting import hunt

RULES = rules_of(
    sigma("s: {cs-uri-stem|contains: /ecp/}\nf: {cs-uri-query|contains: q}\ncondition: s and not f", title="r")
)


def remembered(monkeypatch: pytest.MonkeyPatch, length: int) -> int:
    """Bytes that are kept for a hundred lines with a cell of this length."""
    kept: dict[int, Group] = {}
    real = Decider._remember

    def spy(self: Decider, group: Group, cells: object, matched: tuple[object, ...], length: int) -> None:
        real(self, group, cells, matched, length)  # type: ignore[arg-type]  # passed on as it came
        kept[id(group)] = group

    monkeypatch.setattr(Decider, "_remember", spy)
    lines = [row(f"/ecp/{number}{'x' * length}") for number in range(100)]
    log = iis(*lines)
    fast, slow = hunt([log], RULES), hunt([log], RULES, naive=True)
    assert (fast.findings, fast.skipped) == (slow.findings, slow.skipped)
    assert kept
    return sum(len(repr(cells)) for group in kept.values() for cells in group.memo)


def test_short_lines_are_remembered_and_long_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert remembered(monkeypatch, 10) > 1000
    assert remembered(monkeypatch, 50_000) == 0
