"""What the values of known columns look like, so that a header that stands above other columns is noticed.

A shape is wide: logs are anonymised, re-typed and exported. It refuses what is plainly the value of another column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from waspglass.evidence.artefact import Record

__all__ = ["ADDRESS", "METHOD", "NUMBER", "PATH", "STATUS", "Shapes", "misfits"]

Shapes = Mapping[str, re.Pattern[str]]

NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?|0x[0-9A-Fa-f]+")
STATUS = re.compile(r"[1-9]\d\d")
METHOD = re.compile(r"[A-Za-z_-]+|\[\d+\]\w+")
"""FTP logs of IIS 6 write `[6994]USER`."""
PATH = re.compile(r"[/*].*|https?:.*", re.DOTALL | re.IGNORECASE)
ADDRESS = re.compile(r"(?!\d*$|[A-Z]{3,8}$|\d{1,2}:\d\d:\d\d\b|\d{4}-\d\d-\d\d|/)[^\\?]+", re.DOTALL)
"""Or what stands for one: names, hashes, crosses."""


def misfits(record: Record, shapes: Shapes) -> Iterator[str]:
    """Columns whose value cannot be one of theirs; `NULL` (Log Parser) and no value fit all."""
    for name, shape in shapes.items():
        value = record.get(name)
        if value is not None and not shape.fullmatch(value.strip('"')) and value not in ("NULL", '"-"', '""'):
            yield name
