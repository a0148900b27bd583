"""Which skips make the hunt blind: what was not read, where an entry would have been logged.

Every reason blinds unless it is named here as harmless, so that a new reason has to be decided. Where it blinds is
decided by the path: a file that a kind able to show an entry claims by its place, or was read as by its content, an
archive or a folder in which such files lie, and the evidence itself. A skip elsewhere (a page, an archive of another
program) hides no entry.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from waspglass.evidence.globs import GlobIndex, PathGlob, comparable, comparable_forms, compile_globs
from waspglass.evidence.skip_log import shown_source
from waspglass.evidence.windows_path import windows_path
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import Pack

__all__ = ["HARMLESS", "blinding_skips"]

HARMLESS = frozenset(
    {
        SkipReason.EMPTY,
        SkipReason.CUT_LINE,  # one record, the last one
        SkipReason.SAME_FILE,
        SkipReason.LIMIT_REACHED,  # it was found, and more of it than is kept
        # These are holes in time, and coverage has them.
        SkipReason.OUT_OF_WINDOW,
        SkipReason.MISSING_FIELD,
        SkipReason.OTHER_SITE,
        # These are about rules, not about evidence.
        SkipReason.NO_SUCH_LOG,
        SkipReason.UNSUPPORTED_RULE,
        SkipReason.INVALID_RULE,
    }
)
"""Reasons that hide nothing of which nobody knows when it was."""

_OF_LINES = frozenset(
    {
        SkipReason.NO_HEADER,
        SkipReason.MALFORMED_LINE,
        SkipReason.LINE_TOO_LONG,
        SkipReason.BAD_TIME,
        SkipReason.UNDECIDED,
        SkipReason.NEEDS_EXTRA,
    }
)
"""Reasons that only a file has that was opened: no folder, and no archive."""

_PACKED = re.compile(
    r"\.(?:tar\.(?:gz|zst|xz|bz2)|zip|tar|tgz|tzst|gz|zst|7z|rar|xz|bz2|(?<!mpsupportfiles\.)cab)$", re.IGNORECASE
)
"""Archives of whatever somebody put in; Defender's cabinet holds its own logs, which show no entry."""
_SURE_DEPTH = 3
"""Folders that a glob must name so that whatever lies below the last of them is a place of entry logs too."""


def blinding_skips(
    skipped: Iterable[Skipped], pack: Pack, *, evidence: str = "", entry_logs: Collection[str] = ()
) -> tuple[Skipped, ...]:
    """The skips that may hide records of an entry; one for each source.

    Args:
        skipped: What was not read, without what concerns files of rules.
        pack: Knows the kinds able to show an entry, and where they lie.
        evidence: Name of the evidence itself, the source of skips that concern all of it.
        entry_logs: Paths of the entry logs that were read, under any name; others may lie beside them.
    """
    places = _Places(pack, shown_source(evidence), entry_logs)
    found: dict[str, Skipped] = {}
    for skip in skipped:
        if skip.reason not in HARMLESS and places.hides(skip):
            found.setdefault(shown_source(skip.source), skip)
    return tuple(found.values())


@dataclass
class _Places:
    """Where entry logs lie: by the pack, and in this evidence."""

    pack: Pack
    evidence: str
    logs: Collection[str]
    _globs: list[PathGlob] = field(init=False)

    def __post_init__(self) -> None:
        self._globs = [
            one for kind in self.pack.kinds if kind.entry for glob in kind.paths for one in compile_globs(glob)
        ]
        self._index = GlobIndex(list(enumerate(self._globs)))
        self._read = frozenset(map(shown_source, self.logs))

    def hides(self, skip: Skipped) -> bool:
        """Whether records of an entry may be in what was skipped."""
        if skip.source == self.evidence or skip.source in self._read or self._is_log(skip.source):
            return True
        if skip.reason in _OF_LINES:
            return False
        place = _listed(skip.source)
        if packed := _PACKED.search(place.parts[-1]):
            return self._may_hold(place, packed.start())
        return skip.reason is not SkipReason.NOT_RECOGNISED and self._is_folder(place)

    def _is_log(self, path: str) -> bool:
        return any(self._index.owners(form) for form in comparable_forms(path))

    def _may_hold(self, archive: _Place, ending_at: int) -> bool:
        """Whether an archive may hold entry logs: by its name, its folder, or because it was handed over as such."""
        above = archive.parts[:-1]
        if not archive.drive and all(_PACKED.search(part) for part in above):
            return True
        stem = archive.parts[-1][:ending_at]
        named = "/".join((*above, stem))
        endings = {"", *(one.extension or "" for one in self._globs)}
        if any(self._is_log(named + ending) for ending in endings):
            return True
        folders = [_PACKED.sub("", part) for part in above]
        return self._overlaps(folders) or self._overlaps([*folders, stem])

    def _is_folder(self, place: _Place) -> bool:
        if not place.drive and _is_drive(place.parts):
            return True
        if "." in place.parts[-1]:
            return False  # a file, of a kind that is no entry log
        return self._overlaps(place.parts)

    def _overlaps(self, parts: Sequence[str]) -> bool:
        """Whether a folder is on the way to a place of entry logs, is one, or lies below or beside one."""
        low = [part.lower() for part in parts]
        if low and not self._beside.isdisjoint(("/".join(low), "/".join(low[:-1]))):
            return True
        for place in self._folders:
            for length in range(1, min(len(place), len(low)) + 1):
                if _fits(place[:length], low[-length:]):
                    return True
            if len(place) > _SURE_DEPTH and any(
                _fits(place, low[at : at + len(place)]) for at in range(len(low) - len(place))
            ):
                return True
        return False

    @cached_property
    def _folders(self) -> list[list[str]]:
        """Folders of the globs that name where a log lies, each as its components."""
        split = (one.text.lower().replace("\\", "/").removeprefix("**/").split("/")[:-1] for one in self._globs)
        return [parts for parts in split if len(parts) > 1 and "**" not in parts]

    @cached_property
    def _beside(self) -> frozenset[str]:
        """Folders in which entry logs were read, and those above them by one."""
        found: set[str] = set()
        for path in self.logs:
            place = _listed(path)
            folders = [part.lower() for part in place.parts[:-1]]
            if folders or not place.drive:
                found.add("/".join(folders))
            if len(folders) > 1 or not place.drive:
                found.add("/".join(folders[:-1]))
        return frozenset(found)


@dataclass(frozen=True)
class _Place:
    """Where something lies: components without the drive, and whether a drive is known."""

    parts: tuple[str, ...]
    drive: bool


def _listed(source: str) -> _Place:
    r"""The place of a file, or of a folder or member that a container names by its own parts (`C%3A\inetpub`)."""
    parts = tuple(part for part in source.replace("/", "\\").split("\\") if part)
    path = windows_path(parts)
    if not isinstance(path, str):
        return _Place(parts or ("",), drive=False)
    plain = comparable(path)
    return _Place(tuple(plain.split("/")), drive=len(plain) < len(path))


def _is_drive(parts: tuple[str, ...]) -> bool:
    """Whether what lies in this folder lies at the root of a drive, in the layout of any collector."""
    inside = windows_path((*parts, "x"))
    return isinstance(inside, str) and inside[1:] == ":\\x"


def _fits(place: list[str], parts: list[str]) -> bool:
    return len(place) == len(parts) and all(_same(one, part) for one, part in zip(place, parts, strict=True))


def _same(pattern: str, part: str) -> bool:
    """Whether a component of a glob may stand for a name; its braces stand for any."""
    return fnmatchcase(part, re.sub(r"\{[^{}]*\}", "*", pattern).replace("[", "[[]"))
