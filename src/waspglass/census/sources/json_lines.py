"""Decodes JSON lines into msgspec structures; what does not decode is counted by what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from waspglass.census.sighting import Tally
from waspglass.census.sources.content import Content
from waspglass.census.sources.lines import Block, whole_lines
from waspglass.model.skip import SkipReason

__all__ = ["decode_block", "decode_lines"]

Shape = TypeVar("Shape")
_FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode_lines(content: Content, shape: type[Shape], tally: Tally) -> Iterator[tuple[int, Shape]]:
    """Yields the line number and the structure of each line; empty lines are nothing."""
    decoder = msgspec.json.Decoder(shape)
    for block in whole_lines(content, tally):
        yield from zip(*decode_block(decoder, block, tally), strict=True)


def decode_block(decoder: msgspec.json.Decoder[Shape], block: Block, tally: Tally) -> tuple[Sequence[int], list[Shape]]:
    """The line numbers and structures of a block.

    A block is decoded at once where that is the same as line by line, and line by line otherwise.
    """
    if _one_object_a_line(block):
        try:
            records = decoder.decode_lines(block.text)
        except _FAULTS:
            pass
        else:
            if len(records) == len(block.ends):
                return range(block.first, block.first + len(records)), records
    return _line_by_line(decoder, block, tally)


def _one_object_a_line(block: Block) -> bool:
    """True if each line starts with `{` and ends with `}`.

    Then no record goes over a line feed, since nothing in JSON lets `}` and `{` follow on one another inside a value,
    and as many records as lines means one a line.
    """
    text = block.text
    if not text.endswith(b"}\n") or not text.startswith(b"{"):
        return False
    return all(text[end - 1 : end + 2] == b"}\n{" for end in block.ends[:-1])


def _line_by_line(decoder: msgspec.json.Decoder[Shape], block: Block, tally: Tally) -> tuple[list[int], list[Shape]]:
    numbers: list[int] = []
    records: list[Shape] = []
    whole = block.text.endswith(b"\n")
    lines = block.lines()
    last = block.first + len(lines) - 1
    for number, line in enumerate(lines, block.first):
        try:
            record = decoder.decode(line)
        except _FAULTS as error:
            if line.strip():
                fault = str(error) or type(error).__name__
                # The last line of the file without its end: half a record, as a download that was cut leaves it.
                cut = number == last and not whole and "truncated" in fault
                tally.add(SkipReason.TRUNCATED if cut else SkipReason.MALFORMED_LINE, f"line {number}: {fault}")
            continue
        numbers.append(number)
        records.append(record)
    return numbers, records
