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
STATUS = re.compile(r"(?!443$)[1-9]\d\d")
"""443 is no answer, but a port."""
METHOD = re.compile(r"(?:\[\d+\])?[A-Za-z_-][\w-]*")
"""SMTP has `xexch50`, and FTP logs of IIS 6 write `[6994]USER`."""
PATH = re.compile(r"[/*].*|https?:.*", re.DOTALL | re.IGNORECASE)
ADDRESS = re.compile(
    r"(?!\d{0,6}$|(?:GET|POST|HEAD|PUT|OPTIONS|PROPFIND)$|\d{1,2}:\d\d:\d\d(?:[.,]|$)|\d{4}-\d\d-\d\d|/)[^\\?]+",
    re.DOTALL,
)
"""Or what stands for one: names, hashes, crosses, `REDACTED`, a long number."""


def misfits(record: Record, shapes: Shapes) -> Iterator[str]:
    """Columns whose value cannot be one of theirs; `NULL` (Log Parser) and no value fit all."""
    for name, shape in shapes.items():
        value = record.get(name)
        if value is not None and not shape.fullmatch(value.strip('"')) and value not in ("NULL", '"-"', '""'):
            yield name
