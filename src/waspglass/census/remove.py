"""Takes exports out of a store: all that are named or none, and nothing of them stays behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from waspglass.census.store.folder import Folder
from waspglass.census.store.manifest import Added, Manifest, Refused
from waspglass.model.errors import UsageError
from waspglass.model.escape import printable

__all__ = ["Removed", "remove_exports"]

_ID = 8
"""Characters of a digest that name an export; fewer could be a word."""


@dataclass(frozen=True)
class Removed:
    """What was taken out: exports, and notes of exports of which nothing had been added."""

    added: tuple[Added, ...]
    refused: tuple[Refused, ...]


def remove_exports(folder: Folder, words: Sequence[str]) -> Removed:
    """Takes out the exports named: answers are then those of a store that never had them.

    The manifest is replaced in one step, which is the moment at which they are out. Their files, and all that was
    worked out from them, are removed after that; where this is interrupted, the next add or remove goes on with it.

    Args:
        folder: The store.
        words: Names as `census list` shows them, or the start of an export's id.

    Raises:
        UsageError: If a word names no export, or several.
        StoreError: If the store cannot be read or written, or is being written to.
    """
    before = folder.manifest()
    if not before.added and not before.refused:
        raise UsageError(f"the store {folder.location} is empty", hint="Name it with --store")
    hint = "What `census list` does not show any more is out; call remove again to delete the rest of its files"
    with folder.writing(hint) as manifest:
        found = {each for word in words for each in _named(manifest, word)}
        removed = Removed(
            tuple(each for each in manifest.added if each in found),
            tuple(each for each in manifest.refused if each in found),
        )
        left = manifest.model_copy(
            update={
                "added": tuple(each for each in manifest.added if each not in found),
                "refused": tuple(each for each in manifest.refused if each not in found),
            }
        )
        folder.put_manifest(left)
        folder.clean(left)
    return removed


def _named(manifest: Manifest, word: str) -> tuple[Added, ...] | tuple[Refused, ...]:
    """The one export that a word names, or the note of one that was refused."""
    digest = word.lower()
    by_id = [each for each in manifest.added if len(digest) >= _ID and each.digest.startswith(digest)]
    found = by_id or [each for each in manifest.added if word in (each.name, printable(each.name))]
    if len(found) == 1:
        return (found[0],)
    if found:
        several = ", ".join(f"{each.id} ({each.source}, {each.days[0]})" for each in found)
        raise UsageError(f"{len(found)} exports are called {word!r}", hint=f"Name one by its id: {several}")
    refused = tuple(each for each in manifest.refused if word in (each.name, printable(each.name)))
    if not refused:
        raise UsageError(f"no export {word!r} in the store", hint="`waspglass census list` shows names and ids")
    return refused
