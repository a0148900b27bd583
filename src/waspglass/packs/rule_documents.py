"""The rule files of a pack as documents with lines, for the checks; nothing here evaluates a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from waspglass.packs.folder import sample_fault
from waspglass.packs.located import node_line, nodes_of
from waspglass.packs.pack import RuleSource
from waspglass.packs.sigma_documents import sigma_texts

if TYPE_CHECKING:
    from waspglass.packs.sigma_source import ParsedCorrelation

__all__ = ["Samples", "SigmaDocument", "YaraDocument", "sigma_documents", "yara_documents"]


@dataclass(frozen=True, slots=True)
class Samples:
    """Paths of samples, relative to the pack: the rule must fire on the first and must not on the second."""

    fires: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    def faults(self, pack: Path) -> Iterator[tuple[str, str]]:
        """`fires` or `silent`, and what is wrong with it: a rule must name samples of both sorts that are there."""
        for sort, paths in (("fires", self.fires), ("silent", self.silent)):
            if not paths:
                yield sort, f"the rule names no sample in `{sort}`"
            yield from ((sort, fault) for path in paths if (fault := sample_fault(pack, path)))


@dataclass(frozen=True)
class SigmaDocument:
    """One YAML document of a Sigma file.

    Attributes:
        file: Path inside the pack.
        data: Its content.
        node: The same with lines, as far as it is written here.
        begins: The line on which it begins.
    """

    file: str
    data: Mapping[str, object]
    node: yaml.Node | None = field(repr=False)
    begins: int

    def line(self, *path: str | int) -> int:
        """The line of a key, or of its nearest parent."""
        return node_line(self.node, path) or self.begins

    def line_of(self, message: str) -> int:
        """The line of which a fault speaks that names no line: where what it quotes is written, or its key."""
        nodes = [node for node in nodes_of(self.node) if isinstance(node, yaml.ScalarNode)]
        for quoted in _QUOTED.findall(message):
            for fits in (str.__eq__, str.__contains__):
                found = next((node for node in nodes if fits(node.value, quoted)), None)
                if found is not None:
                    return int(found.start_mark.line) + 1
        key = next((path for word, path in _ABOUT if word in message), None)
        return self.begins if key is None else self.line(*key)

    @property
    def name(self) -> str:
        """What findings and correlations call the rule: its name, or else its id."""
        return str(self.data.get("name") or self.data.get("id") or "")

    @property
    def is_correlation(self) -> bool:
        """True for a correlation rule."""
        return "correlation" in self.data

    @property
    def is_filter(self) -> bool:
        """True for a filter, which adds to other rules."""
        return "filter" in self.data

    @cached_property
    def references(self) -> tuple[str, ...]:
        """Names and ids of the rules that a correlation joins; none if it is none, or not valid."""
        return () if self._correlation is None else self._correlation.references

    @property
    def generates(self) -> bool:
        """True for a correlation beside which the rules that it joins give findings of their own."""
        return self._correlation is not None and self._correlation.generates

    @cached_property
    def _correlation(self) -> ParsedCorrelation | None:
        from waspglass.packs.sigma_source import NOT_SIGMA, parsed_correlation

        if not self.is_correlation:
            return None
        try:
            return parsed_correlation(self.data)
        except NOT_SIGMA:
            return None  # told by the check that parses it

    @property
    def called(self) -> frozenset[str]:
        """By what a correlation may refer to the rule."""
        return frozenset(str(self.data[key]) for key in ("name", "id") if self.data.get(key))

    @property
    def block(self) -> Mapping[str, object] | None:
        """The `waspglass` block; None if there is none."""
        block = self.data.get("waspglass")
        return block if isinstance(block, dict) else None

    @cached_property
    def samples(self) -> Samples:
        """The samples that the block names."""
        named = (self.block or {}).get("samples")
        if not isinstance(named, dict):
            return Samples()
        return Samples(_strings(named.get("fires")), _strings(named.get("silent")))

    @cached_property
    def captures(self) -> Mapping[str, tuple[str, str | None]]:
        """Name -> field and regular expression."""
        found = (self.block or {}).get("capture")
        if not isinstance(found, dict):
            return {}
        return {
            str(name): (str(spec.get("field", "")), None if spec.get("regex") is None else str(spec["regex"]))
            for name, spec in found.items()
            if isinstance(spec, dict)
        }

    @cached_property
    def values(self) -> tuple[tuple[tuple[str, ...], str, object], ...]:
        """Each comparison of the detection: path of keys, field with modifiers, value."""
        detection = self.data.get("detection")
        return tuple(_comparisons(detection, ("detection",))) if isinstance(detection, dict) else ()


@dataclass(frozen=True, slots=True)
class YaraDocument:
    """One YARA rule: its name, line and `meta`."""

    file: str
    line: int
    name: str
    meta: Mapping[str, str]

    @property
    def samples(self) -> Samples:
        """The samples that `meta` names, separated by blanks."""
        return Samples(tuple(self.meta.get("fires", "").split()), tuple(self.meta.get("silent", "").split()))


_QUOTED = re.compile(r"'([^']{2,})'")
_ABOUT = (("identifier", ("id",)), ("Timespan", ("correlation", "timespan")), ("ondition", ("detection", "condition")))
"""Words of pySigma's complaints -> the key that they are about."""


def _strings(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _comparisons(part: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, object]]:
    if isinstance(part, list):
        for one in part:
            yield from _comparisons(one, path)
    elif isinstance(part, dict):
        for key, value in part.items():
            below = (*path, str(key))
            if len(path) == 1 and isinstance(value, dict | list):
                yield from _comparisons(value, below)
            elif len(path) > 1:
                yield below, str(key), value


def sigma_documents(source: RuleSource) -> tuple[tuple[SigmaDocument, ...], tuple[tuple[int, str], ...]]:
    """The documents of a Sigma file, and line and fault of those that cannot be read."""
    texts = list(sigma_texts(source.text))
    return (
        tuple(
            SigmaDocument(source.path, one.content, one.node, one.line)
            for one in texts
            if isinstance(one.content, dict)
        ),
        tuple((one.line, one.content) for one in texts if isinstance(one.content, str)),
    )


_YARA_RULE = re.compile(r"""(?:^|[}"/])[^\S\n]*((?:(?:private|global)\s+){0,2})rule\s+(\w+)""", re.MULTILINE)
"""At the beginning of a line, or behind another rule, an import or a comment."""


def yara_documents(source: RuleSource, rules: Mapping[str, Mapping[str, str]]) -> tuple[YaraDocument, ...]:
    """The rules of a YARA file that give findings, with their lines; private ones only help others.

    Args:
        source: The file.
        rules: Name and metadata of those that compile, see `yara_source`; others stand in comments, or are told.
    """
    return tuple(
        YaraDocument(source.path, source.text.count("\n", 0, found.start(2)) + 1, found[2], rules[found[2]])
        for found in _YARA_RULE.finditer(source.text)
        if found[2] in rules and "private" not in found[1]
    )
