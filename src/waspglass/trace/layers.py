"""Files that take part in a trace, each followed by what is packed in it or stands in it, under names that differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from waspglass.trace.languages import PLAIN_TEXT, detect
from waspglass.trace.program import Source, decode, looks_binary
from waspglass.trace.unpack import unpack

__all__ = ["PROSE", "Layers", "layers_of"]

PROSE = frozenset({PLAIN_TEXT.name, "html", "markdown"})
"""Languages that are no program's."""


@dataclass(frozen=True)
class Layers:
    """Files and their layers.

    Attributes:
        sources: Each file, followed by what was unpacked from it.
        remarks: By the name of a file, what limits its unpacking.
        holder: By the name of a layer, the name of the file that it is in.
    """

    sources: tuple[Source, ...]
    remarks: Mapping[str, tuple[str, ...]]
    holder: Mapping[str, str]

    @cached_property
    def nested(self) -> frozenset[str]:
        """Names of what holds others or is held by one."""
        return frozenset((*self.holder, *self.holder.values()))

    @cached_property
    def by_name(self) -> dict[str, Source]:
        """The sources."""
        return {source.name: source for source in self.sources}

    def file_of(self, name: str) -> str:
        """The name of the file that a layer is in; of a file, its own."""
        return self.holder.get(name, name)


def layers_of(files: Sequence[Source], taken: Collection[Source] = (), *, programs: bool = False) -> Layers:
    """The files, each once, and their layers.

    Args:
        files: Also several of one name.
        taken: Their names stand for other contents; the same source keeps its name.
        programs: Of the layers only those that look like programs. For what was shared: a picture or a message that is
            packed in it is nobody's work, and the same in many files.
    """
    known, names = frozenset(taken), {source.name for source in taken}
    sources: list[Source] = []
    remarks: dict[str, tuple[str, ...]] = {}
    holder: dict[str, str] = {}
    for file in (source if source in known else _named(source, names) for source in dict.fromkeys(files)):
        unpacked = unpack(file)
        sources.append(file)
        for layer in unpacked.layers:
            if not programs or _is_program(layer):
                sources.append(layer if layer in known else _named(layer, names))
                holder[sources[-1].name] = file.name
        if unpacked.limits:
            remarks[file.name] = unpacked.limits
    return Layers(tuple(sources), remarks, holder)


def _named(source: Source, names: set[str]) -> Source:
    """The source by a name that can be written, with a number if it is among the names, to which it is added."""
    written = source.name.encode("utf-8", "backslashreplace").decode()
    name, number = written, 1
    while name in names:
        number += 1
        name = f"{written} ({number})"
    names.add(name)
    return source if name == source.name else replace(source, name=name)


def _is_program(layer: Source) -> bool:
    return not looks_binary(layer.raw) and detect("", decode(layer.raw)).name not in PROSE
