"""What is kept on disk is neither another program's, nor without bound, nor anything of a case."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType, SimpleNamespace
from unittest.mock import patch

import pytest

from tests.hunt.evidence import iis, row, rules_of, sigma
from waspglass.evidence import format as format_
from waspglass.evidence.formats import event_json
from waspglass.hunt import cache as cache_module
from waspglass.hunt.cache import Cache, digest
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules import sigma_rules
from waspglass.packs import sigma_documents, sigma_source, yara_source

SEED = """
waspglass:
  rung: exploited
  effect: shows
  capture: {address: {field: c-ip}}
"""


def test_the_oldest_entries_go_where_all_together_are_too_large(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    with patch.object(cache_module, "_MOST_BYTES", 5000):
        for number in range(20):
            cache.put(f"{number:02d}", bytes(500))
        left = [number for number in range(20) if cache.get(f"{number:02d}") is not None]
    assert left
    assert left == list(range(left[0], 20))
    assert sum(path.stat().st_size for path in (tmp_path / "cache").iterdir()) <= 5000


def test_where_parts_end_is_part_of_the_key() -> None:
    assert digest("ab", "c") != digest("a", "bc")


def test_another_program_has_other_keys() -> None:
    before = digest("rules", "text")
    with patch.object(cache_module, "_program", lambda: b"another"):
        assert digest("rules", "text") != before
    assert digest("rules", "text") == before


@pytest.mark.parametrize("part", [sigma_rules, sigma_source, sigma_documents, yara_source, event_json, format_])
def test_all_that_reads_rules_is_part_of_the_program(part: ModuleType) -> None:
    """What an older program made of a rule must not stay when the rest of it is exchanged."""
    before = cache_module._program.__wrapped__()
    place, stat = Path(str(part.__file__)), Path.stat

    def touched(path: Path, *, follow_symlinks: bool = True) -> SimpleNamespace | os.stat_result:
        state = stat(path, follow_symlinks=follow_symlinks)
        return SimpleNamespace(st_size=state.st_size + 1, st_mtime_ns=0) if path == place else state

    with patch.object(Path, "stat", touched):
        assert cache_module._program.__wrapped__() != before
    assert cache_module._program.__wrapped__() == before


def test_a_case_leaves_nothing_behind(tmp_path: Path) -> None:
    """The databases of what is followed up hold the addresses and pages of one intrusion."""
    rules, folder = rules_of(sigma("s: {cs-uri-stem: /x.aspx}\ncondition: s", extra=SEED)), tmp_path / "cache"
    kept: list[set[str]] = []
    for last in (7, 8):
        result = hunt(
            [iis(row("/x.aspx", ip=f"203.0.113.{last}"), row(ip=f"203.0.113.{last}"))], rules, cache=Cache(folder)
        )
        assert result.context  # it was followed up
        kept.append({path.name for path in folder.iterdir()})
    assert kept[0]
    assert kept[0] == kept[1]
