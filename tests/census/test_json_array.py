"""Exports that hold their records in one JSON array give what the same records give as lines."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.census.exports import PATCHED, add, added, banner, jsonl, rows, states
from waspglass.census.sources.mapping import Mapping
from waspglass.packs.builds import State

BANNERS = [banner(f"192.0.2.{number}", PATCHED if number % 2 else None, port=443 + number) for number in range(7)]
TEXT = json.dumps(BANNERS, indent=2, ensure_ascii=False)


@pytest.mark.parametrize(
    "content",
    [TEXT.encode(), json.dumps(BANNERS).encode(), b"\xef\xbb\xbf\r\n" + TEXT.encode(), TEXT.encode("utf-16"),
     gzip.compress(TEXT.encode())],
)  # fmt: skip
def test_an_array_is_its_lines(tmp_path: Path, content: bytes) -> None:
    assert added(add(tmp_path / "array", "shodan.json", content)) == (7, {})
    add(tmp_path / "lines", "shodan.json", jsonl(*BANNERS))
    assert rows(tmp_path / "array") == rows(tmp_path / "lines")


def test_answers_of_shodan_to_a_search(tmp_path: Path) -> None:
    """Two pages, as its API gives them."""
    pages = [{"matches": BANNERS[:4], "total": 7}, {"matches": BANNERS[4:], "total": 7, "facets": {"country": []}}]
    assert added(add(tmp_path / "pages", "shodan.json", jsonl(*pages))) == (7, {})
    add(tmp_path / "lines", "shodan.json", jsonl(*BANNERS))
    assert rows(tmp_path / "pages") == rows(tmp_path / "lines")


def test_a_declared_array(tmp_path: Path) -> None:
    mapping = Mapping(name="x", format="json", product="exchange", columns={"address": "ip", "version": "v.build"})
    records = [{"ip": "192.0.2.1", "v": {"build": PATCHED}}, 5, {"ip": None}]
    outcome = add(tmp_path, "2021-03-09.json", json.dumps(records, indent=1).encode(), mapping=mapping)
    assert added(outcome) == (1, {"malformed line": 2})
    assert states(tmp_path) == {State.PATCHED: 1}


def test_an_array_that_was_cut_gives_what_stands_before_the_cut(tmp_path: Path) -> None:
    assert added(add(tmp_path, "shodan.json", TEXT[: len(TEXT) // 2].encode())) == (3, {"truncated": 1})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (TEXT.replace('"port": 446', '"port": ,446').encode(), "(element 4 of the array): "),
        (TEXT.encode() + b"x", "invalid char"),
        (b"[]", "no reader knows this content"),
        (b'[["192.0.2.1", 443]]', "no reader knows this content"),
        (TEXT.replace("Outlook", "x" * (10 << 20), 1).encode(), "longer than 8388608 bytes"),
    ],
)
def test_what_cannot_be_taken_apart_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    outcome = add(tmp_path, "shodan-2021-03-09.json", content)
    assert outcome.refused is not None
    assert reason in outcome.refused.reason


@settings(deadline=None, max_examples=40)
@given(cut=st.integers(0, len(TEXT)), junk=st.binary(max_size=4))
def test_no_damage_does_more_than_to_be_counted_or_refused(
    tmp_path_factory: pytest.TempPathFactory, cut: int, junk: bytes
) -> None:
    folder = tmp_path_factory.mktemp("array")
    outcome = add(folder, "shodan.json", TEXT[:cut].encode() + junk + TEXT[cut:].encode())
    assert (outcome.refused is None) != (outcome.added is None)
    if outcome.added is not None:
        assert outcome.added.records <= len(BANNERS)
