"""Which program files are those of the installation that runs, where several folders hold the product.

A server keeps more than one copy of its programs: backups, files of an update that was only unpacked, a folder that was
left behind on another drive. The build of such a copy says nothing about the server.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.format import BuildProof, format_of
from waspglass.evidence.formats.registry import is_line_format
from waspglass.evidence.skip_log import shown_source
from waspglass.model.facts import BuildSighting, Certainty
from waspglass.packs.pack import ArtefactKind

__all__ = ["above_programs", "of_what_runs"]


def of_what_runs(
    sightings: Iterable[BuildSighting],
    artefacts: Collection[Artefact],
    kinds: Mapping[str, ArtefactKind],
    stated: str | None,
) -> tuple[BuildSighting, ...]:
    """The same sightings; program files that are copies, or of an installation that does not run, only hint at a build.

    An installation runs if the product writes logs or serves pages below it. Where this tells nothing, or tells it of
    several, it is the one whose build the user states; otherwise their files stand side by side.

    Args:
        sightings: Builds that the evidence shows.
        artefacts: What was recognised.
        kinds: By name; `earlier` marks those that hold copies.
        stated: The build that runs by the facts.
    """
    seen = tuple(sightings)
    programs = {
        shown_source(one.file.path): kinds[one.kind].earlier is not None
        for one in artefacts
        if format_of(one.format).build is BuildProof.RUNS
    }
    copies = {source for source, copied in programs.items() if copied}
    builds = {one.source: one.build for one in seen if one.source in programs and one.source not in copies}
    roots = _roots(builds)
    if len(tops := set(roots.values())) > 1:
        running = _in_use(tops, artefacts) or tops
        if len(running) > 1:
            running = running & {roots[source] for source, build in builds.items() if build == stated} or running
        copies |= {source for source, root in roots.items() if root not in running}
    return tuple(one.model_copy(update={"certainty": Certainty.HINT}) if one.source in copies else one for one in seen)


def _in_use(folders: Iterable[str], artefacts: Iterable[Artefact]) -> set[str]:
    lived = (one for one in artefacts if is_line_format(one.format) or one.format == "web_file")
    paths = [shown_source(one.file.path).lower() for one in lived]
    return {folder for folder in folders if any(path.startswith(folder) for path in paths)}


def above_programs(file: str) -> str:
    r"""The folder above that of a program file: `v15\` of `v15\bin\exsetup.exe`. A whole drive is none."""
    above = file.lower().rpartition("\\")[0].rpartition("\\")[0]
    return f"{above}\\" if "\\" in above else file.lower()


def _roots(files: Iterable[str]) -> dict[str, str]:
    """File -> the folder of its installation: the highest above it of those that the files tell."""
    folders = {file: above_programs(file) for file in files}
    tops = sorted(folders.values(), key=len)
    return {file: next(top for top in tops if folder.startswith(top)) for file, folder in folders.items()}
