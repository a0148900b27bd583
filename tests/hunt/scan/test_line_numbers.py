"""Line numbers of hits: the same as counting every line, whatever is counted when, and in every pass."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import rules_of, sigma
from waspglass.evidence.artefact import Place
from waspglass.hunt.outcome.collect import Hit
from waspglass.hunt.scan import line_numbers
from waspglass.hunt.scan.blocks import Block
from waspglass.hunt.scan.line_numbers import Counter, _LineFeeds, number_lines

(RULE,) = rules_of(sigma("s: {cs-method: GET}\ncondition: s")).rules


def hit(offset: int) -> Hit:
    return Hit(RULE, "iis", "log", Place(offset=offset), None, b"", {}, None)


def blocks(parts: list[bytes], too_long: int = 0) -> Iterator[Block]:
    """Each part as a block; a byte stands before the lines, as the reader leaves one."""
    offset = 0
    for part in parts:
        data = bytearray(b"\n" + part)
        yield Block(data, memoryview(data), 1, len(data), offset, too_long)
        offset += len(part)


LINES = st.lists(st.sampled_from([b"\n", b"a\n", b"bb\n", b"x" * 50 + b"\n"]), min_size=1, max_size=6).map(b"".join)
PARTS = st.lists(LINES, min_size=1, max_size=8)


@given(PARTS, st.data(), st.booleans(), st.integers(0, 120), st.integers(0, 2))
def test_each_hit_has_the_line_that_it_stands_on(
    parts: list[bytes], data: st.DataObject, local: bool, quiet: int, again: int
) -> None:
    whole = b"".join(parts)
    starts = [0, *(at + 1 for at, byte in enumerate(whole[:-1]) if byte == 10)]
    with tempfile.TemporaryFile() as file:
        file.write(whole)
        file.flush()
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        marks: list[tuple[int, int]] = []
        for _ in range(again + 1):  # further passes know what the one before counted
            chosen = sorted(data.draw(st.sets(st.sampled_from(starts))))
            counter = Counter(file.fileno() if local else None, marks if local else [], _quiet=quiet)
            at = 0
            for block, part in zip(blocks(parts), parts, strict=True):
                counter.add(block, [hit(one) for one in chosen if at <= one < at + len(part)])
                at += len(part)
            numbered = number_lines([hit(one) for one in chosen], counter)
            assert [one.place.line for one in numbered] == [whole[:one].count(b"\n") + 1 for one in chosen]


def test_lines_that_were_too_long_are_lines_of_a_stream() -> None:
    counter = Counter()
    for block in blocks([b"a\n", b"b\n"], too_long=2):
        counter.add(block, [hit(block.offset)])
    assert [counter.lines[offset] for offset in (0, 2)] == [3, 6]


def test_a_hit_whose_line_nobody_counted_keeps_its_offset() -> None:
    assert number_lines([hit(7)], Counter()) == [hit(7)]


@given(st.lists(st.text("\n\ra", max_size=200).map(str.encode), max_size=10), st.integers(0, 300))
def test_both_ways_of_counting_agree(pieces: list[bytes], few: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_numbers, "_FEW", few)
        feeds = _LineFeeds()
        assert [feeds.count(memoryview(one)) for one in pieces] == [one.count(b"\n") for one in pieces]
