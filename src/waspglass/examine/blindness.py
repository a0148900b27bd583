"""Which skips make the hunt blind: files that lie where an entry would have been logged, and could not be read."""

from __future__ import annotations

from collections.abc import Iterable

from waspglass.evidence.globs import GlobIndex, comparable_forms, compile_globs
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import Pack

__all__ = ["blinding_skips"]

_BLINDING = frozenset(
    {
        SkipReason.UNREADABLE,
        SkipReason.DAMAGED,
        SkipReason.ENCRYPTED,
        SkipReason.COMPRESSION_BOMB,
        SkipReason.TOO_LARGE,
        SkipReason.NO_HEADER,
        SkipReason.LINE_TOO_LONG,
    }
)


def blinding_skips(skipped: Iterable[Skipped], pack: Pack) -> tuple[Skipped, ...]:
    """The skips of files, or of parts of them, that a kind able to show an entry would have claimed by its path."""
    entry = [kind for kind in pack.kinds if kind.entry]
    globs = [(n, one) for n, kind in enumerate(entry) for glob in kind.paths for one in compile_globs(glob)]
    index = GlobIndex(globs)
    return tuple(
        skip
        for skip in skipped
        if skip.reason in _BLINDING and any(index.owners(form) for form in comparable_forms(skip.source))
    )
