"""Logs of other sites: of the right kind, and yet none of the product's requests is in them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from waspglass.evidence.artefact import Artefact, Record
from waspglass.evidence.formats.registry import is_line_format, line_format
from waspglass.examine.log_head import beginning, spread
from waspglass.examine.sites import site_of
from waspglass.packs.pack import ArtefactKind

__all__ = ["mute_folders"]

_LOGS = 50


def mute_folders(artefacts: Iterable[Artefact], kinds: Mapping[str, ArtefactKind]) -> dict[tuple[str, str], int]:
    """Folders whose logs have no record of the product, each with how many logs lie there; keys are kind and folder.

    A web server writes the logs of each site into a folder of its own. Those of a site that the campaign does not
    concern would not have shown an entry, whatever time they cover. The beginnings of some logs of a folder are enough:
    a server of the product is asked all day long.
    """
    groups: dict[tuple[str, str], list[Artefact]] = defaultdict(list)
    for artefact in artefacts:
        if kinds[artefact.kind].witness and is_line_format(artefact.format):
            groups[artefact.kind, site_of(artefact.file.path)].append(artefact)
    return {key: len(group) for key, group in groups.items() if not _speaks(group, kinds[key[0]])}


def _speaks(group: list[Artefact], kind: ArtefactKind) -> bool:
    wanted = {column: re.compile(regex) for column, regex in kind.witness.items()}
    return any(
        _fits(record, wanted, kind.requires)
        for artefact in spread(group, _LOGS)
        for _, record in beginning(artefact, line_format(artefact.format))
    )


def _fits(record: Record, wanted: Mapping[str, re.Pattern[str]], required: Collection[str]) -> bool:
    """Columns that not every log has may be absent; of others no value is none, as in FTP logs of mere connections."""
    present = {column: record[column] for column in wanted if column in record}
    lacking = any(column in required for column in wanted.keys() - present.keys())
    return bool(present) and not lacking and all(wanted[column].search(value) for column, value in present.items())
