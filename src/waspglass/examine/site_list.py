"""Which sites of the web server serve the product, and of which of them logs are missing.

The server's configuration lists its sites and the folders that they serve. Where it was not collected, a log of errors
may name more sites than there are logs of (`ArtefactKind.site`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from waspglass.evidence.artefact import Artefact, Place, Record, RecordReader
from waspglass.evidence.coverage import coverage
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.formats.registry import is_line_format
from waspglass.evidence.log_span import LogSpan
from waspglass.examine.sites import CENTRAL, site_number
from waspglass.examine.witnesses import witnessed
from waspglass.hunt.rules.paths import url_of_path
from waspglass.model.coverage import Coverage, Span
from waspglass.model.escape import printable
from waspglass.packs.pack import ArtefactKind, Pack, WebRoot

__all__ = ["SiteList", "site_gaps", "site_list"]

_CONFIGURATION = "\\applicationhost.config"
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_LONGEST_NAME = 100
_STEADY = timedelta(days=7)
"""A site that was used for so long with hardly a silence is expected to speak all the time."""
_STEADY_SILENCE = 0.25


@dataclass(frozen=True, slots=True)
class SiteList:
    """The sites that serve the product, as far as anything tells.

    Attributes:
        names: Number -> what the configuration calls it; empty if only a log of errors knows it.
        told: Whether the configuration lists them, so that there are no others.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    told: bool = False

    def shown(self, site: str) -> str:
        """The site as reports call it: its number and its name, or the folder of its logs."""
        name = printable(self.names.get(site, "")[:_LONGEST_NAME])
        return f"{site} ({name})" if name else site


def site_list(artefacts: Sequence[Artefact], pack: Pack, readers: Mapping[str, RecordReader]) -> SiteList:
    """The sites that serve a folder of the product, which are those with a URL in the pack's `web_roots`."""
    kinds = {kind.kind: kind for kind in pack.kinds}
    roots = tuple(root for root in pack.web_roots if root.url.strip("/"))
    found: dict[str, str] = {}
    whole = True
    for artefact in artefacts:
        if kinds[artefact.kind].snapshot and f"\\{artefact.file.path}".lower().endswith(_CONFIGURATION):
            try:
                found.update(_configured(readers[artefact.format].records(artefact), roots))
            except EvidenceReadError:  # The hunt reads the same file and has counted the skip.
                whole = False
    if found and whole:
        return SiteList(found, told=True)
    return SiteList(dict.fromkeys(sorted(_asked(artefacts, kinds)), "") | found)


def _configured(
    records: Iterable[tuple[Place, datetime | None, Record]], roots: tuple[WebRoot, ...]
) -> Iterator[tuple[str, str]]:
    for _, _, record in records:
        served = f"{record.get('physical_path', '')}\\x"
        if _NUMBER.fullmatch(record.get("site_id", "")) and url_of_path(served, roots) is not None:
            yield record["site_id"], record.get("site", "")


def _asked(artefacts: Iterable[Artefact], kinds: Mapping[str, ArtefactKind]) -> set[str]:
    """Numbers of the sites of which a log of errors has requests for the product."""
    groups: dict[str, list[Artefact]] = defaultdict(list)
    for artefact in artefacts:
        if kinds[artefact.kind].site is not None and is_line_format(artefact.format):
            groups[artefact.kind].append(artefact)
    return {
        record[column]
        for name, group in groups.items()
        if (column := kinds[name].site) is not None
        for record in witnessed(group, kinds[name], kinds[name].witness)
        if _NUMBER.fullmatch(record.get(column, ""))
    }


def site_gaps(
    covered: Coverage, kind: ArtefactKind, folders: Mapping[str, Sequence[LogSpan]], sites: SiteList
) -> dict[str, tuple[Span, ...]]:
    """Site -> stretches of what its kind covers for which its own logs do not speak.

    A site of the list without a log is missing all the time. One that was used steadily, and whose logs begin late or
    end early, is missing there: other sites do not speak for it. Silences in between are gaps already. Folders that do
    not name their site, such as an archive by months, may hold logs of the only site that there is, but not of two.

    Args:
        covered: What the logs of all sites cover together.
        kind: Their kind.
        folders: Folder of logs -> spans of its files, of folders that speak for the product and of sites of the list.
        sites: Those that serve the product.
    """
    if covered.from_ is None or covered.to is None or kind.gap_hours is None:
        return {}
    logged: dict[str | None, list[LogSpan]] = defaultdict(list)
    for folder, spans in folders.items():
        logged[site_number(folder)] += spans
    needed = set(sites.names) if sites.told else {*sites.names, *(site for site in logged if site is not None)}
    if CENTRAL in logged or (len(needed) < 2 and None in logged):
        return {}
    found: dict[str, tuple[Span, ...]] = {}
    for site in sorted(needed):
        if site not in logged:
            found[site] = (Span(from_=covered.from_, to=covered.to),)
            continue
        (own,) = coverage({kind.kind: logged[site]}, (kind,))
        if edges := _edges(own, covered, timedelta(hours=kind.gap_hours)):
            found[site] = edges
    return found


def _edges(own: Coverage, covered: Coverage, longest: timedelta) -> tuple[Span, ...]:
    if own.from_ is None or own.to is None or covered.from_ is None or covered.to is None:
        return ()
    whole = own.to - own.from_
    if whole < _STEADY or sum(gap.hours for gap in own.gaps) * 3600 > _STEADY_SILENCE * whole.total_seconds():
        return ()
    edges = ((covered.from_, own.from_), (own.to, covered.to))
    return tuple(Span(from_=start, to=end) for start, end in edges if end - start > longest)
