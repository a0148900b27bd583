"""Lists of pairs as CSV: read to be scored, written with their scores."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars

from waspglass.model.errors import Location, UsageError
from waspglass.trace.executor import Executor
from waspglass.trace.languages import LANGUAGES, Language, language_named
from waspglass.trace.matrix import PairTable
from waspglass.trace.program import Program, Source
from waspglass.trace.reading import read_programs

__all__ = ["ListedPairs", "read_pairs", "write_scores"]

_CODE = frozenset(extension for language in LANGUAGES for extension in language.extensions)


@dataclass(frozen=True, slots=True)
class ListedPairs:
    """The programs that a list of pairs names, and the pairs as numbers of them."""

    programs: tuple[Program, ...]
    first: tuple[int, ...]
    second: tuple[int, ...]


def _content(path: Path) -> bytes:
    """The bytes of a file, or of all code files of a folder in the order of their names: one program."""
    if not path.is_dir():
        return path.read_bytes()
    files = sorted(file for file in path.rglob("*") if file.is_file() and not file.is_symlink())
    code = [file for file in files if file.suffix.lower() in _CODE] or files
    return b"\n".join(file.read_bytes() for file in code)


def _find(name: str, roots: Sequence[Path]) -> Path | None:
    return next((root / name for root in roots if (root / name).exists()), None)


def read_pairs(path: Path, root: Path | None, executor: Executor) -> ListedPairs:
    """Reads `path_a,path_b[,lang]` and the programs named there.

    Relative paths are looked up under `root`, then beside the CSV, then in the current folder.

    Raises:
        UsageError: If a column is missing or a file is not there.
    """
    roots = [place for place in (root, path.parent, Path()) if place is not None]
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if not rows or not {"path_a", "path_b"} <= rows[0].keys():
        raise UsageError(
            "a list of pairs needs the columns path_a and path_b", location=Location(str(path), line=1),
            hint="Write them as the first line of the CSV",
        )  # fmt: skip
    number: dict[str, int] = {}
    found: list[tuple[str, Path, Language | None]] = []
    for line, row in enumerate(rows, start=2):
        for side in ("path_a", "path_b"):
            if row[side] in number:
                continue
            file = _find(row[side], roots)
            if file is None:
                raise UsageError("there is no such file", location=Location(str(path), line, side), hint=row[side])
            number[row[side]] = len(found)
            found.append((row[side], file, language_named(row.get("lang") or "")))
    sources = (Source(name, _content(file), language) for name, file, language in found)
    return ListedPairs(
        tuple(read_programs(sources, executor)),
        tuple(number[row["path_a"]] for row in rows),
        tuple(number[row["path_b"]] for row in rows),
    )


def write_scores(path: Path, names: Sequence[str], tables: Iterable[PairTable]) -> int:
    """Writes `path_a,path_b,score,llr,verdict`; returns the number of pairs.

    Names are quoted where CSV asks for it but otherwise written as they are: the file is for programs.
    """
    total = 0
    column = polars.Series(list(names), dtype=polars.String)
    with path.open("wb") as stream:
        stream.write(b"path_a,path_b,score,llr,verdict\n")
        for table in tables:
            frame = polars.DataFrame({
                "path_a": column.gather(table.first), "path_b": column.gather(table.second),
                "score": table.score, "llr": table.llr,
                "verdict": polars.Series(["independent", "inconclusive", "derived"]).gather(table.verdict),
            })  # fmt: skip
            frame.write_csv(stream, include_header=False, float_precision=6)
            total += len(table)
    return total
