"""Lists of pairs as CSV: read to be scored, written with their scores."""

from __future__ import annotations

import csv
import secrets
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars

from waspglass.model.errors import Location, OutputError, UsageError
from waspglass.model.path_status import status_of
from waspglass.trace.executor import Executor
from waspglass.trace.languages import PLAIN_TEXT, Language, detect, language_named
from waspglass.trace.matrix import PairTable
from waspglass.trace.parts import LISTED_WITH_PARTS
from waspglass.trace.program import BYTE_LIMIT, Program, Source, decode, looks_binary
from waspglass.trace.reading import read_programs

__all__ = ["ListedPairs", "read_pairs", "write_scores"]

_ELSEWHERE = "Choose another --scores"
_BESIDE_CODE = frozenset({"html", "markdown", "yaml"})
"""What stands beside a program, however much of it there is; so does SQL where there is other code."""


@dataclass(frozen=True, slots=True)
class ListedPairs:
    """The programs that a list of pairs names, and the pairs as numbers of them.

    Attributes:
        unknown: What stands under `lang` and is no language that is known; it was passed over.
    """

    programs: tuple[Program, ...]
    first: tuple[int, ...]
    second: tuple[int, ...]
    unknown: tuple[str, ...] = ()


def _source(name: str, path: Path, language: Language | None) -> Source:
    """A file, or a folder as one program: its files of one language in the order of their names.

    Each has an encoding, and perhaps a mark of it, of its own.
    """
    if not path.is_dir():
        return Source(name, _head(path), language)
    files = sorted(file for file in path.rglob("*") if stat.S_ISREG(file.lstat().st_mode))
    own, language = _of_one_language(files, language)
    joined = bytearray()
    for file in own:
        joined += (b"\n" if joined else b"") + decode(_head(file)).encode("utf-8", "replace")
        if len(joined) > BYTE_LIMIT:
            break
    return Source(name, bytes(joined), language)


def _of_one_language(files: Sequence[Path], named: Language | None) -> tuple[Sequence[Path], Language | None]:
    """The files in the language that is named, or in which most of the code is; all texts where none of it is code.

    A page or a note beside the code is no part of the program: no grammar reads both.
    """
    known: defaultdict[str, list[Path]] = defaultdict(list)
    read_as: dict[str, Language] = {}
    for file in files:
        language = detect(file.name, "")
        if language is not PLAIN_TEXT:
            known[_grammar(language)].append(file)
            read_as.setdefault(_grammar(language), language)
    if named is not None and _grammar(named) in known:
        return known[_grammar(named)], named
    code = [grammar for grammar, language in read_as.items() if language.name not in _BESIDE_CODE]
    if not code:
        return [file for file in files if _is_text(file)] or files, named
    size = {grammar: sum(file.stat().st_size for file in known[grammar]) for grammar in code}
    most = max(code, key=lambda grammar: (read_as[grammar].name != "sql", size[grammar]))
    return known[most], named or read_as[most]


def _grammar(language: Language) -> str:
    """What languages are read together by: C and C++ are one."""
    return language.module or language.name


def _is_text(path: Path) -> bool:
    with path.open("rb") as stream:
        return not looks_binary(stream.read(8192))


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(BYTE_LIMIT + 1)


def _find(name: str, roots: Sequence[Path]) -> Path | None:
    for place in (root / name for root in roots if name and "\0" not in name):
        status = status_of(place)
        if status is not None and stat.S_IFMT(status.st_mode) in {stat.S_IFREG, stat.S_IFDIR}:
            return place
    return None


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows, each with the line of the file that it ends in."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="")
            if not {"path_a", "path_b"} <= set(reader.fieldnames or ()):
                raise UsageError(
                    "a list of pairs needs the columns path_a and path_b", location=Location(str(path), line=1),
                    hint="Write them as the first line of the CSV, with commas between",
                )  # fmt: skip
            return [(reader.line_num, row) for row in reader]
    except OSError as fault:
        raise UsageError(
            f"the list of pairs cannot be read ({fault.strerror})", location=Location(str(path))
        ) from fault
    except (UnicodeDecodeError, csv.Error) as fault:
        hint = "Write it in UTF-8" if isinstance(fault, UnicodeDecodeError) else "Look for an open quotation mark"
        raise UsageError(f"the list of pairs is no CSV ({fault})", location=Location(str(path)), hint=hint) from fault


def read_pairs(path: Path, root: Path | None, executor: Executor) -> ListedPairs:
    """Reads `path_a,path_b[,lang]` and the programs named there.

    Relative paths are looked up under `root`, then beside the CSV, then in the current folder.

    Raises:
        UsageError: If the list cannot be read, a column is missing, or a file is not there or cannot be read.
    """
    roots = [place for place in (root, path.parent, Path()) if place is not None]
    rows = _rows(path)
    number: dict[str, int] = {}
    found: list[tuple[str, Path, Language | None]] = []
    for line, row in rows:
        for side in ("path_a", "path_b"):
            if row[side] in number:
                continue
            place = Location(str(path), line, side)
            try:
                file = _find(row[side], roots)
            except OSError as fault:
                raise UsageError(f"the file cannot be read ({fault.strerror})", location=place) from fault
            if file is None:
                missing = "there is no such file" if row[side] else "a path is missing"
                raise UsageError(missing, location=place, hint=row[side])
            number[row[side]] = len(found)
            found.append((row[side], file, language_named(row.get("lang") or "")))
    try:
        sources = (_source(name, file, lang) for name, file, lang in found)
        programs = tuple(read_programs(sources, executor, parts=len(found) <= LISTED_WITH_PARTS))
    except OSError as fault:
        raise UsageError(f"a file of the list cannot be read ({fault})", location=Location(str(path))) from fault
    said = dict.fromkeys((row.get("lang") or "").strip() for _, row in rows)
    return ListedPairs(
        programs, tuple(number[row["path_a"]] for _, row in rows), tuple(number[row["path_b"]] for _, row in rows),
        unknown=tuple(name for name in said if name and language_named(name) is None),
    )  # fmt: skip


def write_scores(path: Path, names: Sequence[str], tables: Iterable[PairTable]) -> int:
    """Writes `path_a,path_b,score,llr,verdict`; returns the number of pairs.

    Names are quoted where CSV asks for it but otherwise written as they are: the file is for programs. It gets its name
    when it is whole; an interruption leaves what was there before.

    Raises:
        OutputError: If the file cannot be written, or its name is taken by a link or a folder.
    """
    try:
        if path.is_symlink() or path.is_dir():
            raise OutputError("the name is taken by a link or a folder", location=Location(str(path)), hint=_ELSEWHERE)
        with _whole_or_not(path) as stream:
            return _write_rows(stream, names, tables)
    except OSError as fault:
        reason = f"the scores cannot be written ({fault.strerror})"
        raise OutputError(reason, location=Location(str(path)), hint=_ELSEWHERE) from fault


@contextmanager
def _whole_or_not(path: Path) -> Iterator[BinaryIO]:
    """A stream into a file beside `path` that takes its place in the end; into `path` itself if that is a device."""
    if path.exists() and not path.is_file():
        with path.open("wb") as device:
            yield device
        return
    aside = path.with_name(f".waspglass-{secrets.token_hex(8)}.part")
    try:  # from before it is there: an interruption may come in between
        with aside.open("xb") as stream:
            yield stream
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _write_rows(stream: BinaryIO, names: Sequence[str], tables: Iterable[PairTable]) -> int:
    total = 0
    written = [name.encode("utf-8", "backslashreplace").decode() for name in names]
    column = polars.Series(written, dtype=polars.String)
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
