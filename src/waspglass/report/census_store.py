"""What is in a census store, export by export, and what was taken out of it."""

from __future__ import annotations

import json

from waspglass.census.remove import Removed
from waspglass.census.store.manifest import Added, Manifest
from waspglass.model.document import format_instant
from waspglass.model.escape import printable
from waspglass.report.census_text import sightings

__all__ = ["exports_json", "exports_text", "removed_text"]


def exports_text(manifest: Manifest) -> str:
    """The exports in the order of their days, then those of which nothing was added."""
    if not manifest.added and not manifest.refused:
        return "the store is empty"
    lines = []
    for each in sorted(manifest.added, key=lambda each: (each.days, each.source, each.name)):
        skips = sum(skip.count for skip in each.skipped)
        lines.append(f"{each.id}  {_days(each)}  {each.source}  {sightings(each.records)}  {printable(each.name)}")
        if skips or each.partial:
            left_out = ", ".join(f"{skip.count} {skip.reason}" for skip in each.skipped)
            lines.append(f"  left out: {left_out}" + ("; only what stood before a break" if each.partial else ""))
    for note in manifest.refused:
        name = printable(note.name)
        lines.append(f"{'refused':12}  {name}: {printable(note.reason).removeprefix(f'{name}: ')}")
    return "\n".join(lines)


def _days(each: Added) -> str:
    return str(each.days[0]) if len(each.days) == 1 else f"{each.days[0]}..{each.days[-1]}"


def exports_json(manifest: Manifest) -> str:
    """The same for scripts."""
    exports = [
        {
            "id": each.id,
            "name": each.name,
            "source": each.source,
            "days": [str(day) for day in each.days],
            "sightings": each.records,
            "skipped": {skip.reason: skip.count for skip in each.skipped},
            "partial": each.partial is not None,
            "added": format_instant(each.added),
        }
        for each in manifest.added
    ]
    refused = [{"name": note.name, "reason": note.reason} for note in manifest.refused]
    listed = {"schema": "waspglass/census-exports/1", "exports": exports, "refused": refused}
    return json.dumps(listed, indent=1)  # ASCII: names may hold any character


def removed_text(removed: Removed) -> str:
    """What was taken out."""
    lines = [f"{printable(each.name)}: {sightings(each.records)} of {_days(each)} removed" for each in removed.added]
    lines += [f"{printable(note.name)}: the note that it was refused is removed" for note in removed.refused]
    return "\n".join(lines)
