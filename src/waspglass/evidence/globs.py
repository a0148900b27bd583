r"""The path globs of a pack: `**/logfiles/{site}/u_ex*.log`.

A glob is compared with the whole Windows path, written with `/`, without its drive and without case. `*` and `?` stay
inside one component, `**/` stands for any number of folders, `{name}` is a `*` whose text is kept under that name, and
`{a,b}` is one of several words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from waspglass.evidence.file_names import OPENED, as_windows_means_it, unpacked_name
from waspglass.model.errors import PackError

__all__ = ["GlobIndex", "PathGlob", "comparable", "comparable_forms", "compile_globs"]

_TOKEN = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?|\{([a-z_][a-z0-9_]*)\}|([{}])|([^*?{}/]+)|(/)", re.IGNORECASE)
_WORDS = re.compile(r"\{([^{}]*,[^{}]*)\}")
_MOST_ALTERNATIVES = 500
_WILDCARDS = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True)
class PathGlob:
    """One glob.

    Attributes:
        text: As the pack spells it.
        expression: Of the regular expression that matches a whole comparable path.
        literal: The longest text that every matching path contains; a cheap test before the pattern.
        extension: What every matching path ends with from its last dot on; None if that is open.
        by_ending: Whether it asks for nothing but that extension.
    """

    text: str
    expression: str
    literal: str
    extension: str | None
    by_ending: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled for the first path that contains the literal: of a pack's globs most meet none."""
        return re.compile(self.expression, re.DOTALL)


def comparable(path: str) -> str:
    r"""A Windows path as globs see it: `/`, no drive (`C:\Windows\x` -> `Windows/x`); case is folded when matching."""
    folded = as_windows_means_it(path.replace("\\", "/"))
    return folded[3:] if folded[1:3] == ":/" else folded.removeprefix("/")


def comparable_forms(path: str) -> Iterator[str]:
    """The forms of a path that a glob may match.

    A log compressed by itself or rotated (`x.log.gz`, `x.log.1`) counts as `x.log`; a member of an archive counts as
    lying where the archive lies, and as lying in a folder named like the archive.
    """
    plain = comparable(path)
    unpacked = unpacked_name(plain)
    folders = unpacked.split("/")
    inside = [part for part in folders[:-1] if part.lower().endswith(OPENED)]
    if inside:
        yield "/".join([*(part for part in folders[:-1] if part not in inside), folders[-1]])
        yield "/".join(part.split(".", 1)[0] if part in inside else part for part in folders)
        return
    if unpacked != plain:
        yield unpacked
    yield plain


def compile_globs(text: str) -> tuple[PathGlob, ...]:
    """Compiles one glob; each word of a `{a,b}` makes a glob of its own, so that each has its literal and extension.

    Raises:
        PackError: If a brace is not closed, a name is used twice, or there are too many alternatives.
    """
    pending = [text.replace("\\", "/").lower().removeprefix("/")]
    plain: list[str] = []
    while pending:
        if len(pending) + len(plain) > _MOST_ALTERNATIVES:
            raise PackError(f"the glob {text!r} has more than {_MOST_ALTERNATIVES} alternatives")
        one = pending.pop(0)
        if words := _WORDS.search(one):
            pending.extend(one[: words.start()] + word.strip() + one[words.end() :] for word in words[1].split(","))
        else:
            plain.append(one)
    return tuple(_compiled(text, one) for one in plain)


def _compiled(text: str, folded: str) -> PathGlob:
    pattern, literals, names = "", [""], set[str]()
    for token in _TOKEN.finditer(folded):
        name, stray, plain, slash = token.groups()
        if stray:
            raise PackError(f"the glob {text!r} has a brace that means nothing", hint="Write {name} or {this,that}")
        if plain or slash:
            pattern += re.escape(token[0])
            literals[-1] += token[0]
            continue
        if name in names:
            raise PackError(f"the glob {text!r} cannot be used (the name {name} stands in it twice)")
        if name:
            names.add(name)
        pattern += f"(?P<{name}>[^/]+)" if name else _WILDCARDS[token[0]]
        literals.append("")
    tail = literals[-1].rpartition("/")[2]
    extension = tail[tail.rindex(".") :] if "." in tail else None
    return PathGlob(text, pattern, max(literals, key=len), extension, folded == f"**/*{extension}")


class GlobIndex:
    """Many globs, each with an owner, asked about many paths.

    Args:
        globs: Owner (an index of the caller's) and glob, in order of precedence.
    """

    def __init__(self, globs: Sequence[tuple[int, PathGlob]]) -> None:
        self._open = [(order, owner, glob) for order, (owner, glob) in enumerate(globs) if glob.extension is None]
        by_extension: dict[str, list[tuple[int, int, PathGlob]]] = {}
        for order, (owner, glob) in enumerate(globs):
            if glob.extension is not None:
                by_extension.setdefault(glob.extension, list(self._open)).append((order, owner, glob))
        self._by_extension = {
            extension: sorted(found, key=lambda item: item[0]) for extension, found in by_extension.items()
        }

    def owners(self, form: str) -> dict[int, Mapping[str, str]]:
        """The owners whose globs match a comparable path, in order, with the attributes of their first match."""
        path = form.lower()
        name_at = path.rfind("/") + 1
        dot = path.rfind(".", name_at)
        candidates = self._open if dot < 0 else self._by_extension.get(path[dot:], self._open)
        found: dict[int, Mapping[str, str]] = {}
        for _, owner, glob in candidates:
            if owner not in found and glob.literal in path and (match := glob.pattern.fullmatch(path)):
                found[owner] = _spelled(match, form)
        return found


def _spelled(match: re.Match[str], form: str) -> Mapping[str, str]:
    """The named parts as the evidence spells them; a few characters change length in lower case, then folded."""
    if len(match.string) != len(form):
        return match.groupdict()
    return {name: form[slice(*match.span(name))] for name in match.groupdict()}
