r"""Servers that only the folders of a collection name: `MX01\C\inetpub\...` beside `MX02\C\inetpub\...`.

IIS logs with the default fields and files name no server. If the logs of one server and the files of another lie in one
collection, an attack in the logs of the one must not explain a page on the other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.skip_log import shown_source
from waspglass.evidence.windows_path import drive_of
from waspglass.examine.observations import Observations
from waspglass.model.escape import printable
from waspglass.model.finding import Effect, Finding

__all__ = ["server_folders", "told_apart"]

_DEPTH = 4
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T_ -][\d_:.-]*Z?)?|\d{6,}")
_NUMBER = re.compile(r"\d+")
_ARCHIVE = re.compile(r"\.(?:zip|tgz|tar(?:\.\w+)?)$", re.IGNORECASE)
_COLLECTORS = frozenset({"uploads", "auto", "file", "ntfs", "lazy_ntfs", "mft", "ntfs_vss", "fs"})
_NO_SERVERS = frozenset(
    {
        "backup",
        "batch",
        "case",
        "collection",
        "copy",
        "day",
        "disk",
        "drive",
        "evidence",
        "export",
        "image",
        "part",
        "run",
        "set",
        "step",
        "triage",
        "vol",
        "volume",
        "vss",
    }
)
"""Words that are numbered without meaning servers."""


def server_folders(artefacts: Iterable[Artefact]) -> dict[str, str]:
    """Source of each artefact -> the folder of its server; empty unless the folders tell several servers.

    They do if drives of one letter lie below two folders whose names differ in a number only (`MX01`, `MX02`). Moments
    in names do not count, and folders of other names may as well be parts of one collection (`logs`, `pages`).

    Args:
        artefacts: Of a folder or archive; archives in it are folders.
    """
    places = {}
    drives: dict[str, set[str]] = defaultdict(set)
    for artefact in artefacts:
        file = artefact.file
        if (place := _place(file.above or tuple(file.path.split("\\")))) is not None:
            letter, folder = place
            drives[letter].add(folder)
            places[shown_source(artefact.file.path)] = folder
    pairs = (pair for folders in drives.values() for pair in combinations(sorted(folders), 2))
    return places if any(_two_servers(*pair) for pair in pairs) else {}


def told_apart(observations: Observations, folders: Mapping[str, str]) -> Observations:
    """The same observations; what was joined over the files of several servers is a hint there.

    Args:
        observations: Findings, and what they were concluded from.
        folders: As `server_folders` has them.
    """
    if not folders:
        return observations
    sources = {one.id: one.source for one in observations.findings}
    return observations.with_hints(lambda one: _joins_servers(one, sources, folders))


def _joins_servers(finding: Finding, sources: Mapping[str, str], folders: Mapping[str, str]) -> bool:
    if not finding.evidence or finding.effect is Effect.CONTEXT:
        return False
    held = {sources[one] for one in finding.evidence if one in sources} | {finding.source}
    return len({folders[source] for source in held if source in folders}) > 1


def _place(parts: tuple[str, ...]) -> tuple[str, str] | None:
    """The drive and the folder above it that may have a server's name; None without one."""
    for index, part in enumerate(parts[:_DEPTH]):
        letter = drive_of(part)
        if letter is not None:
            above = [one for one in parts[:index] if one.lower() not in _COLLECTORS]
            return (letter, printable(above[-1])) if above else None
    return None


def _two_servers(one: str, other: str) -> bool:
    first, second = (_MOMENT.sub("", _ARCHIVE.sub("", name)).upper() for name in (one, other))
    if first == second:
        return False
    stems = {_NUMBER.sub("", name).strip("-_ .").lower() for name in (first, second)}
    return len(stems) == 1 and not stems & {"", *_NO_SERVERS}
