"""Versions of real files whose order is known: the histories of public projects, and forks made of real edits.

Clone (whole, not shallow, with git) any of the projects of `PROJECTS` into one folder, each under the last part of its
name. Histories grow, so that later clones may give other files: figures are comparable on the same clones only.
"""

from __future__ import annotations

import difflib
import random
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PROJECTS", "Line", "grafted", "lines_of"]

PROJECTS = {
    "TheAlgorithms/Python": ".py",
    "TheAlgorithms/JavaScript": ".js",
    "TheAlgorithms/Java": ".java",
    "TheAlgorithms/C": ".c",
    "TheAlgorithms/C-Plus-Plus": ".cpp",
    "TheAlgorithms/C-Sharp": ".cs",
    "TheAlgorithms/Go": ".go",
    "TheAlgorithms/PHP": ".php",
    "TheAlgorithms/Ruby": ".rb",
    "dfinke/ImportExcel": ".ps1",
    "microsoft/CSS-Exchange": ".ps1",
    "certtools/intelmq": ".py",
    "nvm-sh/nvm": ".sh",
}
"""And the names by which the programs in them end."""
VERSIONS = 4
LEAST_CHANGED, LEAST_KEPT = 5, 0.4
"""Lines in which two neighbouring versions differ at least, and the share of lines that they have in common."""
BYTES = (800, 20_000)


@dataclass(frozen=True, slots=True)
class Line:
    """Versions of one file, oldest first, each made from the one before.

    Attributes:
        name: Project and path.
        suffix: Of the file.
    """

    name: str
    suffix: str
    versions: tuple[bytes, ...]


def _git(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True).stdout


def _blobs(folder: Path, suffix: str) -> dict[str, list[str]]:
    """The contents of each path along the first parents, oldest first."""
    log = _git(
        folder, "log", "--first-parent", "-m", "--reverse", "--no-renames", "--raw", "--no-abbrev",
        "--diff-filter=AM", "--format=", "HEAD", "--", f"*{suffix}",
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    for row in log.decode("utf-8", "replace").splitlines():
        about, _, path = row.partition("\t")
        found.setdefault(path, []).append(about.split()[3])
    return found


def _kept(old: bytes, new: bytes) -> tuple[int, float]:
    """How many lines are not in both versions, and the share of those that are."""
    one, two = ([line.strip() for line in raw.split(b"\n") if line.strip()] for raw in (old, new))
    same = sum(block.size for block in difflib.SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks())
    return len(one) + len(two) - 2 * same, 2 * same / max(1, len(one) + len(two))


def _apart(contents: list[bytes]) -> tuple[bytes, ...]:
    """The first versions of which each was edited in earnest and not written anew; the oldest of those too alike."""
    chosen: list[bytes] = []
    for raw in contents:
        if not chosen:
            chosen.append(raw)
            continue
        changed, kept = _kept(chosen[-1], raw)
        if kept < LEAST_KEPT:
            chosen = [raw]
        elif changed >= LEAST_CHANGED:
            chosen.append(raw)
        if len(chosen) == VERSIONS:
            return tuple(chosen)
    return ()


def lines_of(folder: Path, project: str, most: int) -> Iterator[Line]:
    """Up to `most` files of a project that have versions enough; always the same ones. Nothing if it is not there."""
    at, suffix = folder / project.rpartition("/")[2], PROJECTS[project]
    if not at.is_dir():
        return
    paths = [(path, blobs) for path, blobs in sorted(_blobs(at, suffix).items()) if len(blobs) >= VERSIONS]
    random.Random(5).shuffle(paths)
    for path, blobs in paths:
        contents = [_git(at, "cat-file", "blob", blob) for blob in blobs[:40]]
        versions = _apart([raw for raw in contents if BYTES[0] <= len(raw) <= BYTES[1]])
        if versions:
            yield Line(f"{project}/{path}", suffix, versions)
            most -= 1
        if not most:
            return


def grafted(onto: bytes, before: bytes, after: bytes) -> bytes | None:
    """`onto` with the edit that made `after` of `before`; None where that does not fit without a conflict."""
    with tempfile.TemporaryDirectory() as scratch:
        paths = [Path(scratch) / name for name in ("onto", "before", "after")]
        for path, raw in zip(paths, (onto, before, after), strict=True):
            path.write_bytes(raw)
        done = subprocess.run(["git", "merge-file", "-p", *map(str, paths)], capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None
