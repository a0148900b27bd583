"""What a build number alone says about a campaign's flaws: the logic over a pack's `builds.csv`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, takewhile

from waspglass.packs.pack import BuildRow

__all__ = ["BuildState", "BuildTable", "State", "Version", "parse_version"]

Version = tuple[int, ...]
"""Two to four numbers, most significant first."""

_OPEN_END = 1 << 32
"""Larger than any part of a version (Windows file versions have 16 bits a part)."""
_DOTTED = re.compile(r"\s*(?:v(?:ersion)?\s*)?(\d{1,9}(?:\.\d{1,9}){1,3})\s*", re.ASCII | re.IGNORECASE)
_DISPLAYED = re.compile(
    r"\s*(?:version\s*)?(\d{1,9}\.\d{1,9})\s*\(build\s+(\d{1,9}(?:\.\d{1,9})?)\)\s*", re.ASCII | re.IGNORECASE
)


def parse_version(text: str) -> Version | None:
    """Reads `15.1.2176.9`, `15.01.2176.009`, `15.2.721` (three parts) and `Version 15.1 (Build 2176.9)`.

    Returns:
        Two to four numbers, or None if the text is no version.
    """
    found = _DOTTED.fullmatch(text)
    if found is not None:
        return tuple(map(int, found[1].split(".")))
    found = _DISPLAYED.fullmatch(text)
    return None if found is None else tuple(map(int, f"{found[1]}.{found[2]}".split(".")))


class State(StrEnum):
    """What a version number says."""

    VULNERABLE = "vulnerable"
    PATCHED = "patched"
    UNDECIDABLE = "undecidable"
    """The version lacks the part that decides."""
    NOT_AFFECTED = "not affected"
    UNKNOWN = "unknown version"
    """No version at all, or of a release line that the table does not know."""


@dataclass(frozen=True, slots=True)
class BuildState:
    """The answer for one version.

    Attributes:
        version: As it was given.
        state: The answer.
        known: The newest row of the table at or below the version in its release line; None for an unknown line.
        exact: True if `known` is this very build.
    """

    version: str
    state: State
    known: BuildRow | None = None
    exact: bool = False

    @property
    def name(self) -> str | None:
        """`Exchange Server 2016 CU19 Mar21SU`; with `after` before a build that the table lacks."""
        if self.known is None:
            return None
        parts = (self.known.product, self.known.cumulative_update, self.known.security_update)
        shown = parse_version(self.version) or ()
        if len(shown) < 4 or shown[2] == 0:
            return " ".join(part for part in parts[:2] if part)
        return ("" if self.exact else "after ") + " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class _Line:
    """One release line (a cumulative update with its security updates), builds ascending."""

    builds: tuple[Version, ...]
    rows: tuple[BuildRow, ...]

    def state(self, lowest: Version, highest: Version) -> State:
        """What is true of all versions from `lowest` to `highest`.

        A build at the fixing one is patched: `>=`, not `>` (the fault of CSS-Exchange pull request 383).
        """
        if all(row.fixes == "not affected" for row in self.rows):
            return State.NOT_AFFECTED
        released = [row.fixes for build, row in zip(self.builds, self.rows, strict=True) if lowest <= build <= highest]
        if lowest != highest and set(released) == {"yes"}:
            return State.PATCHED
        if self.rows[0].fixes == "yes":
            return State.PATCHED
        fixing = next((build for build, row in zip(self.builds, self.rows, strict=True) if row.fixes == "yes"), None)
        if fixing is None or highest < fixing:
            return State.VULNERABLE
        if lowest >= fixing:
            return State.PATCHED
        return State.UNDECIDABLE


@dataclass(frozen=True)
class BuildTable:
    """The builds of a pack, ready for questions.

    A line whose updates raise the third number, beside others of the same major version (SharePoint 2016, 2019, ...),
    reaches from its first build to the first one of the next line.

    Inside a release line states are monotone: the fix, once in, stays in. A version of a line that the table does not
    know is `patched` if it is newer than a line from which on every known line of the same major version was
    released with the fix, and `unknown version` otherwise.
    """

    rows: tuple[BuildRow, ...]
    _lines: dict[Version, _Line] = field(init=False, repr=False, compare=False)
    _rolling: dict[Version, list[_Line]] = field(init=False, repr=False, compare=False)
    _fixed_from: dict[Version, Version] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lines, rolling = _lines_of(self.rows)
        object.__setattr__(self, "_lines", lines)
        object.__setattr__(self, "_rolling", rolling)
        object.__setattr__(self, "_fixed_from", _thresholds([*lines.values(), *chain(*rolling.values())]))

    def state(self, version: str) -> BuildState:
        """What a version says; never raises, an unreadable one is `unknown version`."""
        parsed = parse_version(version)
        if parsed is None or len(parsed) < 3:
            return BuildState(version, State.UNKNOWN)
        rolling = self._rolling.get(parsed[:2], [])
        if len(parsed) == 4 and parsed[2] == 0 and rolling and all(build[2] for one in rolling for build in one.builds):
            parsed = (*parsed[:2], parsed[3])  # 16.0.0.10417 in response headers is 16.0.10417 with its end cut off
        lowest, highest = parsed + (0,) * (4 - len(parsed)), parsed + (_OPEN_END,) * (4 - len(parsed))
        line = self._line(lowest, highest)
        if line is None:
            return BuildState(version, self._outside(lowest))
        at = bisect_right(line.builds, highest if len(parsed) == 4 else lowest) - 1
        known = line.rows[max(at, 0)]
        return BuildState(
            version,
            line.state(lowest, highest),
            known=known,
            exact=len(parsed) == 4 and at >= 0 and line.builds[at] == parsed,
        )

    def _line(self, lowest: Version, highest: Version) -> _Line | None:
        exact = next((self._lines[lowest[:n]] for n in (3, 2) if lowest[:n] in self._lines), None)
        begun = (line for line in reversed(self._rolling.get(lowest[:2], [])) if line.builds[0] <= highest)
        return exact or next(begun, None)

    def _outside(self, version: Version) -> State:
        fixed_from = self._fixed_from.get(version[:2])
        return State.PATCHED if fixed_from is not None and version >= fixed_from else State.UNKNOWN


def _lines_of(rows: Iterable[BuildRow]) -> tuple[dict[Version, _Line], dict[Version, list[_Line]]]:
    """The release lines by what their builds share: three numbers, or two (Exchange 2010, a number a roll-up).

    Beside them, by major version and in order, the lines of those major versions in which no line has one third number.
    """
    groups: dict[tuple[str, str], list[tuple[Version, BuildRow]]] = defaultdict(list)
    for row in rows:
        build = parse_version(row.build)
        if build is not None and len(build) == 4:
            groups[row.product, row.cumulative_update].append((build, row))
    majors = Counter(major for group in groups.values() for major in {build[:2] for build, _ in group})
    numbered = {build[:2] for group in groups.values() if not _several(group) for build, _ in group}
    merged: dict[Version, list[tuple[Version, BuildRow]]] = defaultdict(list)
    rolling: dict[Version, list[_Line]] = defaultdict(list)
    for group in groups.values():
        major = group[0][0][:2]
        if majors[major] > 1 and major not in numbered:
            rolling[major].append(_line_of(group))
            continue
        for build, row in group:
            merged[build[:2] if _several(group) and majors[build[:2]] == 1 else build[:3]].append((build, row))
    for members in rolling.values():
        members.sort(key=lambda line: line.builds[0])
    return {prefix: _line_of(members) for prefix, members in merged.items()}, dict(rolling)


def _several(group: Iterable[tuple[Version, BuildRow]]) -> bool:
    """True if the builds of a group have different third numbers."""
    return len({build[:3] for build, _ in group}) > 1


def _line_of(members: Iterable[tuple[Version, BuildRow]]) -> _Line:
    ordered = sorted(members, key=lambda pair: pair[0])
    return _Line(tuple(build for build, _ in ordered), tuple(row for _, row in ordered))


def _thresholds(lines: Iterable[_Line]) -> dict[Version, Version]:
    """For each major version (two numbers): the first build from which on every known line was released fixed."""
    by_major: dict[Version, list[_Line]] = defaultdict(list)
    for line in lines:
        by_major[line.builds[0][:2]].append(line)
    found: dict[Version, Version] = {}
    for major, members in by_major.items():
        newest_first = sorted(members, key=lambda line: line.builds[0], reverse=True)
        fixed = list(takewhile(lambda line: line.rows[0].fixes == "yes", newest_first))
        if fixed:
            found[major] = fixed[-1].builds[0]
    return found
