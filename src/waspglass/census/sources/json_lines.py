"""Decodes JSON lines into msgspec structures; what does not decode is counted by what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from waspglass.census.sighting import Tally
from waspglass.census.sources.content import Content
from waspglass.census.sources.lines import line_blocks
from waspglass.model.skip import SkipReason

__all__ = ["decode_lines"]

Shape = TypeVar("Shape", bound=msgspec.Struct)


def decode_lines(content: Content, shape: type[Shape], tally: Tally) -> Iterator[tuple[int, Shape]]:
    """Yields the line number and the structure of each line; empty lines are nothing."""
    decode = msgspec.json.Decoder(shape).decode
    bad: tuple[int, str] | None = None
    for first, lines in line_blocks(content, tally):
        if bad is not None:
            tally.add(SkipReason.MALFORMED_LINE, f"line {bad[0]}: {bad[1]}")
            bad = None
        for number, line in enumerate(lines, first):
            try:
                record = decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                if not line.strip():
                    continue
                if bad is not None:
                    tally.add(SkipReason.MALFORMED_LINE, f"line {bad[0]}: {bad[1]}")
                bad = (number, str(error) or type(error).__name__)
                continue
            yield number, record
        if bad is not None and bad[0] != number:
            tally.add(SkipReason.MALFORMED_LINE, f"line {bad[0]}: {bad[1]}")
            bad = None
    if bad is not None:
        # The last line of the file: half a record, as a download that was cut leaves it.
        cut = "truncated" in bad[1]
        tally.add(SkipReason.TRUNCATED if cut else SkipReason.MALFORMED_LINE, f"line {bad[0]}: {bad[1]}")
