"""Logs of other sites: of the right kind, and yet none of the product's requests is in them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from waspglass.evidence.artefact import Artefact, Record
from waspglass.evidence.formats.registry import is_line_format, line_format
from waspglass.examine.log_head import beginning, spread
from waspglass.examine.sites import CENTRAL, site_number, site_of
from waspglass.packs.pack import ArtefactKind

__all__ = ["mute_folders", "witnessed"]

_LOGS = 50


def mute_folders(
    artefacts: Iterable[Artefact], kinds: Mapping[str, ArtefactKind], listed: Collection[str] = ()
) -> dict[tuple[str, str], int]:
    """Folders whose logs do not speak for the product, each with how many logs lie there; keys are kind and folder.

    A web server writes the logs of each site into a folder of its own. Those of a site that the campaign does not
    concern would not have shown an entry, whatever time they cover. The beginnings of some logs of a folder are enough:
    a server of the product is asked all day long. A site for administrators alone does not speak for the others, if
    there are others by the server's configuration, or if nothing tells; one log of all sites does.

    Args:
        artefacts: What was recognised.
        kinds: By name.
        listed: Numbers of the sites that serve the product by the server's configuration.
    """
    groups: dict[tuple[str, str], list[Artefact]] = defaultdict(list)
    for artefact in artefacts:
        kind = kinds[artefact.kind]
        if kind.entry and kind.witness and is_line_format(artefact.format):
            groups[artefact.kind, site_of(artefact.file.path)].append(artefact)
    silent, aside = set[tuple[str, str]](), set[tuple[str, str]]()
    for key, group in groups.items():
        kind = kinds[key[0]]
        if next(witnessed(group, kind, kind.witness), None) is None:
            silent.add(key)
        elif kind.aside and site_number(key[1]) != CENTRAL and next(witnessed(group, kind, kind.aside), None):
            aside.add(key)
    if listed and set(listed) <= {site_number(folder) for _, folder in aside}:
        aside.clear()
    return {key: len(group) for key, group in groups.items() if key in silent | aside}


def witnessed(group: list[Artefact], kind: ArtefactKind, witness: Mapping[str, str]) -> Iterator[Record]:
    """The records of the beginnings of some logs that fit what a witness says of their columns."""
    wanted = {column: re.compile(regex) for column, regex in witness.items()}
    for artefact in spread(group, _LOGS):
        for _, record in beginning(artefact, line_format(artefact.format)):
            if _fits(record, wanted, kind.requires):
                yield record


def _fits(record: Record, wanted: Mapping[str, re.Pattern[str]], required: Collection[str]) -> bool:
    """Columns that not every log has may be absent; of others no value is none, as in FTP logs of mere connections."""
    present = {column: record[column] for column in wanted if column in record}
    lacking = any(column in required for column in wanted.keys() - present.keys())
    return bool(present) and not lacking and all(wanted[column].search(value) for column, value in present.items())
