"""What a scan tested exactly, as tests see it."""

from __future__ import annotations

import pytest

from waspglass.hunt.scan.decide import Decider

__all__ = ["exactly_tested"]


def exactly_tested(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bytes]]:
    """A list that grows with each line that is tested exactly from here on: by how many rules, and the line."""
    tested: list[tuple[int, bytes]] = []
    real = Decider._exactly

    def spy(self: Decider, groups: object, bounds: tuple[object, ...], line: bytes, *rest: object) -> None:
        tested.append((len(bounds), line))
        real(self, groups, bounds, line, *rest)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(Decider, "_exactly", spy)
    return tested
