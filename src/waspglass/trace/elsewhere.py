"""Shared files that are no work of their sender: libraries of others, generated code, lists that tools write.

Two that know nothing of each other have the same jQuery, the same lock file, the same list of what Git ignores. The
signs are where a file lies, what it is called, and what its head says: most are among those by which hosts of code
leave such files out of their statistics (GitHub's Linguist), the others are notices that minifiers keep: `@license`,
and `/*!` with a licence or an address. A folder `vendor` is no sign: here it may be that of the vendor who shared.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import takewhile

from waspglass.trace.languages import detect, unnumbered
from waspglass.trace.layers import PROSE, Layers
from waspglass.trace.program import Source, decode
from waspglass.trace.result import Comparison
from waspglass.trace.verdict import Verdict

__all__ = ["from_elsewhere", "hedged"]

_FOLDERS = frozenset(
    {"node_modules", "bower_components", "site-packages", "dist-packages", "third_party", "third-party", "_vendor"}
)
_NAMES = re.compile(
    r"(?i)(?:package-lock|npm-shrinkwrap|composer\.lock|packages\.lock)(?:\.json)?|(?:poetry|pipfile|cargo|gemfile|yarn|uv)\.lock"
    r"|pnpm-lock\.yaml|go\.sum|\.(?:git|docker|npm|eslint)ignore|\.gitattributes|\.editorconfig"
    r"|(?:licen[sc]e|copying)(?:\.(?:md|txt|rst))?|gradlew(?:\.bat)?|mvnw(?:\.cmd)?|.*_pb2(?:_grpc)?\.pyi?"
    r"|.*\.pb\.(?:go|cc|h)|.*\.designer\.(?:cs|vb)|.*\.g(?:\.i)?\.cs|assemblyinfo\.cs"
)
_HEAD = 2000
_MADE = r"\bgenerated (?:by|from|using|with)\b"
_LEAVE = r"\b(?:do not|don't) (?:edit|modify|change)\b"
_NOTICE = re.compile(
    r"(?i)@(?:license|preserve|generated)\b|<auto-?generated|"
    rf"{_MADE}[^\n]{{0,200}}\n?[^\n]{{0,80}}{_LEAVE}|{_LEAVE}[^\n]{{0,80}}\n?[^\n]{{0,200}}{_MADE}"
)
_BANNER = re.compile(  # also of MySQL, before the number of a command, and of Doxygen
    r"\A\s*+/\*!(?!\d|[\s*]*+[@\\]\w)((?:[^*]++|\*(?!/))*+)"
)
_PUBLIC = re.compile(
    r"(?i)licen[sc]e|\b(?:MIT|[AL]?GPL(?:v?\d)?|BSD|MPL|ISC|WTFPL|CC0|Apache|public domain)\b|https?://|\bwww\."
    r"|\w\.(?:com|org|net|io|dev)\b"
)
"""What a notice that minifiers keep (`/*!`) says of a library: under which licence, or where it is to be had."""


def from_elsewhere(shared: Layers, besides: Sequence[str] = ()) -> set[str]:
    """The names of the shared programs that others made; folders count below what all that was shared lies in.

    What stands in a program that others made is theirs, too. A page that a tool made may show a program of the sender.

    Args:
        shared: The programs; what is in a file lies where the file does.
        besides: Names of more that was shared.
    """
    names = (*(unnumbered(shared.file_of(source.name)) for source in shared.sources), *besides)
    places = [re.split(r"[/\\:]", name) for name in names]
    common = sum(1 for _ in takewhile(_is_one, zip(*(place[:-1] for place in places), strict=False)))
    made = {
        source.name: source
        for source, place in zip(shared.sources, places, strict=False)
        if _is_from_elsewhere(source, place[common:])
    }
    programs = {name for name, source in made.items() if detect(name, decode(source.raw)).name not in PROSE}
    inside = {name for name, file in shared.holder.items() if file in programs}
    return inside.union(made)


def _is_one(words: Sequence[str]) -> bool:
    return len(set(words)) == 1


def _is_from_elsewhere(source: Source, place: Sequence[str]) -> bool:
    if not _FOLDERS.isdisjoint(place) or _NAMES.fullmatch(place[-1]):
        return True
    head = decode(source.raw[:_HEAD])
    banner = _BANNER.match(head)
    return _NOTICE.search(head) is not None or (banner is not None and _PUBLIC.search(banner[1]) is not None)


def hedged(one: Comparison, elsewhere: Collection[str]) -> Comparison:
    """The comparison without the answer *derived* if both may have the shared program from its maker."""
    if one.shared not in elsewhere or one.verdict is not Verdict.DERIVED:
        return one
    return one.withheld("elsewhere")
