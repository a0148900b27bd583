"""A content for readers that is not of a file, in blocks of any size: blocks end where they please."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["Bytes"]


class Bytes:
    """A content that comes in blocks of so many bytes."""

    shown = "x"

    def __init__(self, text: bytes, size: int) -> None:
        self.text, self.size = text, size

    def blocks(self) -> Iterator[bytes]:
        for start in range(0, len(self.text), self.size):
            yield self.text[start : start + self.size]
